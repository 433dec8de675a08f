/** From the bytes of Core to a message that can be stored, published and written out again; or one sentence why not. */
import {
  checkCoreMessage,
  CoreMessage,
  type EventClosed,
  type EventOpened,
  MAX_RESULTS_MESSAGE_BYTES,
} from "@vas/contracts/results.ts";
import { type Checked, checker } from "@vas/contracts/schema.ts";
import type { RawData } from "ws";

/** Deeper JSON breaks whoever writes it out again by recursion. */
const MAX_DEPTH = 64;

/** Each kind of message on its own: a union's first complaint is about a kind that was not meant. */
const KINDS = new Map(CoreMessage.anyOf.map((kind) => [kind.properties.type.const as string, checker(kind)]));

type ReadMessage = { ok: true; value: CoreMessage } | { ok: false; id: number | null; message: string };

/** Checks a message whole: size, UTF-8 text, depth, schema, and what the schema cannot say. */
export function readMessage(data: RawData, isBinary: boolean): ReadMessage {
  const refused = (message: string, id: number | null = null): ReadMessage => ({ ok: false, id, message });
  const bytes = Buffer.isBuffer(data) ? data : Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
  if (isBinary) return refused("a message is text");
  if (bytes.length > MAX_RESULTS_MESSAGE_BYTES)
    return refused(`the message is too long [max:${MAX_RESULTS_MESSAGE_BYTES}, found:${bytes.length}]`);
  if (isDeeperThan(bytes, MAX_DEPTH)) return refused(`the message is nested too deeply [max:${MAX_DEPTH}]`);
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    return refused("the message is not JSON");
  }
  const { id: claimed, type } = (value ?? {}) as { id?: unknown; type?: unknown };
  const id = Number.isSafeInteger(claimed) && (claimed as number) >= 0 ? (claimed as number) : null;
  if (id === null) return refused("/id: must be an integer from 0 to 2^53 - 1");
  const checked: Checked<CoreMessage> = checkCoreMessage(value);
  if (!checked.ok) {
    const kind = KINDS.get(String(type));
    const closer = kind ? kind(value) : { ok: false as const, message: "/type: is not known" };
    return refused(closer.ok ? checked.message : closer.message, id);
  }
  const message = checked.value;
  const wrong =
    message.type === "events" ? wrongEvents(message) : message.type === "results" ? wrongResults(message) : null;
  if (wrong !== null) return refused(wrong, id);
  return { ok: true, value: message };
}

/** Makes ids lower case, as the store has them. @returns what the store could not keep or read back, or null */
function wrongEvents(message: { opened: EventOpened[]; closed: EventClosed[] }): string | null {
  for (const [index, event] of message.opened.entries()) {
    if (!isTime(event.timestamp)) return `/opened/${index}/timestamp: is not a time`;
    if (!areSafe(event.frame_id, event.pts90k)) return `/opened/${index}: integers must be below 2^53`;
    if (event.label.includes("\0")) return `/opened/${index}/label: must not hold NUL`;
    event.event_id = event.event_id.toLowerCase();
    event.camera_id = event.camera_id.toLowerCase();
  }
  for (const [index, closing] of message.closed.entries()) {
    if (!isTime(closing.ended_at)) return `/closed/${index}/ended_at: is not a time`;
    if (!areSafe(closing.frames, closing.best_frame_id)) return `/closed/${index}: integers must be below 2^53`;
    closing.event_id = closing.event_id.toLowerCase();
  }
  return null;
}

function wrongResults(message: Extract<CoreMessage, { type: "results" }>): string | null {
  for (const [index, result] of message.results.entries()) {
    if (!areSafe(result.frame_id, result.pts90k, result.wall_ms, result.width, result.height))
      return `/results/${index}: integers must be below 2^53`;
    result.camera_id = result.camera_id.toLowerCase();
  }
  return null;
}

/** The format allows a leap second, which Date does not know; comparing with NaN is false. */
function isTime(text: string): boolean {
  return Date.parse(text) >= 0;
}

/** SQLite keeps 64 bits, but what lies above 2^53 cannot be read back as a number. */
function areSafe(...integers: number[]): boolean {
  return integers.every((integer) => Number.isSafeInteger(integer));
}

function isDeeperThan(json: Buffer, limit: number): boolean {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (inText) {
      if (byte === 0x5c) at++;
      else if (byte === 0x22) inText = false;
    } else if (byte === 0x22) inText = true;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > limit) return true;
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return false;
}
