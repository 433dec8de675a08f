/**
 * Writes small ONNX files for tests: one input, and outputs that are constants or a copy of the input. Field numbers are
 * those of onnx.proto3 (ModelProto, GraphProto, NodeProto, TensorProto, ValueInfoProto).
 */
import { halfBits } from "@vas/runtime-sdk/convert.ts";

export type ElementType = "float32" | "float16" | "uint8" | "int64";
export type Shape = readonly (number | string)[];
export type ConstantOutput = { name: string; dims: readonly number[]; values: readonly number[]; type?: ElementType };
/** An output that repeats the input; it shows what the preprocessing made. */
export type EchoOutput = { name: string; echo: true };
export type Graph = {
  input: { name: string; shape: Shape; type?: ElementType };
  outputs: readonly (ConstantOutput | EchoOutput)[];
  /** Inputs that nothing uses, beside the picture. */
  otherInputs?: readonly { name: string; shape: Shape; type: ElementType }[];
  metadata?: Record<string, string>;
};

const TYPE_NUMBERS: Record<ElementType, number> = { float32: 1, uint8: 2, int64: 7, float16: 10 };

export function writeOnnx(graph: Graph): Buffer {
  const { input, outputs } = graph;
  const inputType = input.type ?? "float32";
  const parts: Buffer[] = [];
  for (const output of outputs) {
    const source = "echo" in output ? input.name : `${output.name}_constant`;
    parts.push(bytes(1, Buffer.concat([text(1, source), text(2, output.name), text(4, "Identity")])));
  }
  parts.push(text(2, "test"));
  for (const output of outputs) if (!("echo" in output)) parts.push(bytes(5, constant(output)));
  parts.push(bytes(11, valueInfo(input.name, inputType, input.shape)));
  for (const output of outputs)
    parts.push(
      bytes(
        12,
        "echo" in output
          ? valueInfo(output.name, inputType, input.shape)
          : valueInfo(output.name, output.type ?? "float32", output.dims),
      ),
    );
  for (const other of graph.otherInputs ?? []) parts.push(bytes(11, valueInfo(other.name, other.type, other.shape)));
  const metadata = Object.entries(graph.metadata ?? {}).map(([key, value]) =>
    bytes(14, Buffer.concat([text(1, key), text(2, value)])),
  );
  const opset = Buffer.concat([text(1, ""), integer(2, 13)]);
  return Buffer.concat([integer(1, 8), bytes(7, Buffer.concat(parts)), bytes(8, opset), ...metadata]);
}

function constant({ name, dims, values, type = "float32" }: ConstantOutput): Buffer {
  const size = { float32: 4, float16: 2, uint8: 1, int64: 8 }[type];
  const raw = Buffer.alloc(values.length * size);
  for (const [at, value] of values.entries()) {
    if (type === "float32") raw.writeFloatLE(value, at * 4);
    else if (type === "int64") raw.writeBigInt64LE(BigInt(value), at * 8);
    else if (type === "uint8") raw.writeUInt8(value, at);
    else raw.writeUInt16LE(halfBits(value), at * 2);
  }
  return Buffer.concat([
    ...dims.map((size) => integer(1, size)),
    integer(2, TYPE_NUMBERS[type]),
    text(8, `${name}_constant`),
    bytes(9, raw),
  ]);
}

function valueInfo(name: string, type: ElementType, shape: Shape): Buffer {
  const dims = shape.map((size) => bytes(1, typeof size === "number" ? integer(1, size) : text(2, size)));
  const tensor = Buffer.concat([integer(1, TYPE_NUMBERS[type]), bytes(2, Buffer.concat(dims))]);
  return Buffer.concat([text(1, name), bytes(2, bytes(1, tensor))]);
}

function varint(value: number): Buffer {
  const out: number[] = [];
  let rest = value;
  while (rest > 127) {
    out.push((rest & 127) | 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...out, rest]);
}

function integer(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

function bytes(field: number, value: Buffer): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(value.length), value]);
}

function text(field: number, value: string): Buffer {
  return bytes(field, Buffer.from(value));
}
