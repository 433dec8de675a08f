/** An ONNX file's own description, read piece by piece: weights of gigabytes are skipped, not loaded. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { type OnnxGraph, readGraph } from "./graph.ts";

/**
 * @returns the graph, or a sentence that says what is wrong with the file
 * @throws an error of node:fs where it cannot be read
 */
export function readGraphFile(path: string): OnnxGraph | string {
  const fd = openSync(path, "r");
  try {
    return readGraph({
      size: fstatSync(fd).size,
      read(offset, length) {
        const bytes = new Uint8Array(length);
        return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
      },
    });
  } finally {
    closeSync(fd);
  }
}
