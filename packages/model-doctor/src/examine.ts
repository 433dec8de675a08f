/** A network on the disk and what follows from it. */
import { basename, extname } from "node:path";
import type { OnnxGraph } from "../../../runtimes/onnx/graph.ts";
import { readGraphFile } from "../../../runtimes/onnx/graph-file.ts";
import { probeOutputs } from "../../../runtimes/onnx/probe.ts";
import { type Finding, type RecogniseOptions, recognise } from "./recognise.ts";

/**
 * Reads the graph; where it leaves its outputs' shapes open, they are found by running it once.
 *
 * @returns a sentence where the file is no network
 * @throws an error of node:fs, or of onnxruntime
 */
export async function examineNetwork(
  file: string,
  options: RecogniseOptions,
): Promise<{ graph: OnnxGraph; finding: Finding } | string> {
  const graph = readGraphFile(file);
  if (typeof graph === "string") return graph;
  const finding = recognise(graph, options);
  const isOpen = graph.outputs.some(
    ({ shape }) => shape === null || shape.slice(1).some((dim) => typeof dim !== "number"),
  );
  if (!isOpen || finding.size === null || finding.problems.some(({ where }) => where.startsWith("input")))
    return { graph, finding };
  const outputs = await probeOutputs(file, graph, finding.size);
  const probed = recognise({ ...graph, outputs }, options);
  probed.reasons.push("the outputs' shapes: found by running the network once, the graph leaves them open");
  return { graph: { ...graph, outputs }, finding: probed };
}

/** A model id made of a file's name. */
export function idFromFile(file: string): string {
  const id = basename(file, extname(file))
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, 128);
  return id || "model";
}
