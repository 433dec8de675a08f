/**
 * The registry: what model folders there are, and why one cannot be used. A folder that has a `model.yaml` is a model;
 * nothing in it is run here. Folders are looked at again on every reconciliation; one whose files did not change costs a
 * few stats. Weights are hashed as a stream, once for each content.
 */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, readdir, realpath, stat } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import type { DiscoveredModel } from "@vas/contracts/http.ts";
import { MAX_MODEL_YAML_BYTES, type ModelYaml, parseModelYaml, skeletonOf } from "@vas/contracts/model.ts";
import { namesFromMetadata, onnxMetadata } from "@vas/contracts/onnx-metadata.ts";
import { gpuNotice, hasGpu } from "./gpu.ts";
import { schemaProblem } from "./parameters.ts";

const MAX_CLASS_NAMES_BYTES = 2 * 1024 * 1024;
const MAX_CLASS_NAMES = 10_000;
const MAX_CLASS_NAME_CHARS = 128;
const MAX_MODELS = 1000;
const YAML = "model.yaml";
const HASH_CHUNK_BYTES = 256 * 1024;

type Reason = NonNullable<DiscoveredModel["reason"]>;
/** One folder as it was last read; `stamp` says from which files. */
type Known = { stamp: string; files: string[]; model: DiscoveredModel };

export class Registry {
  readonly #dirs: readonly string[];
  readonly #devDir: string;
  #isGpuThere = false;
  readonly #known = new Map<string, Known>();
  #models: DiscoveredModel[] = [];
  #unreadable = new Map<string, string>();

  /**
   * @param dirs folders that hold model folders, in the order of precedence
   * @param devDir where the machine's devices are
   */
  constructor(dirs: readonly string[], devDir = "/dev") {
    this.#dirs = dirs;
    this.#devDir = devDir;
  }

  /** Every model of the last scan, in a stable order, each id once. */
  get models(): readonly DiscoveredModel[] {
    return this.#models;
  }

  /** Folders of models that could not be listed in the last scan, with the reason. */
  get unreadable(): ReadonlyMap<string, string> {
    return this.#unreadable;
  }

