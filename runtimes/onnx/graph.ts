/**
 * What an ONNX file says about itself, without its weights: inputs, outputs, metadata, kinds of nodes. Pure: bytes come from
 * whatever the caller has, tensors are skipped unread, and every count and length is bounded.
 *
 * Field numbers are those of onnx.proto3 (ModelProto, GraphProto, NodeProto, ValueInfoProto, TypeProto, TensorShapeProto).
 */

/** A file, or bytes in memory. `read` gives exactly so many bytes, or fewer at the end. */
export type ByteSource = { size: number; read(offset: number, length: number): Uint8Array };

/** A size is a number, or a name where it is open, or null where the graph does not say. */
export type Dim = number | string | null;
/** `type` as onnxruntime calls it; `shape` is null where the graph gives none. */
export type Value = { name: string; type: string; shape: Dim[] | null };

export type OnnxGraph = {
  producer: string;
  opset: number | null;
  inputs: Value[];
  outputs: Value[];
  /** Such as Ultralytics' names, task, imgsz and stride. */
  metadata: Map<string, string>;
  /** How many nodes of each kind, such as Conv. */
  operators: Map<string, number>;
  /** Weights that lie in other files, as the graph names them. */
  externalData: string[];
};

const TYPES: Record<number, string> = {
  1: "float32",
  2: "uint8",
  3: "int8",
  4: "uint16",
  5: "int16",
  6: "int32",
  7: "int64",
  8: "string",
  9: "bool",
  10: "float16",
  11: "float64",
  12: "uint32",
  13: "uint64",
  16: "bfloat16",
};
const MAX_TEXT_BYTES = 1024 * 1024;
const MAX_VALUES = 4096;
const MAX_DIMS = 16;
const MAX_METADATA = 256;
const MAX_OPERATORS = 1024;
const MAX_EXTERNAL = 64;
const WINDOW_BYTES = 64 * 1024;

class Malformed extends Error {}

/** @returns the graph, or a sentence that says what is wrong with the file */
export function readGraph(source: ByteSource): OnnxGraph | string {
  try {
    const graph = readModel(new Reader(source));
    if (typeof graph !== "string" && graph.inputs.length === 0 && graph.outputs.length === 0)
      return "this is no ONNX model: it has neither inputs nor outputs";
    return graph;
  } catch (thrown) {
    if (thrown instanceof Malformed) return `this is no ONNX model: ${thrown.message}`;
    throw thrown;
  }
}

function readModel(reader: Reader): OnnxGraph | string {
  const graph: OnnxGraph = {
    producer: "",
    opset: null,
    inputs: [],
    outputs: [],
    metadata: new Map(),
    operators: new Map(),
    externalData: [],
  };
  const initializers = new Set<string>();
  let producerVersion = "";
  reader.message(reader.size, (field, end) => {
    if (field === 2) graph.producer = reader.text(end);
    else if (field === 3) producerVersion = reader.text(end);
    else if (field === 7) readGraphProto(reader, end, graph, initializers);
    else if (field === 8) {
      let domain = "";
      let version = 0;
      reader.message(end, (inner, innerEnd) => {
        if (inner === 1) domain = reader.text(innerEnd);
        else if (inner === 2) version = reader.number();
      });
      if (domain === "" || domain === "ai.onnx") graph.opset = version;
    } else if (field === 14 && graph.metadata.size < MAX_METADATA) {
      let key = "";
      let value = "";
      reader.message(end, (inner, innerEnd) => {
        if (inner === 1) key = reader.text(innerEnd);
        else if (inner === 2) value = reader.text(innerEnd);
      });
      graph.metadata.set(key, value);
    }
  });
  graph.producer = `${graph.producer} ${producerVersion}`.trim();
  // Old exporters list the weights among the inputs.
  graph.inputs = graph.inputs.filter(({ name }) => !initializers.has(name));
  return graph;
}

function readGraphProto(reader: Reader, graphEnd: number, graph: OnnxGraph, initializers: Set<string>): void {
  reader.message(graphEnd, (field, end) => {
    if (field === 1) {
      reader.message(end, (inner, innerEnd) => {
        if (inner !== 4) return;
        const operator = reader.text(innerEnd);
        const known = graph.operators.get(operator);
        if (known !== undefined || graph.operators.size < MAX_OPERATORS)
          graph.operators.set(operator, (known ?? 0) + 1);
      });
    } else if (field === 5) readInitializer(reader, end, graph, initializers);
    else if (field === 11 && graph.inputs.length < MAX_VALUES) graph.inputs.push(readValue(reader, end));
    else if (field === 12 && graph.outputs.length < MAX_VALUES) graph.outputs.push(readValue(reader, end));
  });
}

