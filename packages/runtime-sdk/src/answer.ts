/** One request to one reply: every check, the handler, and the torn check after it. Knows nothing of sockets. */
import { isUtf8 } from "node:buffer";
import { errorText } from "@vas/base/log.ts";
import {
  checkInferenceReply,
  checkInferenceRequest,
  type Detection,
  encodeMessage,
  type InferenceReply,
  type InferenceRequest,
  MAX_REPLY_BYTES,
} from "@vas/contracts/inference.ts";
import { Frame } from "./frame.ts";
import type { FrameReader } from "./frame-reader.ts";
import type { Handler } from "./handler.ts";
import type { LoadedModel } from "./model-folder.ts";

/**
 * The codes in front of a reply's error.
 *
 * | code | meaning |
 * | --- | --- |
 * | bad_request | not UTF-8, not JSON, a field missing or of the wrong kind |
 * | wrong_model | the request names another model |
 * | no_gpu | the model must not run on the CPU and there is no GPU |
 * | outside | frame_reference is not the camera's folder inside VAS_SHM_DIR |
 * | gone | the frame's files or the frame are not there (any more) |
 * | invalid | the frame's files break their own layout |
 * | mismatch | frame_metadata does not describe what the files hold |
 * | torn | the frame was written over before or while the model used it |
 * | model_failed | the handler threw, or its detections do not fit the contract |
 * | reply_too_large | the reply would be larger than the protocol allows |
 * | protocol | the framing is broken; the connection is closed after this reply |
 * | overloaded | too much is buffered for this process; the connection is closed after this reply |
 */
export type ReplyCode =
  | "bad_request"
  | "wrong_model"
  | "no_gpu"
  | "outside"
  | "gone"
  | "invalid"
  | "mismatch"
  | "torn"
  | "model_failed"
  | "reply_too_large"
  | "protocol"
  | "overloaded";

const MAX_ERROR_LENGTH = 1024;

export type Answerer = {
  model: LoadedModel;
  handler: Handler;
  reader: FrameReader;
  /** What the model runs on, such as `cpu`. */
  device: string;
};

/** A reply, ready to be sent. `failure` is what the handler threw, for the log. */
export type Answer = { bytes: Buffer; error: string | null; failure?: unknown };

type Asked = { modelId: string; cameraId: string; frameId: number };

/** A reply that carries nothing but an error. */
export function errorReply(asked: Asked, code: ReplyCode, text: string): Answer {
  const error = `${code}: ${text}`.slice(0, MAX_ERROR_LENGTH);
  const reply: InferenceReply = {
    model_id: asked.modelId,
    camera_id: asked.cameraId,
    frame_id: asked.frameId,
    detections: [],
    metadata: {},
    error,
  };
  return { bytes: encodeMessage(reply), error };
}

/** Answers one request. Never throws for anything that a request or a handler does. */
export async function answer(message: Buffer, by: Answerer): Promise<Answer> {
  const modelId = by.model.yaml.model_id;
  const nobody = { modelId, cameraId: "", frameId: 0 };
  if (!isUtf8(message)) return errorReply(nobody, "bad_request", "the request is not UTF-8");
  let value: unknown;
  try {
    value = JSON.parse(message.toString("utf8"));
  } catch {
    return errorReply(nobody, "bad_request", "the request is not JSON");
  }
  const asked = { modelId, ...askedOf(value) };
  const checked = checkInferenceRequest(value);
  if (!checked.ok) return errorReply(asked, "bad_request", checked.message);
  const request = checked.value;
  if (request.model_id !== modelId)
    return errorReply(asked, "wrong_model", `this runtime serves another model [expected:${modelId}]`);
  if (by.device === "cpu" && mustNotRunOnCpu(by.model))
    return errorReply(asked, "no_gpu", "cpu_fallback_allowed is false and there is no GPU");
  return infer(request, asked, by);
}

async function infer(request: InferenceRequest, asked: Asked, by: Answerer): Promise<Answer> {
  const view = by.reader.open(request.frame_reference, request.camera_id, request.frame_metadata);
  if ("code" in view) return errorReply(asked, view.code, view.text);
  try {
    const frame = new Frame(view);
    const start = performance.now();
    let detections: Detection[] = [];
    let failure: unknown;
    let failed = false;
    try {
      const context = { model: by.model, config: request.config ?? {}, cameraId: request.camera_id };
      detections = await by.handler(frame, context);
    } catch (thrown) {
      failure = thrown;
      failed = true;
    }
    const tookMs = performance.now() - start;
    // Before the failure: pixels of two frames at once may well be why the handler threw.
    if (!view.stillValid()) return errorReply(asked, "torn", "the frame was written over while the model used it");
    if (failed) return { ...errorReply(asked, "model_failed", errorText(failure)), failure };
    return success(asked, detections, {
      inference_ms: rounded(Math.max(0, tookMs - frame.convertMs)),
      preprocess_ms: rounded(frame.convertMs),
      device: by.device,
    });
  } finally {
    view.release();
  }
}

function success(asked: Asked, detections: Detection[], metadata: InferenceReply["metadata"]): Answer {
  const reply: InferenceReply = {
    model_id: asked.modelId,
    camera_id: asked.cameraId,
    frame_id: asked.frameId,
    detections,
    metadata,
    error: null,
  };
  const checked = checkInferenceReply(reply);
  if (!checked.ok)
    return errorReply(asked, "model_failed", `the detections do not fit the contract: ${checked.message}`);
  let bytes: Buffer;
  try {
    bytes = encodeMessage(reply);
  } catch (thrown) {
    return errorReply(asked, "model_failed", `the detections cannot be written as JSON: ${errorText(thrown)}`);
  }
  const length = bytes.length - 4;
  if (length > MAX_REPLY_BYTES)
    return errorReply(asked, "reply_too_large", `[max:${MAX_REPLY_BYTES}, found:${length}]`);
  return { bytes, error: null };
}

/** As much of the identity as a broken request still shows, so that its caller can tell which one it was. */
function askedOf(value: unknown): { cameraId: string; frameId: number } {
  const request = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const metadata = (
    typeof request.frame_metadata === "object" && request.frame_metadata !== null ? request.frame_metadata : {}
  ) as Record<string, unknown>;
  const frameId = metadata.frame_id;
  return {
    cameraId: typeof request.camera_id === "string" ? request.camera_id.slice(0, 64) : "",
    frameId: typeof frameId === "number" && Number.isSafeInteger(frameId) && frameId >= 0 ? frameId : 0,
  };
}

function mustNotRunOnCpu(model: LoadedModel): boolean {
  const needs = model.yaml.resource_requirements;
  return needs?.cpu_fallback_allowed === false && needs.gpu_required !== false;
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
