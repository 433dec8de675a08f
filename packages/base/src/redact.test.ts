import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "./log.ts";
import { hideSecret, redact } from "./redact.ts";

test("credentials in any address are hidden", () => {
  assert.equal(redact("rtsp://admin:pa55@cam.local:554/main failed"), "rtsp://***@cam.local:554/main failed");
  assert.equal(redact("rtsp://admin:p@ss:w@rd@10.0.0.1/x"), "rtsp://***@10.0.0.1/x");
  assert.equal(redact("http://h/x?user=a&password=secret&y=1"), "http://h/x?user=a&password=***&y=1");
  assert.equal(redact("Authorization: Basic YWJj"), "Authorization: ***");
});

test("a known secret is hidden wherever it turns up, also inside JSON and percent-encoded", () => {
  hideSecret('s3"cret/x');
  const lines: string[] = [];
  createLog((line) => lines.push(line)).error("failed", {
    a: 's3"cret/x',
    b: `rtsp://u:${encodeURIComponent('s3"cret/x')}@h`,
  });
  assert.ok(!lines.join("").includes("cret"), lines.join(""));
});