function readInitializer(reader: Reader, tensorEnd: number, graph: OnnxGraph, initializers: Set<string>): void {
  reader.message(tensorEnd, (field, end) => {
    if (field === 8) initializers.add(reader.text(end));
    else if (field === 13) {
      let key = "";
      let value = "";
      reader.message(end, (inner, innerEnd) => {
        if (inner === 1) key = reader.text(innerEnd);
        else if (inner === 2) value = reader.text(innerEnd);
      });
      if (key === "location" && graph.externalData.length < MAX_EXTERNAL && !graph.externalData.includes(value))
        graph.externalData.push(value);
    }
  });
}

function readValue(reader: Reader, valueEnd: number): Value {
  const value: Value = { name: "", type: "unknown", shape: null };
  reader.message(valueEnd, (field, end) => {
    if (field === 1) value.name = reader.text(end);
    else if (field === 2)
      reader.message(end, (kind, kindEnd) => {
        if (kind !== 1) {
          value.type = "no tensor";
          return;
        }
        reader.message(kindEnd, (part, partEnd) => {
          if (part === 1) value.type = TYPES[reader.number()] ?? "unknown";
          else if (part === 2) value.shape = readShape(reader, partEnd);
        });
      });
  });
  return value;
}

function readShape(reader: Reader, shapeEnd: number): Dim[] {
  const shape: Dim[] = [];
  reader.message(shapeEnd, (field, end) => {
    if (field !== 1) return;
    if (shape.length >= MAX_DIMS) throw new Malformed(`a shape of more than ${MAX_DIMS} sizes`);
    let dim: Dim = null;
    reader.message(end, (inner, innerEnd) => {
      if (inner === 1) dim = reader.number();
      else if (inner === 2) dim = reader.text(innerEnd);
    });
    shape.push(dim);
  });
  return shape;
}

/** A cursor over protobuf's wire format. What a visitor leaves unread is skipped. */
class Reader {
  readonly size: number;
  readonly #source: ByteSource;
  #at = 0;
  #window: Uint8Array = new Uint8Array(0);
  #windowAt = 0;

  constructor(source: ByteSource) {
    this.size = source.size;
    this.#source = source;
  }

  /**
   * Visits the fields up to `end`. The visitor is called with the cursor at the value: a varint is read with `number`, what has
   * a length ends at its second argument.
   */
  message(end: number, visit: (field: number, end: number) => void): void {
    while (this.#at < end) {
      const tag = this.number();
      const field = Math.floor(tag / 8);
      const kind = tag % 8;
      if (field === 0) throw new Malformed(`field 0 at byte ${this.#at}`);
      let fieldEnd: number | undefined;
      if (kind === 2) {
        const length = this.number();
        fieldEnd = this.#at + length;
      } else if (kind === 1) fieldEnd = this.#at + 8;
      else if (kind === 5) fieldEnd = this.#at + 4;
      else if (kind !== 0) throw new Malformed(`wire type ${kind} at byte ${this.#at}`);
      if (fieldEnd !== undefined && fieldEnd > end) throw new Malformed(`field ${field} ends after byte ${end}`);
      const start = this.#at;
      visit(field, fieldEnd ?? end);
      if (fieldEnd !== undefined) this.#at = fieldEnd;
      else if (this.#at === start) this.number();
    }
    if (this.#at > end) throw new Malformed(`a value ends after byte ${end}`);
  }

  /** A varint. Values past 2^53 (such as dimensions of -1) come out as -1. */
  number(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) return Number.isSafeInteger(value) ? value : -1;
      scale *= 128;
    }
    throw new Malformed(`a number of more than 10 bytes at byte ${this.#at}`);
  }

  text(end: number): string {
    const length = end - this.#at;
    if (length > MAX_TEXT_BYTES) throw new Malformed(`a text of ${length} bytes`);
    const bytes = this.#source.read(this.#at, length);
    if (bytes.length !== length) throw new Malformed(`it ends inside a text at byte ${this.#at}`);
    this.#at = end;
    return new TextDecoder().decode(bytes);
  }

  #byte(): number {
    const at = this.#at++;
    const index = at - this.#windowAt;
    if (index >= 0 && index < this.#window.length) return this.#window[index] as number;
    this.#window = this.#source.read(at, WINDOW_BYTES);
    this.#windowAt = at;
    const [byte] = this.#window;
    if (byte === undefined) throw new Malformed(`it ends at byte ${at}, inside a value`);
    return byte;
  }
}

/** Bytes in memory. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}
