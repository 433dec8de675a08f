/**
 * The model doctor: `npm run model -- inspect|init|check|try`. Exit codes: 0 well, 1 something is wrong with the model, 2 wrong
 * arguments.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { loadModelFolder } from "@vas/runtime-sdk/model-folder.ts";
import type { OnnxGraph } from "../../../runtimes/onnx/graph.ts";
import { pictureOfCamera } from "./camera.ts";
import { checkFolder, type Remark } from "./check.ts";
import { examineNetwork, idFromFile } from "./examine.ts";
import { folderOnDisk } from "./model-files.ts";
import { writeModelYaml } from "./model-yaml.ts";
import { readPicture } from "./picture.ts";
import { describeShape, type Finding, type Problem } from "./recognise.ts";
import { tryModel, writeAnnotated } from "./try.ts";

const USAGE = `Usage: npm run model -- <command>

  inspect FILE.onnx [--size WxH] [--format F] [--json]   says what the network is, and why
  init FILE.onnx [--id ID] [--name NAME] [--size WxH] [--format F] [--force]
                                       writes model.yaml beside the network
  check FOLDER... [--json]             says what is wrong with model folders: the line and the remedy
  try FOLDER PICTURE [--parameters JSON] [--out FILE.png] [--json]
                                       runs the model on a picture and writes it with what was found
  try FOLDER --camera URL CAMERA_ID --key-file FILE [...]
                                       the same on a live camera's picture; the file holds an API key of VAS
`;

const OPTIONS = {
  id: { type: "string" },
  name: { type: "string" },
  size: { type: "string" },
  format: { type: "string" },
  force: { type: "boolean" },
  json: { type: "boolean" },
  out: { type: "string" },
  parameters: { type: "string" },
  camera: { type: "boolean" },
  "key-file": { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/** Wrong arguments; the message names the one. */
class Usage extends Error {}

const print = (text: string) => void process.stdout.write(`${text}\n`);

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (thrown) {
  if (thrown instanceof Usage) {
    process.stderr.write(`${thrown.message}\n\n${USAGE}`);
    process.exitCode = 2;
  } else {
    process.stderr.write(`${(thrown as Error).message}\n`);
    process.exitCode = 1;
  }
}

async function main(args: string[]): Promise<number> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (thrown) {
    throw new Usage((thrown as Error).message);
  }
  const { values, positionals } = parsed;
  if (values.help) {
    print(USAGE);
    return 0;
  }
  const [command, ...names] = positionals;
  const size = sizeOf(values.size);
  if (command === "inspect" || command === "init") {
    const [file] = names;
    if (file === undefined || names.length !== 1) throw new Usage(`${command} needs one .onnx file`);
    const { graph, finding } = await examine(file, size, values.format);
    if (command === "init") return init(file, finding, values);
    print(values.json ? JSON.stringify(finding, null, 2) : describe(graph, finding));
    return finding.problems.length > 0 ? 1 : 0;
  }
  if (command === "check") {
    if (names.length === 0) throw new Usage("check needs a folder");
    return check(names, values.json === true);
  }
  if (command === "try") return tryOut(names, values);
  throw new Usage(command === undefined ? "name a command" : `there is no command ${command}`);
}

function parse(args: string[]) {
  return parseArgs({ args, options: OPTIONS, allowPositionals: true });
}

function sizeOf(text: string | undefined): [number, number] | undefined {
  if (text === undefined) return undefined;
  const [, width, height] = /^(\d{1,4})x(\d{1,4})$/.exec(text) ?? [];
  if (width === undefined || height === undefined) throw new Usage(`--size is WIDTHxHEIGHT [found:${text}]`);
  return [Number(width), Number(height)];
}

async function examine(file: string, size: [number, number] | undefined, format: string | undefined) {
  if (!existsSync(file)) throw new Error(`there is no file ${file}`);
  const examined = await examineNetwork(file, { size, format });
  if (typeof examined === "string") throw new Error(`${file}: ${examined}; export the network to ONNX again`);
  return examined;
}

function describe(graph: OnnxGraph, finding: Finding): string {
  const values = (list: OnnxGraph["inputs"]) =>
    list.map((value) => `  ${value.name}  ${value.type} ${describeShape(value)}`);
  const operators = [...graph.operators].sort((a, b) => b[1] - a[1]).slice(0, 8);
  const metadata = [...graph.metadata].map(
    ([key, value]) => `  ${key}: ${value.replaceAll(/\s+/g, " ").slice(0, 100)}`,
  );
  return [
    `made by ${graph.producer || "an unnamed exporter"}, opset ${graph.opset ?? "unknown"}, mostly ${operators.map(([name, count]) => `${name} ${count}`).join(", ")}`,
    "inputs",
    ...values(graph.inputs),
    "outputs",
    ...values(graph.outputs),
    ...(metadata.length > 0 ? ["metadata", ...metadata] : []),
    finding.format === null ? "no family" : `family ${finding.format}, ${finding.classes ?? "unknown"} classes`,
    ...finding.reasons.map((text) => `  because  ${text}`),
    ...finding.assumed.map((text) => `  assumed  ${text}`),
    ...finding.problems.map(problemLine),
  ].join("\n");
}

