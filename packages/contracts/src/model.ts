/**
 * model.yaml: the only thing a model author must write.
 *
 * Parsing here is text to value; what needs the file system (weights inside the folder, their hash, duplicate ids)
 * is the registry's (apps/ruth-core) and the runtime's (packages/runtime-sdk) work.
 */
import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";
import { isAlias, LineCounter, parseDocument, visit } from "yaml";
import { ModelId } from "./schema.ts";

export const MAX_MODEL_YAML_BYTES = 64 * 1024;

const closed = { additionalProperties: false };
const Text = Type.String({ minLength: 1, maxLength: 256 });
const Fraction = Type.Number({ minimum: 0, maximum: 1 });
/** As many as a detection may carry. */
const MAX_KEYPOINTS = 256;
const MAX_BONES = 512;
const Keypoint = Type.Union([
  Type.Integer({ minimum: 0, maximum: MAX_KEYPOINTS - 1 }),
  Type.String({ minLength: 1, maxLength: 64 }),
]);
const Channels = Type.Tuple([Type.Number(), Type.Number(), Type.Number()]);

export const ModelYaml = Type.Object(
  {
    model_id: ModelId,
    model_name: Text,
    model_version: Text,
    model_type: Type.Union([Type.Literal("onnx"), Type.Literal("module")]),
    /** `onnx`: the weights, a path inside the folder. */
    model_weights: Type.Optional(Text),
    /** `module`: the TypeScript or Python (.py) file with `handler`; `onnx`: one that exports `decode`, for an output no family describes. */
    entry: Type.Optional(Text),
    supported_tasks: Type.Optional(Type.Array(Text, { maxItems: 16 })),
    input_format: Type.Optional(Type.Literal("NV12")),
    /** width, height in pixels of the model's input. */
    expected_resolution: Type.Optional(
      Type.Tuple([Type.Integer({ minimum: 1, maximum: 8192 }), Type.Integer({ minimum: 1, maximum: 8192 })]),
    ),
    resource_requirements: Type.Optional(
      Type.Object(
        {
          gpu_required: Type.Optional(Type.Boolean()),
          gpu_memory_mb: Type.Optional(Type.Integer({ minimum: 0 })),
          cpu_fallback_allowed: Type.Optional(Type.Boolean()),
        },
        closed,
      ),
    ),
    /** What Ruth Core grants the runtime. */
    runtime: Type.Optional(
      Type.Object(
        {
          /** Milliseconds a reply may take before it counts as a timeout. */
          reply_timeout_ms: Type.Optional(Type.Integer({ minimum: 10, maximum: 600_000 })),
          /** Requests that may be with the runtime at once, over all cameras. */
          max_in_flight: Type.Optional(Type.Integer({ minimum: 1, maximum: 256 })),
        },
        closed,
      ),
    ),
    confidence_threshold: Type.Optional(Fraction),
    nms_iou_threshold: Type.Optional(Fraction),
    preprocess: Type.Optional(
      Type.Object(
        {
          layout: Type.Optional(Type.Union([Type.Literal("nchw"), Type.Literal("nhwc")])),
          dtype: Type.Optional(Type.Union([Type.Literal("float32"), Type.Literal("float16"), Type.Literal("uint8")])),
          color: Type.Optional(Type.Union([Type.Literal("rgb"), Type.Literal("bgr")])),
          letterbox: Type.Optional(Type.Boolean()),
          /** Each channel becomes (value * scale - mean) / std; `scale` is 1/255 where it is absent. */
          scale: Type.Optional(Type.Number()),
          mean: Type.Optional(Channels),
          std: Type.Optional(Channels),
        },
        closed,
      ),
    ),
    output_schema: Type.Optional(
      Type.Object(
        {
          type: Type.Optional(Text),
          format: Type.Optional(Text),
          classes: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
          class_names: Type.Optional(
            Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { minItems: 1, maxItems: 10_000 }),
          ),
          class_names_file: Type.Optional(Text),
          /** Of a model with key points, in the order of its answer. */
          keypoint_names: Type.Optional(
            Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { minItems: 1, maxItems: MAX_KEYPOINTS }),
          ),
          /** Which key points are joined by a line: pairs of names of keypoint_names, or of places from 0 on. */
          skeleton: Type.Optional(Type.Array(Type.Tuple([Keypoint, Keypoint]), { maxItems: MAX_BONES })),
        },
        closed,
      ),
    ),
    /** JSON Schema of an assignment's `parameters`. */
    config_schema: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    display_name: Type.Optional(Text),
    description: Type.Optional(Type.String({ maxLength: 4096 })),
    author: Type.Optional(Text),
    license: Type.Optional(Text),
    license_file: Type.Optional(Text),
  },
  closed,
);
export type ModelYaml = Static<typeof ModelYaml>;

/** Why a model.yaml was refused: the line it happened on (from 1), what is wrong and what to do about it. */
export type ModelYamlError = { line: number; message: string; remedy: string };

const compiled = Compile(ModelYaml);
const KNOWN_KEYS = Object.keys(ModelYaml.properties);

/**
 * Parses and checks one model.yaml.
 *
 * @param text the file's content
 * @returns the model, or the first error with its line and remedy
 */
