/** A model's folder as its runtime sees it: model.yaml, and every file that it names really inside the folder. */
import { readFileSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { MAX_MODEL_YAML_BYTES, type ModelYaml, parseModelYaml } from "@vas/contracts/model.ts";

const MODEL_FILE = "model.yaml";
const MAX_CLASS_NAMES_BYTES = 1024 * 1024;

export type LoadedModel = {
  /** The folder's real path. */
  folder: string;
  yaml: ModelYaml;
  /** Real path of the weights, where model.yaml names them. */
  weightsPath: string | undefined;
  /** Real path of the entry, where model.yaml names one. */
  entryPath: string | undefined;
  /** Names by class id, from `class_names` or the file; empty where model.yaml gives neither. */
  classNames: string[];
};

/**
 * Reads and checks a model's folder.
 *
 * @returns the model, or a sentence that says what is wrong and what to do about it
 */
export function loadModelFolder(folder: string): LoadedModel | string {
  let real: string;
  let text: string;
  try {
    real = realpathSync(folder);
    const size = statSync(join(real, MODEL_FILE)).size;
    if (size > MAX_MODEL_YAML_BYTES) return `${MODEL_FILE} is too large [max:${MAX_MODEL_YAML_BYTES}, found:${size}]`;
    text = readFileSync(join(real, MODEL_FILE), "utf8");
  } catch (error) {
    return `${MODEL_FILE} cannot be read [${codeOf(error)}]; name a folder that holds one`;
  }
  const parsed = parseModelYaml(text);
  if ("error" in parsed) {
    const { line, message, remedy } = parsed.error;
    return `${MODEL_FILE} line ${line}: ${message}; ${remedy}`;
  }
  const yaml = parsed.model;
  const paths: (string | undefined)[] = [];
  for (const [field, name] of [
    ["model_weights", yaml.model_weights],
    ["entry", yaml.entry],
    ["output_schema.class_names_file", yaml.output_schema?.class_names_file],
  ] as const) {
    const path = name === undefined ? undefined : inside(real, name);
    if (typeof path === "object") return `${MODEL_FILE}: ${field} ${path.problem}`;
    paths.push(path);
  }
  const [weightsPath, entryPath, namesPath] = paths;
  const classNames = namesPath === undefined ? yaml.output_schema?.class_names : readNames(namesPath);
  if (typeof classNames === "string") return `${MODEL_FILE}: ${classNames}`;
  const classes = yaml.output_schema?.classes;
  if (classes !== undefined && classNames !== undefined && classNames.length !== classes)
    return `${MODEL_FILE}: output_schema.classes and the class names differ [classes:${classes}, names:${classNames.length}]`;
  return { folder: real, yaml, weightsPath, entryPath, classNames: classNames ?? [] };
}

/** The real path of a file that must lie inside the folder, also after every symbolic link was followed. */
function inside(folder: string, name: string): string | { problem: string } {
  let path: string;
  try {
    path = realpathSync(join(folder, name));
    if (!statSync(path).isFile()) return { problem: `is not a file [${name}]` };
  } catch (error) {
    return { problem: `cannot be read [${name}, ${codeOf(error)}]; put the file into the folder` };
  }
  if (!path.startsWith(folder + sep)) return { problem: `leads out of the folder [${name}]; copy the file into it` };
  return path;
}

/** One name a line; the line's number, from 0, is the class id. Empty lines at the end do not count. */
function readNames(path: string): string[] | string {
  const size = statSync(path).size;
  if (size > MAX_CLASS_NAMES_BYTES)
    return `the class_names_file is too large [max:${MAX_CLASS_NAMES_BYTES}, found:${size}]`;
  const names = readFileSync(path, "utf8")
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => line.trim());
  const empty = names.findIndex((name) => name === "" || name.length > 128);
  return empty < 0 ? names : `line ${empty + 1} of the class_names_file is empty or longer than 128 characters`;
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
