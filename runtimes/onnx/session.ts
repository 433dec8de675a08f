/** A model folder of `model_type: onnx` as a handler: NV12 to the input tensor, onnxruntime on the CPU, then its family. */
import { availableParallelism } from "node:os";
import { pathToFileURL } from "node:url";
import { namesFromMetadata } from "@vas/runtime-sdk/class-names.ts";
import type { ConvertTarget } from "@vas/runtime-sdk/convert.ts";
import { outputLength } from "@vas/runtime-sdk/convert.ts";
import { type TensorOptions, tensorOptions, toFraction } from "@vas/runtime-sdk/frame.ts";
import { type Detection, fractionSetting, type Handler } from "@vas/runtime-sdk/handler.ts";
import type { LoadedModel } from "@vas/runtime-sdk/model-folder.ts";
import { suppress } from "@vas/runtime-sdk/nms.ts";
import "./half-floats.ts";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { DecodeContext, Output } from "./families/family.ts";
import { FAMILIES } from "./families/families.ts";
import { readGraphFile } from "./graph-file.ts";

const DEFAULT_CONFIDENCE = 0.25;
const DEFAULT_IOU = 0.45;
const MAX_DETECTIONS = 300;
/** Video and the other models share the machine. */
export const MAX_THREADS = 4;
export const SESSION_OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ["cpu"],
  intraOpNumThreads: Math.max(1, Math.min(MAX_THREADS, availableParallelism() >> 1)),
  interOpNumThreads: 1,
  // Waiting threads sleep: spinning would take the cores that video needs.
  extra: { session: { intra_op: { allow_spinning: "0" } } },
};

/** What a folder's own decoder gets beside the outputs; it needs to import nothing. */
export type EntryContext = DecodeContext & {
  suppress: typeof suppress;
  toFraction: typeof toFraction;
};
export type EntryDecode = (outputs: readonly Output[], context: EntryContext) => Detection[];

/**
 * Loads the weights and finds the decoder.
 *
 * @throws Error where the network's input does not fit model.yaml, or nothing describes its output
 */
export async function createHandler(folder: LoadedModel): Promise<Handler> {
  const { weightsPath } = folder;
  if (folder.yaml.model_type !== "onnx" || weightsPath === undefined)
    throw new Error(`this is the runtime of model_type onnx [found:${folder.yaml.model_type}]`);
  const model = withClassNames(folder, weightsPath);
  const decode = await decoderOf(model);
  const session = await InferenceSession.create(weightsPath, SESSION_OPTIONS);
  const { name, options, others } = inputOf(session, model);
  let buffer: ConvertTarget | undefined;

  return async (frame, { config }) => {
    const { data, dims, placement } = frame.toTensor(options, buffer);
    buffer = data;
    const results = await session.run({ ...others, [name]: inputTensor(options, data, dims) });
    const outputs = session.outputNames.map((output): Output => {
      const tensor = results[output];
      if (!tensor) throw new Error(`the network gave no output ${output}`);
      return { name: output, dims: tensor.dims, data: numbers(tensor) };
    });
    const context: EntryContext = {
      model,
      config,
      input: { width: options.width, height: options.height, placement },
      minConfidence: fractionSetting(config, "min_confidence", model.yaml.confidence_threshold ?? DEFAULT_CONFIDENCE),
      maxIou: fractionSetting(config, "nms_iou_threshold", model.yaml.nms_iou_threshold ?? DEFAULT_IOU),
      suppress,
      toFraction,
    };
    const found = decode(outputs, context);
    const { classes } = config;
    return Array.isArray(classes) ? found.filter(({ class_name }) => classes.includes(class_name)) : found;
  };
}

async function decoderOf(model: LoadedModel): Promise<EntryDecode> {
  if (model.entryPath !== undefined) {
    const entry = (await import(pathToFileURL(model.entryPath).href)) as { decode?: EntryDecode };
    if (typeof entry.decode !== "function") throw new Error(`${model.yaml.entry} does not export decode`);
    return entry.decode;
  }
  const format = model.yaml.output_schema?.format;
  const family = format === undefined ? undefined : FAMILIES[format];
  if (!family)
    throw new Error(
      `no family decodes output_schema.format [found:${format}, known:${Object.keys(FAMILIES).join(" ")}]; add an entry that exports decode`,
    );
  return (outputs, context) => {
    const found = family.decode(outputs, context);
    const maxIou = family.suppresses ? 1 : context.maxIou;
    return suppress(found, maxIou, MAX_DETECTIONS);
  };
}

