/**
 * The checks of a model folder, as the registry and the runtime make them, and further ones that read the network. Pure: what
 * is on the disk comes through `Folder`, so that another process can check what it has not written yet.
 */
import { FAMILIES } from "../../../runtimes/onnx/families/families.ts";
import type { OnnxGraph } from "../../../runtimes/onnx/graph.ts";
import { type ModelYaml, parseModelYaml } from "@vas/contracts/model.ts";
import { namesFromMetadata } from "@vas/contracts/onnx-metadata.ts";
import { describeShape, recognise } from "./recognise.ts";

/** `outside`: a link that leaves the folder; `other`: a folder, a device and the like. */
export type FileState = { kind: "file"; size: number } | { kind: "missing" | "outside" | "other" };

export type Folder = {
  /** The text of model.yaml, or why there is none. */
  yaml: string | { problem: string };
  file(name: string): FileState;
  /** The text of a file that `file` calls one. */
  text(name: string): string;
  /** The description of a network that `file` calls a file, or what is wrong with it. */
  graph(name: string): OnnxGraph | string;
};

export type Remark = {
  /** With an error the registry or the runtime refuses the folder; a warning is worth reading. */
  severity: "error" | "warning";
  file: string;
  /** From 1. */
  line: number;
  message: string;
  remedy: string;
};

export type Checked = { model: ModelYaml | null; classNames: string[]; remarks: Remark[] };

const YAML = "model.yaml";
const MAX_CLASS_NAMES_BYTES = 1024 * 1024;
const ENTRY = /\.(ts|mts|js|mjs|py)$/;

export function checkFolder(folder: Folder): Checked {
  if (typeof folder.yaml !== "string") {
    const remark = { message: folder.yaml.problem, remedy: "write a model.yaml (npm run model -- init does for ONNX)" };
    return { model: null, classNames: [], remarks: [{ severity: "error", file: YAML, line: 1, ...remark }] };
  }
  const text = folder.yaml;
  const parsed = parseModelYaml(text);
  if ("error" in parsed)
    return { model: null, classNames: [], remarks: [{ severity: "error", file: YAML, ...parsed.error }] };
  const { model } = parsed;
  const remarks: Remark[] = [];
  const say = (severity: Remark["severity"], key: string, message: string, remedy: string) =>
    remarks.push({ severity, file: YAML, line: lineOf(text, key), message, remedy });

  const present = new Map<string, boolean>();
  for (const [key, name] of [
    ["model_weights", model.model_weights],
    ["entry", model.entry],
    ["class_names_file", model.output_schema?.class_names_file],
    ["license_file", model.license_file],
  ] as const) {
    if (name === undefined) continue;
    const state = folder.file(name);
    present.set(key, state.kind === "file");
    if (state.kind === "file") continue;
    const severity = key === "license_file" ? "warning" : "error";
    const what = {
      missing: "there is no such file",
      outside: "it is a link that leaves the folder",
      other: "it is not a file",
    };
    say(
      severity,
      key,
      `${key} "${name}": ${what[state.kind]}`,
      "put the file into the folder, not a link to elsewhere",
    );
  }
  if (model.entry !== undefined && !ENTRY.test(model.entry))
    say(
      "error",
      "entry",
      `entry "${model.entry}" is no program that a runtime starts`,
      "name a .ts, .mts, .js, .mjs or .py file",
    );
  if (model.model_type === "onnx" && model.entry?.endsWith(".py"))
    say(
      "error",
      "entry",
      "the entry of an onnx model runs in Node",
      "write decode in a .ts file, or make it model_type: module",
    );

  const named = classNamesOf(folder, model, present.get("class_names_file") === true, say);
  const graph =
    model.model_type === "onnx" && model.model_weights !== undefined && present.get("model_weights") === true
      ? folder.graph(model.model_weights)
      : null;
  if (typeof graph === "string")
    say(
      "error",
      "model_weights",
      `model_weights "${model.model_weights}": ${graph}`,
      "export the network to ONNX again",
    );
  const classNames =
    named.length > 0 || graph === null || typeof graph === "string"
      ? named
      : namesFromMetadata(graph.metadata.get("names"));
  const classes = model.output_schema?.classes;
  if (classes !== undefined && classNames.length > 0 && classes !== classNames.length)
    say(
      "error",
      "classes",
      `classes and class names differ [classes:${classes}, names:${classNames.length}]`,
      "name every class, or leave classes out",
    );
  if (graph !== null && typeof graph !== "string")
    checkNetwork(model, graph, classNames.length || classes, folder, say);
  if (model.model_type === "onnx" && classNames.length === 0)
    say("warning", "output_schema", "no class has a name", "list class_names; labels are class 0, class 1 until then");
  if (model.license === undefined)
    say("warning", "model_id", "no license is named", "add license: as its author gives it");
  return { model, classNames, remarks };
}