export function parseModelYaml(text: string): { model: ModelYaml } | { error: ModelYamlError } {
  const fail = (line: number, message: string, remedy: string) => ({ error: { line, message, remedy } });
  if (Buffer.byteLength(text) > MAX_MODEL_YAML_BYTES)
    return fail(1, `the file is larger than ${MAX_MODEL_YAML_BYTES} bytes`, "move class names into a class_names_file");
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, schema: "core", uniqueKeys: true, customTags: [] });
  const lineAt = (offset: number | undefined) => (offset === undefined ? 1 : lines.linePos(offset).line);
  const syntax = document.errors[0] ?? document.warnings[0];
  if (syntax)
    return fail(
      lineAt(syntax.pos[0]),
      (syntax.message.split("\n")[0] ?? "").replace(/:$/, ""),
      "correct the YAML on this line",
    );
  let forbidden: { line: number; what: string } | undefined;
  visit(document, {
    Node(_key, node) {
      if (isAlias(node)) forbidden ??= { line: lineAt(node.range?.[0]), what: "an alias" };
      else if (node.anchor) forbidden ??= { line: lineAt(node.range?.[0]), what: "an anchor" };
      else if (node.tag) forbidden ??= { line: lineAt(node.range?.[0]), what: "a tag" };
    },
  });
  if (forbidden)
    return fail(forbidden.line, `${forbidden.what} is not allowed`, "write the value out where it is used");
  const value: unknown = document.toJS();
  const lineOf = (pointer: string): number => {
    const path = pointer
      .split("/")
      .slice(1)
      .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
    for (let length = path.length; length > 0; length--) {
      const node = document.getIn(path.slice(0, length), true) as { range?: [number, number, number] } | undefined;
      if (node?.range) return lineAt(node.range[0]);
    }
    return 1;
  };
  if (!compiled.Check(value)) {
    const errors = compiled.Errors(value);
    const unknown = errors.find((e) => e.keyword === "additionalProperties");
    const first = unknown ?? errors[0];
    if (first === undefined) return fail(1, "the file is not valid", "compare it with docs/ref/model-yaml.md");
    if (first.keyword === "additionalProperties") {
      const names = (first.params as { additionalProperties?: string[] }).additionalProperties ?? [];
      const key = names[0] ?? "";
      return fail(lineOf(`${first.instancePath}/${key}`), `unknown key "${key}"`, nearestKey(key));
    }
    if (first.keyword === "required") {
      const names = (first.params as { requiredProperties?: string[] }).requiredProperties ?? [];
      return fail(
        lineOf(first.instancePath),
        `missing ${names.join(", ")}`,
        `add ${names.map((n) => `${n}:`).join(" and ")}`,
      );
    }
    const field = first.instancePath.slice(1).replaceAll("/", ".") || "the file";
    return fail(
      lineOf(first.instancePath),
      `${field} ${first.message}`,
      "correct the value; docs/ref/model-yaml.md lists the rules",
    );
  }
  const model: ModelYaml = value;
  if (model.model_type === "onnx" && !model.model_weights)
    return fail(
      lineOf("/model_type"),
      "model_type onnx needs model_weights",
      "add model_weights: the .onnx file in this folder",
    );
  if (model.model_type === "module" && !model.entry)
    return fail(
      lineOf("/model_type"),
      "model_type module needs entry",
      "add entry: the TypeScript or Python file with handler",
    );
  for (const path of [model.model_weights, model.entry, model.output_schema?.class_names_file, model.license_file])
    if (path !== undefined && !isInsideFolder(path))
      return fail(
        1,
        `the path "${path}" leaves the model's folder`,
        "put the file into the folder and name it relatively",
      );
  const stray = strayBone(model.output_schema);
  if (stray)
    return fail(
      lineOf(`/output_schema/skeleton/${stray.bone}`),
      `the skeleton names the key point ${JSON.stringify(stray.keypoint)}, which does not exist`,
      model.output_schema?.keypoint_names
        ? `keypoint_names has ${model.output_schema.keypoint_names.length}, counted from 0`
        : "list keypoint_names, or write places from 0 on",
    );
  return { model };
}

type OutputSchema = ModelYaml["output_schema"];

function strayBone(schema: OutputSchema): { bone: number; keypoint: number | string } | undefined {
  const names = schema?.keypoint_names;
  for (const [bone, ends] of (schema?.skeleton ?? []).entries())
    for (const keypoint of ends) {
      const exists = typeof keypoint === "string" ? names?.includes(keypoint) : !names || keypoint < names.length;
      if (!exists) return { bone, keypoint };
    }
  return undefined;
}

/** Pairs of places from 0 on; null where the model declares no skeleton. An empty one means: points without lines. */
export function skeletonOf(schema: OutputSchema): [number, number][] | null {
  if (!schema?.skeleton) return null;
  const place = (keypoint: number | string): number =>
    typeof keypoint === "number" ? keypoint : (schema.keypoint_names ?? []).indexOf(keypoint);
  return schema.skeleton.map(([from, to]) => [place(from), place(to)]);
}

/** True where a path is relative and has no step upwards. Symbolic links are the reader's to refuse. */
export function isInsideFolder(path: string): boolean {
  return !path.startsWith("/") && !path.includes("\\") && !path.includes("\0") && !path.split("/").includes("..");
}

function nearestKey(key: string): string {
  const near = KNOWN_KEYS.find((known) => known.replaceAll("_", "") === key.toLowerCase().replaceAll(/[-_]/g, ""));
  return near ? `write ${near}` : `remove it; the known keys are ${KNOWN_KEYS.join(", ")}`;
}