  /** Looks at every folder again. @returns whether the models differ from the last scan's */
  async scan(): Promise<boolean> {
    const folders: string[] = [];
    this.#unreadable = new Map();
    const isGpuThere = await hasGpu(this.#devDir);
    if (isGpuThere !== this.#isGpuThere) this.#known.clear();
    this.#isGpuThere = isGpuThere;
    for (const dir of this.#dirs) {
      try {
        for (const name of (await readdir(dir)).sort()) folders.push(join(dir, name));
      } catch (thrown) {
        this.#unreadable.set(dir, (thrown as NodeJS.ErrnoException).code ?? String(thrown));
      }
    }
    const present = new Set<string>();
    const found: { folder: string; model: DiscoveredModel }[] = [];
    for (const folder of folders) {
      if (found.length >= MAX_MODELS) break;
      const known = await this.#look(folder);
      if (known === null) continue;
      present.add(folder);
      found.push({ folder, model: known });
    }
    for (const folder of this.#known.keys()) if (!present.has(folder)) this.#known.delete(folder);
    const models = withUniqueIds(found);
    const isChanged = JSON.stringify(models) !== JSON.stringify(this.#models);
    this.#models = models;
    return isChanged;
  }

  /** @returns null where the folder holds no model.yaml */
  async #look(folder: string): Promise<DiscoveredModel | null> {
    const yamlPath = join(folder, YAML);
    if ((await stamp([yamlPath])) === `${yamlPath}:absent`) return null;
    const before = this.#known.get(folder);
    if (before !== undefined && before.stamp === (await stamp(before.files))) return before.model;
    const files = [yamlPath];
    // The stamp is taken before the reading: a file that changes meanwhile is read again next time.
    const yamlStamp = await stamp(files);
    const { model, others } = await readFolder(folder, this.#isGpuThere);
    files.push(...others.map((other) => other.path));
    this.#known.set(folder, { stamp: [yamlStamp, ...others.map((o) => o.stamp)].join("\n"), files, model });
    return model;
  }
}

/** A file a model.yaml names, and its stamp before it was read. */
type OtherFile = { path: string; stamp: string };

async function readFolder(
  folder: string,
  isGpuThere: boolean,
): Promise<{ model: DiscoveredModel; others: OtherFile[] }> {
  const others: OtherFile[] = [];
  const name = basename(folder).slice(0, 256);
  let text: string;
  try {
    const real = await insideFolder(folder, YAML);
    text = (await readBounded(real, MAX_MODEL_YAML_BYTES + 1)).toString("utf8");
  } catch (thrown) {
    const reason = { line: 1, message: `model.yaml: ${problemOf(thrown)}`, remedy: "make it a readable file" };
    return { model: invalid(idFromName(name), name, reason), others };
  }
  const parsed = parseModelYaml(text);
  if ("error" in parsed) return { model: invalid(idFromText(text) ?? idFromName(name), name, parsed.error), others };
  const yaml = parsed.model;
  const fail = (key: string, message: string, remedy: string) => ({
    model: { ...describe(yaml, name, isGpuThere), ...invalidity({ line: lineOf(text, key), message, remedy }) },
    others,
  });

  let hash: string | null = null;
  for (const key of ["model_weights", "entry"] as const) {
    const file = yaml[key];
    if (file === undefined) continue;
    const path = join(folder, file);
    others.push({ path, stamp: await stamp([path]) });
    try {
      const real = await insideFolder(folder, file);
      // The weights are what a model is; where there are none, its code is.
      hash ??= await sha256(real);
    } catch (thrown) {
      return fail(
        key,
        `${key} "${file}": ${problemOf(thrown)}`,
        "put the file into the folder, not a link to elsewhere",
      );
    }
  }
  let classNames = yaml.output_schema?.class_names ?? [];
  const namesFile = yaml.output_schema?.class_names_file;
  if (namesFile !== undefined) {
    const path = join(folder, namesFile);
    others.push({ path, stamp: await stamp([path]) });
    try {
      const lines = (await readBounded(await insideFolder(folder, namesFile), MAX_CLASS_NAMES_BYTES)).toString("utf8");
      classNames = lines.split(/\r?\n/).map((line) => line.trim());
      while (classNames.at(-1) === "") classNames.pop();
    } catch (thrown) {
      return fail("class_names_file", `class_names_file "${namesFile}": ${problemOf(thrown)}`, "write one name a line");
    }
    const bad = classNames.findIndex((line) => line === "" || line.length > MAX_CLASS_NAME_CHARS);
    if (bad >= 0 || classNames.length === 0 || classNames.length > MAX_CLASS_NAMES)
      return fail(
        "class_names_file",
        bad >= 0 ? `line ${bad + 1} of ${namesFile} is empty or too long` : `${classNames.length} class names`,
        `write 1 to ${MAX_CLASS_NAMES} names, one a line, of 1 to ${MAX_CLASS_NAME_CHARS} characters`,
      );
  }
  if (classNames.length === 0 && yaml.model_type === "onnx" && yaml.model_weights !== undefined)
    classNames = await namesInNetwork(await insideFolder(folder, yaml.model_weights));
  const classes = yaml.output_schema?.classes;
  if (classes !== undefined && classNames.length > 0 && classes !== classNames.length)
    return fail(
      "classes",
      `classes and class names differ [classes:${classes}, names:${classNames.length}]`,
      "name every class, or leave classes out",
    );
  const { config_schema } = yaml;
  const unusable = config_schema === undefined ? null : schemaProblem(config_schema);
  if (unusable !== null)
    return fail("config_schema", `config_schema cannot be used: ${unusable}`, "make it a valid JSON Schema");
  return { model: { ...describe(yaml, name, isGpuThere), class_names: classNames, weights_sha256: hash }, others };
}

/** As the runtime names the classes where model.yaml does not; a file that is no network names none, and its runtime says why. */
async function namesInNetwork(path: string): Promise<string[]> {
  await using file = await openFile(path);
  const { size } = await file.stat();
  const metadata = await onnxMetadata(size, async (offset, length) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  });
  return namesFromMetadata(metadata?.get("names"));
}

function describe(yaml: ModelYaml, folder: string, isGpuThere: boolean): DiscoveredModel {
  return {
    model_id: yaml.model_id,
    folder,
    valid: true,
    reason: null,
    name: yaml.display_name ?? yaml.model_name,
    version: yaml.model_version,
    type: yaml.model_type,
    description: yaml.description ?? null,
    author: yaml.author ?? null,
    license: yaml.license ?? null,
    supported_tasks: yaml.supported_tasks ?? [],
    class_names: [],
    expected_resolution: yaml.expected_resolution ?? null,
    output_type: yaml.output_schema?.type ?? null,
    weights_sha256: null,
    config_schema: yaml.config_schema ?? null,
    notice: gpuNotice(yaml.resource_requirements, isGpuThere),
    reply_timeout_ms: yaml.runtime?.reply_timeout_ms ?? null,
    max_in_flight: yaml.runtime?.max_in_flight ?? null,
    keypoint_names: yaml.output_schema?.keypoint_names ?? null,
    skeleton: skeletonOf(yaml.output_schema),
  };
}

function invalidity(reason: Reason): Pick<DiscoveredModel, "valid" | "reason"> {
  return { valid: false, reason };
}

function invalid(modelId: string, folder: string, reason: Reason): DiscoveredModel {
  return {
    model_id: modelId,
    folder,
    ...invalidity(reason),
    name: null,
    version: null,
    type: null,
    description: null,
    author: null,
    license: null,
    supported_tasks: [],
    class_names: [],
    expected_resolution: null,
    output_type: null,
    weights_sha256: null,
    config_schema: null,
  };
}

/** The first valid folder keeps an id; a later one with the same id is invalid and listed under another. */
function withUniqueIds(found: readonly { folder: string; model: DiscoveredModel }[]): DiscoveredModel[] {
  const owners = new Map<string, string>();
  for (const { folder, model } of found)
    if (model.valid && !owners.has(model.model_id)) owners.set(model.model_id, folder);
  for (const { folder, model } of found) if (!owners.has(model.model_id)) owners.set(model.model_id, folder);
  const used = new Set(owners.keys());
  return found.map(({ folder, model }) => {
    const owner = owners.get(model.model_id);
    if (owner === folder) return model;
    let modelId = idFromName(basename(folder));
    for (let n = 2; used.has(modelId); n++) modelId = `${idFromName(basename(folder)).slice(0, 120)}-${n}`;
    used.add(modelId);
    if (!model.valid) return { ...model, model_id: modelId };
    const message = `model_id ${model.model_id} is already that of ${owner}`;
    return { ...model, ...invalidity({ line: 1, message, remedy: "give it another model_id" }), model_id: modelId };
  });
}

/** A folder's name as a model id. */
export function idFromName(name: string): string {
  const id = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, 128);
  return id || "model";
}

/** The id that a file with other mistakes still says plainly. */
function idFromText(text: string): string | null {
  return /^model_id:[ \t]*["']?([a-z0-9][a-z0-9._-]{0,127})["']?[ \t]*(?:#.*)?$/m.exec(text)?.[1] ?? null;
}

function lineOf(text: string, key: string): number {
  const at = text.split("\n").findIndex((line) => line.trimStart().startsWith(`${key}:`));
  return at < 0 ? 1 : at + 1;
}

async function insideFolder(folder: string, file: string): Promise<string> {
  const real = await realpath(join(folder, file));
  if (!real.startsWith((await realpath(folder)) + sep)) throw new Error("it is a link that leaves the folder");
  return real;
}

/** O_NONBLOCK: a FIFO in the file's place must not hold up the scan. */
async function openFile(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const stats = await file.stat();
  if (stats.isFile()) return file;
  await file.close();
  throw new Error("it is not a file");
}

async function readBounded(path: string, maxBytes: number): Promise<Buffer> {
  await using file = await openFile(path);
  const buffer = Buffer.alloc(maxBytes);
  let length = 0;
  while (length < maxBytes) {
    const { bytesRead } = await file.read(buffer, length, maxBytes - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

async function sha256(path: string): Promise<string> {
  await using file = await openFile(path);
  const hash = createHash("sha256");
  const chunk = Buffer.alloc(HASH_CHUNK_BYTES);
  for (;;) {
    const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
    if (bytesRead === 0) return hash.digest("hex");
    hash.update(chunk.subarray(0, bytesRead));
  }
}

async function stamp(paths: readonly string[]): Promise<string> {
  const parts = await Promise.all(
    paths.map(async (path) => {
      try {
        const stats = await stat(path, { bigint: true });
        return `${path}:${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
      } catch (thrown) {
        const { code } = thrown as NodeJS.ErrnoException;
        return `${path}:${code === "ENOENT" || code === "ENOTDIR" ? "absent" : (code ?? "unreadable")}`;
      }
    }),
  );
  return parts.join("\n");
}

function problemOf(thrown: unknown): string {
  const { code, message } = thrown as NodeJS.ErrnoException;
  if (code === "ENOENT") return "there is no such file";
  if (code === "ELOOP") return "its links lead nowhere";
  return code ?? message;
}
