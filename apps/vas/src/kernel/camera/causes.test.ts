import assert from "node:assert/strict";
import { test } from "node:test";
import { causeOf } from "./causes.ts";

test("FFmpeg's own words become the cause a person can act on", () => {
  const says: [string, string][] = [
    ["[tcp @ 0x1] Connection to tcp://10.0.0.1:554?timeout=0 failed: Connection refused", "refused"],
    ["[rtsp @ 0x1] method DESCRIBE failed: 401 Unauthorized", "unauthorized"],
    ["[rtsp @ 0x1] method DESCRIBE failed: 404 Not Found", "stream_not_found"],
    ["[rtsp @ 0x1] method SETUP failed: 453 Not Enough Bandwidth", "too_many_sessions"],
    ["pipe:0: Connection timed out", "timed_out"],
    ["[tcp @ 0x1] Failed to resolve hostname cam.invalid: Name or service not known", "unresolved"],
    ["rtsp://cam: No route to host", "unreachable"],
    ["Stream map '0:v:0' matches no streams.", "unsupported"],
    ["something nobody has seen before", "failed"],
  ];
  for (const [line, code] of says) assert.equal(causeOf(["Input #0, concat", line], "failed").code, code, line);
});
