/** What a network gives for an input of zeros: the shapes that its graph leaves open. */
import "./half-floats.ts";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { OnnxGraph, Value } from "./graph.ts";

/**
 * @param size of the picture, for the sizes that the graph leaves open
 * @returns the graph's outputs with their shapes
 * @throws Error of onnxruntime where it cannot load or run the network
 */
export async function probeOutputs(weights: string, graph: OnnxGraph, size: [number, number]): Promise<Value[]> {
  const session = await InferenceSession.create(weights, {
    executionProviders: ["cpu"],
    graphOptimizationLevel: "basic",
  });
  try {
    const feeds: Record<string, Tensor> = {};
    for (const input of graph.inputs) {
      const isNhwc = input.shape?.[3] === 3 && input.shape[1] !== 3;
      const [width, height] = size;
      const open = isNhwc ? [1, height, width, 3] : [1, 3, height, width];
      const dims = (input.shape ?? []).map((dim, at) => (typeof dim === "number" && dim > 0 ? dim : (open[at] ?? 1)));
      feeds[input.name] = zeros(input.type, dims);
    }
    const results = await session.run(feeds);
    return graph.outputs.map((output) => ({ ...output, shape: [...(results[output.name]?.dims ?? [])] }));
  } finally {
    await session.release();
  }
}

function zeros(type: string, dims: number[]): Tensor {
  const length = dims.reduce((product, size) => product * size, 1);
  if (type === "float16") return new Tensor("float16", new Uint16Array(length), dims);
  if (type === "uint8") return new Tensor("uint8", new Uint8Array(length), dims);
  if (type === "int64") return new Tensor("int64", new BigInt64Array(length).fill(1n), dims);
  if (type === "float32") return new Tensor("float32", new Float32Array(length), dims);
  throw new Error(`an input of type ${type} cannot be filled in`);
}
