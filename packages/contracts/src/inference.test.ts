import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  checkHeartbeat,
  checkInferenceReply,
  checkInferenceRequest,
  encodeMessage,
  heartbeatPath,
  MAX_REQUEST_BYTES,
  MessageDecoder,
  socketPath,
} from "./inference.ts";
import type { Checked } from "./schema.ts";

type Case = { name: string; value: unknown };
type InvalidCase = Case & { names: string | null };
type Vectors = {
  framing: { name: string; bytes: string; messages: string[] }[];
  framing_broken: { name: string; bytes: string; max_bytes: number }[];
  paths: { socket_dir: string; model_id: string; socket: string; heartbeat: string };
  requests: Case[];
  requests_invalid: InvalidCase[];
  replies: Case[];
  replies_invalid: InvalidCase[];
  heartbeats: Case[];
  heartbeats_invalid: InvalidCase[];
};

const vectors = JSON.parse(readFileSync(new URL("../vectors/inference.json", import.meta.url), "utf8")) as Vectors;

const kinds: [string, (value: unknown) => Checked<unknown>, Case[], InvalidCase[]][] = [
  ["request", checkInferenceRequest, vectors.requests, vectors.requests_invalid],
  ["reply", checkInferenceReply, vectors.replies, vectors.replies_invalid],
  ["heartbeat", checkHeartbeat, vectors.heartbeats, vectors.heartbeats_invalid],
];

for (const [kind, check, valid, invalid] of kinds) {
  test(`every valid ${kind} of the vectors is accepted as it is`, () => {
    for (const { name, value } of valid) {
      const checked = check(value);
      assert.ok(checked.ok, `${name}: ${checked.ok || checked.message}`);
      assert.deepEqual(checked.value, value);
    }
  });
  test(`every invalid ${kind} of the vectors is refused with the field's name`, () => {
    for (const { name, value, names } of invalid) {
      const checked = check(value);
      assert.ok(!checked.ok, `accepted: ${name}`);
      if (names) assert.ok(checked.message.includes(names), `${name}: ${checked.message}`);
    }
  });
}

test("a message is a big-endian length and UTF-8 JSON", () => {
  for (const { name, bytes, messages } of vectors.framing) {
    const encoded = Buffer.concat(messages.map((text) => encodeMessage(JSON.parse(text))));
    assert.ok(bytes.startsWith(encoded.toString("hex")), name);
  }
});

test("a stream is cut into the same messages however it arrives", () => {
  for (const { name, bytes, messages } of vectors.framing) {
    const all = Buffer.from(bytes, "hex");
    for (const size of [1, 2, 3, 5, 7, all.length]) {
      const decoder = new MessageDecoder(MAX_REQUEST_BYTES);
      const found: string[] = [];
      for (let at = 0; at < all.length; at += size) {
        const part = decoder.push(all.subarray(at, at + size));
        assert.ok(typeof part !== "string", `${name}: ${JSON.stringify(part)}`);
        found.push(...part.map((message) => message.toString("utf8")));
      }
      assert.deepEqual(found, messages, `${name} in pieces of ${size}`);
    }
  }
});

test("a length that breaks the protocol is told, also after whole messages, which are still given", () => {
  for (const { name, bytes, max_bytes } of vectors.framing_broken) {
    const broken = Buffer.from(bytes, "hex");
    assert.match(
      String(new MessageDecoder(max_bytes).push(broken)),
      /length out of range \[max:\d+, found:\d+\]/,
      name,
    );
    const decoder = new MessageDecoder(max_bytes);
    const whole = encodeMessage({ a: 1 });
    const messages = decoder.push(Buffer.concat([whole, whole, broken]));
    assert.ok(Array.isArray(messages), name);
    assert.deepEqual(messages.map(String), ['{"a":1}', '{"a":1}']);
    assert.equal(typeof decoder.push(Buffer.alloc(0)), "string", name);
    assert.equal(typeof decoder.push(whole), "string", "and stays broken");
  }
});

test("the largest request passes, piece by piece", () => {
  const request = Buffer.alloc(MAX_REQUEST_BYTES, " ");
  const decoder = new MessageDecoder(MAX_REQUEST_BYTES);
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(MAX_REQUEST_BYTES);
  assert.deepEqual(decoder.push(prefix), []);
  for (let at = 0; at < request.length; at += 65_536) {
    const last = at + 65_536 >= request.length;
    const messages = decoder.push(request.subarray(at, at + 65_536));
    assert.equal(messages.length, last ? 1 : 0);
    if (last) assert.equal((messages[0] as Buffer).length, MAX_REQUEST_BYTES);
  }
});

test("the paths are those of the vectors", () => {
  const { socket_dir, model_id, socket, heartbeat } = vectors.paths;
  assert.equal(socketPath(socket_dir, model_id), socket);
  assert.equal(heartbeatPath(socket_dir, model_id), heartbeat);
});