function problemLine({ where, message, remedy }: Problem): string {
  return `  PROBLEM  ${where}: ${message}\n           ${remedy}`;
}

function init(file: string, finding: Finding, values: { id?: string; name?: string; force?: boolean }): number {
  if (finding.format === null || finding.problems.length > 0) {
    process.stderr.write(`${finding.problems.map(problemLine).join("\n")}\n`);
    return 1;
  }
  const stem = basename(file, extname(file));
  const id = values.id ?? idFromFile(file);
  const path = join(dirname(resolve(file)), "model.yaml");
  const text = writeModelYaml({ id, name: values.name ?? stem, version: "1.0.0", weights: basename(file) }, finding);
  if (existsSync(path) && !values.force) throw new Error(`${path} is there already; --force replaces it`);
  writeFileSync(path, text);
  print(`wrote ${path}`);
  for (const assumed of finding.assumed) print(`  assumed  ${assumed}`);
  return report([dirname(path)], false);
}

function check(folders: string[], asJson: boolean): number {
  return report(folders, asJson);
}

function report(folders: string[], asJson: boolean): number {
  const owners = new Map<string, string>();
  const results: { folder: string; model_id: string | null; remarks: Remark[] }[] = [];
  for (const folder of folders) {
    const { model, remarks } = checkFolder(folderOnDisk(folder));
    const owner = model === null ? undefined : owners.get(model.model_id);
    if (model !== null && owner === undefined) owners.set(model.model_id, folder);
    if (model !== null && owner !== undefined)
      remarks.push({
        ...{ severity: "error", file: "model.yaml", line: 1 },
        message: `model_id ${model.model_id} is already that of ${owner}`,
        remedy: "give it another model_id",
      });
    results.push({ folder, model_id: model?.model_id ?? null, remarks });
  }
  if (asJson) print(JSON.stringify(results, null, 2));
  else
    for (const { folder, model_id, remarks } of results) {
      const errors = remarks.filter(({ severity }) => severity === "error").length;
      print(`${folder}: ${model_id ?? "no model"}: ${errors === 0 ? "valid" : `${errors} to correct`}`);
      for (const { severity, file, line, message, remedy } of remarks)
        print(`  ${severity} ${file}:${line}: ${message}\n    ${remedy}`);
    }
  return results.some(({ remarks }) => remarks.some(({ severity }) => severity === "error")) ? 1 : 0;
}

type TryValues = { camera?: boolean; "key-file"?: string; parameters?: string; out?: string; json?: boolean };

async function tryOut([folder, ...rest]: string[], values: TryValues): Promise<number> {
  if (folder === undefined) throw new Usage("try needs a model folder");
  const parameters = parametersOf(values.parameters);
  if (report([folder], false) !== 0) return 1;
  const model = loadModelFolder(folder);
  if (typeof model === "string") throw new Error(model);
  const [first, second] = rest;
  let out = values.out;
  let picture: Awaited<ReturnType<typeof readPicture>>;
  if (values.camera) {
    const keyFile = values["key-file"];
    if (first === undefined || second === undefined || keyFile === undefined)
      throw new Usage("--camera needs VAS's URL, the camera's id and --key-file");
    picture = await readPicture(await pictureOfCamera(first, second, readFileSync(keyFile, "utf8").trim()));
    out ??= `${second}-${model.yaml.model_id}.png`;
  } else {
    if (first === undefined || second !== undefined) throw new Usage("try needs one picture");
    if (!existsSync(first)) throw new Error(`there is no file ${first}`);
    picture = await readPicture(first);
    out ??= `${basename(first, extname(first))}-${model.yaml.model_id}.png`;
  }
  const { detections, tookMs, convertMs } = await tryModel(model, picture, parameters);
  if (values.json) print(JSON.stringify(detections, null, 2));
  else {
    const conversion = convertMs === null ? "" : `, ${convertMs.toFixed(1)} of them for the conversion`;
    print(
      `${picture.width}x${picture.height}: ${detections.length} found in ${tookMs.toFixed(1)} ms (the first run${conversion})`,
    );
    for (const { class_name, confidence, bbox, text } of detections)
      print(
        `  ${class_name}  ${confidence.toFixed(3)}  [${bbox.map((side) => side.toFixed(3)).join(", ")}]${text ? `  ${text}` : ""}`,
      );
  }
  const remark = await writeAnnotated(out, picture, detections);
  if (remark !== undefined) process.stderr.write(`${remark}\n`);
  if (!values.json) print(`wrote ${out}`);
  return 0;
}

function parametersOf(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    throw new Usage(`--parameters is no JSON: ${(error as Error).message}`);
  }
  throw new Usage('--parameters is an object, such as {"min_confidence": 0.5}');
}