/** Where model.yaml names no classes, the network's own metadata may. */
function withClassNames(model: LoadedModel, weightsPath: string): LoadedModel {
  if (model.classNames.length > 0) return model;
  const graph = readGraphFile(weightsPath);
  if (typeof graph === "string") return model;
  const classNames = namesFromMetadata(graph.metadata.get("names"));
  const classes = model.yaml.output_schema?.classes;
  if (classNames.length > 0 && classes !== undefined && classes !== classNames.length)
    throw new Error(
      `output_schema.classes and the network's own names differ [classes:${classes}, names:${classNames.length}]; correct or remove classes`,
    );
  return { ...model, classNames };
}

type InputDescription = {
  name: string;
  options: TensorOptions;
  /** Inputs beside the picture; they never change. */
  others: Record<string, Tensor>;
};

/** The input's name and what it wants, after comparing model.yaml with the network. */
function inputOf(session: InferenceSession, model: LoadedModel): InputDescription {
  const inputs = session.inputMetadata.filter(({ name }) => !(name in OTHER_INPUTS));
  const [input] = inputs;
  if (inputs.length !== 1 || !input?.isTensor)
    throw new Error(`the network must have one picture as its input [found:${session.inputNames.join(" ")}]`);
  const shape = input.shape.map((size) => (typeof size === "number" && size > 0 ? size : undefined));
  const nhwc = model.yaml.preprocess?.layout === "nhwc";
  const [height, width] = nhwc ? [shape[1], shape[2]] : [shape[2], shape[3]];
  if (!model.yaml.expected_resolution && (width === undefined || height === undefined))
    throw new Error(
      `model.yaml needs expected_resolution: the network's input has no fixed size [found:${input.shape}]`,
    );
  const options = tensorOptions(model.yaml, width && height ? { width, height } : undefined);
  const wanted = nhwc ? [1, options.height, options.width, 3] : [1, 3, options.height, options.width];
  const fits = shape.length === 4 && shape.every((size, at) => size === undefined || size === wanted[at]);
  if (!fits)
    throw new Error(`model.yaml does not fit the network's input [model.yaml:${wanted}, network:${input.shape}]`);
  if (input.type !== options.dtype)
    throw new Error(`preprocess.dtype is not the network's [model.yaml:${options.dtype}, network:${input.type}]`);
  if (outputLength(options) > 64 * 1024 * 1024) throw new Error(`the network's input is too large [found:${wanted}]`);
  const others: Record<string, Tensor> = {};
  for (const other of session.inputMetadata) {
    const make = OTHER_INPUTS[other.name];
    if (make !== undefined) others[other.name] = make(options);
  }
  return { name: input.name, options, others };
}

/** Inputs that some exporters want beside the picture; the picture is as large as the input, and all of it counts. */
const OTHER_INPUTS: Record<string, (size: { width: number; height: number }) => Tensor> = {
  // RT-DETR: boxes come back in pixels of this size.
  orig_target_sizes: ({ width, height }) =>
    new Tensor("int64", BigInt64Array.of(BigInt(width), BigInt(height)), [1, 2]),
  // DETR from Transformers.
  pixel_mask: ({ width, height }) =>
    new Tensor("int64", new BigInt64Array(width * height).fill(1n), [1, height, width]),
};

function inputTensor(options: TensorOptions, data: ConvertTarget, dims: number[]): Tensor {
  if (options.dtype === "float16") return new Tensor("float16", data as Uint16Array, dims);
  if (options.dtype === "uint8") return new Tensor("uint8", data as Uint8Array, dims);
  return new Tensor("float32", data as Float32Array, dims);
}

/** An output's values as numbers. */
function numbers(tensor: Tensor): ArrayLike<number> {
  const { data, type } = tensor;
  if (Array.isArray(data)) throw new Error("an output holds text");
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float64Array.from(data, Number);
  if (type !== "float16" || !(data instanceof Uint16Array)) return data;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength) as DataView & {
    getFloat16(at: number, littleEndian: boolean): number;
  };
  return Float32Array.from(data, (_, at) => view.getFloat16(at * 2, true));
}
