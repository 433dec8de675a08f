/**
 * The one place from an error to its reply, over HTTP and over WebSockets. What is not ours or the world's registered
 * code becomes `internal`, with the cause in the log only.
 */
import { CodedError, ERROR_CODES, type ErrorBody, type ErrorCode } from "@vas/contracts/errors.ts";
import type { Log } from "@vas/base/log.ts";
import { redact } from "@vas/base/redact.ts";
import type { FastifyError } from "fastify";
import { isBadValue, isStoreError } from "./store/failure.ts";

export type Told = { status: number; code: ErrorCode; message: string; details?: unknown };

/**
 * @param log where an error that is told as `internal` or `store_unavailable` is written
 * @param fields what was being done, for the log
 */
export function tell(thrown: unknown, log: Log, fields: Record<string, unknown>): Told {
  if (thrown instanceof CodedError) {
    const status = ERROR_CODES[thrown.code].status;
    if (status >= 500) log.error("a request failed", { ...fields, code: thrown.code, error: thrown });
    const told: Told = { status, code: thrown.code, message: redact(thrown.message) };
    if (thrown.details !== undefined) told.details = redactDeep(thrown.details);
    return told;
  }
  const code = codeOf(thrown);
  if (code === "internal" || code === "store_unavailable") {
    log.error("a request failed", { ...fields, code, error: thrown });
    return { status: ERROR_CODES[code].status, code, message: ERROR_CODES[code].message };
  }
  // A range beyond the file's end: players know what 416 means, and no other status.
  const status = code === "range_invalid" ? 416 : ERROR_CODES[code].status;
  return { status, code, message: requestMessage(thrown as FastifyError, code) };
}

export function errorBody(told: Told, requestId: string): ErrorBody {
  const { code, message, details } = told;
  return { error: details === undefined ? { code, message } : { code, message, details }, request_id: requestId };
}

function redactDeep(value: unknown): unknown {
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) return value.map(redactDeep);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, redactDeep(inner)]));
}

function codeOf(thrown: unknown): ErrorCode {
  if (!(thrown instanceof Error)) return "internal";
  const { statusCode, validation } = thrown as Partial<FastifyError>;
  if (validation) return "bad_request";
  if (isStoreError(thrown)) return "store_unavailable";
  if (isBadValue(thrown)) return "bad_request";
  if (statusCode === 413) return "payload_too_large";
  if (statusCode === 404) return "not_found";
  if (statusCode === 416) return "range_invalid";
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return "bad_request";
  return "internal";
}

/** Fastify's own words where they name what is wrong with the request; they hold nothing of ours. */
function requestMessage(error: FastifyError, code: ErrorCode): string {
  if (error.validation) return redact(`${error.validationContext ?? "request"}${error.message}`);
  switch (error.code) {
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return "The body must be application/json.";
    case "FST_ERR_CTP_EMPTY_JSON_BODY":
      return "The body must not be empty.";
    case "FST_ERR_CTP_INVALID_JSON_BODY":
      return "The body is not valid JSON.";
    case "FST_ERR_BAD_URL":
      return "The address is not a valid URL.";
    default:
      return ERROR_CODES[code].message;
  }
}
