/** A model folder on the disk, as the checks want to see it. */
import { readFileSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { MAX_MODEL_YAML_BYTES } from "@vas/contracts/model.ts";
import { readGraphFile } from "../../../runtimes/onnx/graph-file.ts";
import type { FileState, Folder } from "./check.ts";

export function folderOnDisk(path: string): Folder {
  const file = (name: string): FileState => {
    try {
      const real = realpathSync(join(path, name));
      if (!real.startsWith(realpathSync(path) + sep)) return { kind: "outside" };
      const stat = statSync(real);
      return stat.isFile() ? { kind: "file", size: stat.size } : { kind: "other" };
    } catch (error) {
      if (typeof (error as NodeJS.ErrnoException).code !== "string") throw error;
      return { kind: "missing" };
    }
  };
  return {
    yaml: yamlOf(path, file("model.yaml")),
    file,
    text: (name) => readFileSync(join(path, name), "utf8"),
    graph: (name) => readGraphFile(join(path, name)),
  };
}

function yamlOf(path: string, state: FileState): string | { problem: string } {
  if (state.kind !== "file") return { problem: `there is no file model.yaml in ${path} [${state.kind}]` };
  if (state.size > MAX_MODEL_YAML_BYTES)
    return { problem: `model.yaml is too large [max:${MAX_MODEL_YAML_BYTES}, found:${state.size}]` };
  return readFileSync(join(path, "model.yaml"), "utf8");
}
