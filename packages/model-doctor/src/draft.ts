/** A folder of files that are no model yet: what its network is, the model.yaml that follows, and whether it finds anything. */
import { createHash } from "node:crypto";
import { createReadStream, readdirSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type {
  DoctorQuestion,
  ModelDraftSettings,
  ModelExamination,
  ModelProblem,
} from "@vas/contracts/model-drafts.ts";
import type { LoadedModel } from "@vas/runtime-sdk/model-folder.ts";
import { FAMILIES } from "../../../runtimes/onnx/families/families.ts";
import { checkFolder, type Checked, type Folder } from "./check.ts";
import { COCO_NAMES } from "./coco.ts";
import { examineNetwork, idFromFile } from "./examine.ts";
import { folderOnDisk } from "./model-files.ts";
import { writeModelYaml } from "./model-yaml.ts";
import { readPicture } from "./picture.ts";
import { describeShape, type Finding } from "./recognise.ts";
import { tryModel } from "./try.ts";
import type { OnnxGraph } from "../../../runtimes/onnx/graph.ts";

const YAML = "model.yaml";
/** Where a family's own authors put it; 0.25 for the others. */
const CONFIDENCE: Record<string, number> = {
  fastestdet: 0.6,
  classification: 0.5,
  ssd: 0.5,
  "ssd-pixels": 0.5,
  detr: 0.7,
};
const IOU = 0.45;

/** What is wrong so early that there is nothing to explain. */
export class Hopeless extends Error {
  readonly problem: ModelProblem;

  constructor(where: string, message: string, remedy: string) {
    super(message);
    this.problem = { severity: "error", where, message, remedy };
  }
}

type Draft = { examination: ModelExamination; checked: Checked; folder: Folder };

/** @throws Hopeless, or an error of node:fs or onnxruntime */
export async function examineDraft(path: string, settings: ModelDraftSettings): Promise<ModelExamination> {
  return (await look(path, settings)).examination;
}

/**
 * Runs the draft once on a picture.
 *
 * @throws Hopeless where it cannot be run, with the first reason
 */
export async function tryDraft({ folder: path, settings, picture }: DoctorQuestion) {
  const { examination, checked } = await look(path, settings);
  const wrong = examination.problems.find(({ severity }) => severity === "error");
  if (wrong !== undefined) throw new Hopeless(wrong.where, wrong.message, wrong.remedy);
  const { model, classNames } = checked;
  if (model === null || picture === undefined) throw new Hopeless(YAML, "there is no model to try", "correct it first");
  const loaded: LoadedModel = {
    folder: path,
    yaml: model,
    weightsPath: model.model_weights === undefined ? undefined : join(path, model.model_weights),
    entryPath: undefined,
    classNames,
  };
  const nv12 = await readPicture(picture).catch((error: Error) => {
    throw new Hopeless("the camera's picture", error.message, "try again, or another camera");
  });
  try {
    const { detections, tookMs } = await tryModel(loaded, nv12, {});
    return { detections, took_ms: tookMs, width: nv12.width, height: nv12.height };
  } catch (thrown) {
    const remedy = "correct model.yaml to fit the network, or export the network again";
    throw new Hopeless(model.model_weights ?? YAML, `it could not be run: ${(thrown as Error).message}`, remedy);
  }
}

async function look(path: string, settings: ModelDraftSettings): Promise<Draft> {
  const names = readdirSync(path).filter((name) => !name.startsWith("."));
  const disk = folderOnDisk(path);
  const author = names.includes(YAML) ? disk.yaml : undefined;
  return author === undefined ? ofDoctor(path, names, disk, settings) : ofAuthor(path, disk, author);
}

async function ofAuthor(path: string, disk: Folder, yaml: Folder["yaml"]): Promise<Draft> {
  const checked = checkFolder(disk);
  const { model } = checked;
  if (model !== null && (model.model_type !== "onnx" || model.entry !== undefined))
    throw new Hopeless(
      YAML,
      model.model_type === "onnx"
        ? "it names an entry, which is a program"
        : "model_type is module, which is a program",
      "put folders with code into the models folder by hand: programs are not taken from the web",
    );
  const weights = model?.model_weights;
  const found =
    weights === undefined || disk.file(weights).kind !== "file" ? undefined : await networkOf(path, weights, {});
  const examination = describe(found, {
    problems: problemsOf(checked),
    settings: {},
    model_yaml: typeof yaml === "string" ? yaml : null,
    model_yaml_by: "author",
    ...(model?.output_schema?.format === undefined ? {} : { format: model.output_schema.format }),
  });
  return { examination, checked, folder: disk };
}

async function ofDoctor(path: string, names: string[], disk: Folder, settings: ModelDraftSettings): Promise<Draft> {
  const networks = names.filter((name) => extname(name) === ".onnx");
  const [weights] = networks;
  if (weights === undefined || networks.length > 1)
    throw new Hopeless(
      networks.join(", ") || "the files",
      weights === undefined
        ? "there is no .onnx file and no model.yaml"
        : "there are several .onnx files and no model.yaml",
      "choose one network, with the files that it needs",
    );
  const network = await networkOf(path, weights, settings);
  const { finding } = network;
  if (finding.classNames.length === 0 && finding.classes === COCO_NAMES.length && settings.class_names === undefined) {
    finding.classNames = [...COCO_NAMES];
    finding.assumed.push("the 80 classes are COCO's, in its order: the network does not name them");
  }
  if (settings.class_names !== undefined && settings.class_names.length > 0) {
    finding.classNames = settings.class_names;
    finding.problems = finding.problems.filter(({ message }) => !message.startsWith("its classes are not as many"));
  }
  finding.color = settings.color ?? finding.color;
  finding.letterbox = settings.letterbox ?? finding.letterbox;
  const stem = weights.slice(0, -extname(weights).length);
  const used: ModelDraftSettings = {
    model_id: settings.model_id ?? idFromFile(weights),
    name: settings.name ?? stem,
    version: settings.version ?? "1.0.0",
    ...(settings.license === undefined ? {} : { license: settings.license }),
    ...(finding.format === null ? {} : { format: finding.format }),
    ...(finding.size === null ? {} : { size: finding.size }),
    color: finding.color,
    letterbox: finding.letterbox,
    class_names: finding.classNames,
    confidence_threshold: settings.confidence_threshold ?? CONFIDENCE[finding.format ?? ""] ?? 0.25,
    nms_iou_threshold: settings.nms_iou_threshold ?? IOU,
  };
  const identity = {
    id: used.model_id as string,
    name: used.name as string,
    version: used.version as string,
    weights,
    license: used.license,
    confidence: used.confidence_threshold,
    iou: used.nms_iou_threshold,
  };
  const yaml = finding.format === null ? null : writeModelYaml(identity, finding);
  const folder: Folder = yaml === null ? disk : { ...disk, yaml, graph: () => network.graph };
  const checked: Checked = yaml === null ? { model: null, classNames: [], remarks: [] } : checkFolder(folder);
  const fromNetwork = finding.problems.map((problem): ModelProblem => ({ severity: "error", ...problem }));
  const said = new Set(fromNetwork.map(({ message }) => message));
  const problems = [
    ...fromNetwork,
    ...problemsOf(checked).filter(({ message }) => ![...said].some((one) => message.endsWith(one))),
  ];
  const examination = describe(network, { problems, settings: used, model_yaml: yaml, model_yaml_by: "doctor" });
  return { examination, checked, folder };
}

type Network = { name: string; path: string; sha256: string; graph: OnnxGraph; finding: Finding };

async function networkOf(path: string, name: string, settings: ModelDraftSettings): Promise<Network> {
  const file = join(path, name);
  const { size, format } = settings;
  const examined = await examineNetwork(file, { size, format });
  if (typeof examined === "string") throw new Hopeless(name, examined, "export the network to ONNX again");
  return { name, path: file, sha256: await hashOf(file), ...examined };
}

function describe(
  network: Network | undefined,
  rest: Pick<ModelExamination, "problems" | "settings" | "model_yaml" | "model_yaml_by"> & { format?: string },
): ModelExamination {
  const values = (list: OnnxGraph["inputs"]) =>
    list.slice(0, 64).map((value) => `${value.name}  ${value.type} ${describeShape(value)}`.slice(0, 400));
  const { finding, graph } = network ?? {};
  return {
    weights:
      network === undefined || graph === undefined
        ? null
        : {
            name: network.name,
            size_bytes: statSync(network.path).size,
            sha256: network.sha256,
            producer: graph.producer.slice(0, 200),
            opset: graph.opset,
            inputs: values(graph.inputs),
            outputs: values(graph.outputs),
          },
    formats: Object.keys(FAMILIES),
    task: finding?.task ?? "",
    classes: finding?.classes ?? null,
    reasons: finding?.reasons ?? [],
    assumed: rest.model_yaml_by === "author" ? [] : (finding?.assumed ?? []),
    ...rest,
    format: rest.format ?? finding?.format ?? null,
    problems: rest.problems.slice(0, 100),
  };
}

function problemsOf({ remarks }: Checked): ModelProblem[] {
  return remarks.map(({ severity, file, line, message, remedy }) => ({
    severity,
    where: `${file}, line ${line}`,
    message,
    remedy,
  }));
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