type Say = (severity: Remark["severity"], key: string, message: string, remedy: string) => void;

function classNamesOf(folder: Folder, model: ModelYaml, hasFile: boolean, say: Say): string[] {
  const file = model.output_schema?.class_names_file;
  if (file === undefined || !hasFile) return model.output_schema?.class_names ?? [];
  const state = folder.file(file);
  const size = state.kind === "file" ? state.size : 0;
  if (size > MAX_CLASS_NAMES_BYTES) {
    say(
      "error",
      "class_names_file",
      `${file} is too large [max:${MAX_CLASS_NAMES_BYTES}, found:${size}]`,
      "write one name a line",
    );
    return [];
  }
  const names = folder
    .text(file)
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => line.trim());
  const bad = names.findIndex((name) => name === "" || name.length > 128);
  if (bad < 0) return names;
  say(
    "error",
    "class_names_file",
    `line ${bad + 1} of ${file} is empty or longer than 128 characters`,
    "write one name a line, of 1 to 128 characters",
  );
  return [];
}

function checkNetwork(model: ModelYaml, graph: OnnxGraph, classes: number | undefined, folder: Folder, say: Say): void {
  const format = model.output_schema?.format;
  const found = recognise(graph, { size: model.expected_resolution });
  for (const { where, message, remedy } of found.problems)
    if (where.startsWith("input")) say("error", "model_weights", `${where}: ${message}`, remedy);
  for (const location of graph.externalData)
    if (folder.file(location).kind !== "file")
      say(
        "error",
        "model_weights",
        `the network's weights lie in "${location}", which is not here`,
        "put it beside the .onnx file",
      );
  const layout = model.preprocess?.layout ?? "nchw";
  const dtype = model.preprocess?.dtype ?? "float32";
  const input = graph.inputs.find(({ name }) => name === found.input);
  if (input !== undefined) {
    const isLayoutKnown = !found.assumed.some((text) => text.startsWith("layout"));
    if (isLayoutKnown && layout !== found.layout)
      say(
        "error",
        "layout",
        `layout is ${layout}, but input ${input.name} is ${describeShape(input)}`,
        `write layout: ${found.layout}`,
      );
    if (dtype !== found.dtype)
      say(
        "error",
        "dtype",
        `dtype is ${dtype}, but input ${input.name} is ${input.type}`,
        `write dtype: ${found.dtype}`,
      );
  }
  if (model.entry !== undefined) return;
  if (format === undefined || FAMILIES[format] === undefined) {
    const known = Object.keys(FAMILIES).join(", ");
    const remedy =
      found.format === null
        ? `choose one of ${known}, or add an entry that exports decode`
        : `write format: ${found.format}`;
    say(
      "error",
      format === undefined ? "output_schema" : "format",
      `no family decodes format ${format ?? "(none)"}`,
      remedy,
    );
    return;
  }
  const outputs = graph.outputs.map((output) => `${output.name} ${describeShape(output)}`).join(", ");
  if (found.format !== null && !isSameFamily(format, found.format))
    say(
      "warning",
      "format",
      `format is ${format}, but the outputs look like ${found.format} [found:${outputs}]`,
      `try format: ${found.format}`,
    );
  else if (found.format !== null && found.classes !== null && classes !== undefined && found.classes !== classes)
    say(
      "error",
      "output_schema",
      `the outputs are of ${found.classes} classes, model.yaml has ${classes} [found:${outputs}]`,
      "name every class that the network was trained with",
    );
}

/** Families that share a decoder are one. */
function isSameFamily(a: string, b: string): boolean {
  return a === b || FAMILIES[a]?.decode === FAMILIES[b]?.decode;
}

function lineOf(text: string, key: string): number {
  const lines = text.split("\n");
  const ofItsOwn = lines.findIndex((line) => line.trimStart().startsWith(`${key}:`));
  return Math.max(0, ofItsOwn < 0 ? lines.findIndex((line) => new RegExp(`[{,]\\s*${key}:`).test(line)) : ofItsOwn) + 1;
}
