/** From FFmpeg's last words to a cause that a person can act on. */

export type Cause = { code: CauseCode; message: string };

export type CauseCode =
  | "refused"
  | "timed_out"
  | "unauthorized"
  | "stream_not_found"
  | "unresolved"
  | "unreachable"
  | "too_many_sessions"
  | "unsupported"
  | "address_refused"
  | "stalled"
  | "ended"
  | "media_unavailable"
  | "failed";

export const CAUSES: Record<CauseCode, string> = {
  refused: "The camera refused the connection.",
  timed_out: "The camera did not answer in time.",
  unauthorized: "The camera asks for another name or password (401).",
  stream_not_found: "The camera has no stream at this path (404).",
  unresolved: "The camera's host name is not known.",
  unreachable: "There is no way to the camera's network.",
  too_many_sessions: "The camera allows no further session (453).",
  unsupported: "The camera sends a format that is not supported.",
  address_refused: "This camera address is not allowed.",
  stalled: "The camera stopped sending.",
  ended: "The camera ended the stream.",
  media_unavailable: "The media worker is being replaced.",
  failed: "The stream could not be read.",
};

const PATTERNS: readonly [RegExp, CauseCode][] = [
  [/401 Unauthorized|authorization failed|403 Forbidden/i, "unauthorized"],
  [/404 Not Found|Stream not found/i, "stream_not_found"],
  [/453 |Not Enough Bandwidth/i, "too_many_sessions"],
  [/Connection refused/i, "refused"],
  [/Connection timed out|Operation timed out|Error number -110|-138/i, "timed_out"],
  [/Name or service not known|Temporary failure in name resolution|Failed to resolve/i, "unresolved"],
  [/No route to host|Network is unreachable/i, "unreachable"],
  [
    /415 |Protocol not found|Unsupported|matches no streams|Could not find codec|codec not currently supported|unspecified size/i,
    "unsupported",
  ],
  [/End of file|Connection reset by peer|Broken pipe|Input\/output error/i, "ended"],
];

export function cause(code: CauseCode): Cause {
  return { code, message: CAUSES[code] };
}

/** The cause that FFmpeg's lines name, the most telling pattern first; `fallback` where they name none. */
export function causeOf(lines: readonly string[], fallback: CauseCode): Cause {
  const text = lines.join("\n");
  for (const [pattern, code] of PATTERNS) if (pattern.test(text)) return cause(code);
  return cause(fallback);
}
