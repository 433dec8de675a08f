import assert from "node:assert/strict";
import { test } from "node:test";
import { namesFromMetadata, onnxMetadata } from "./onnx-metadata.ts";

const varint = (value: number): number[] => (value < 128 ? [value] : [(value % 128) + 128, ...varint(value >> 7)]);
const bytes = (field: number, content: Uint8Array | string) => {
  const body = Buffer.from(content as string);
  return Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(body.length)]), body]);
};
const entry = (key: string, value: string) => bytes(14, Buffer.concat([bytes(1, key), bytes(2, value)]));
const MODEL = [Buffer.from([8, 8]), bytes(2, "pytorch"), bytes(7, Buffer.alloc(300_000)), entry("names", "{0: 'cat'}")];

const read = (file: Buffer) => {
  const asked: number[] = [];
  const metadata = onnxMetadata(file.length, async (offset, length) => {
    asked.push(length);
    return file.subarray(offset, offset + length);
  });
  return { metadata, asked };
};

test("metadata is found behind a graph that is not read", async () => {
  const { metadata, asked } = read(Buffer.concat([...MODEL, entry("task", "detect")]));
  assert.deepEqual(
    [...((await metadata) ?? [])],
    [
      ["names", "{0: 'cat'}"],
      ["task", "detect"],
    ],
  );
  assert.ok(asked.reduce((sum, length) => sum + length) < 300, "no more than a few bytes of each field");
});

test("what is no model, is cut off, or never ends has no metadata", async () => {
  const whole = Buffer.concat(MODEL);
  for (const file of [
    whole.subarray(0, -1),
    whole.subarray(0, 1000),
    Buffer.from("hello, this is text"),
    Buffer.alloc(100),
    Buffer.alloc(64, 0xff),
    Buffer.concat(Array.from({ length: 2000 }, () => Buffer.from([8, 8]))),
    Buffer.concat([Buffer.from([14 * 8 + 2]), Buffer.alloc(9, 0xff), Buffer.from([1])]),
    bytes(14, Buffer.from([10, 200])),
  ])
    assert.equal(await read(file).metadata, null, file.subarray(0, 20).toString("hex"));
});

test("names are read from Ultralytics' form only where every class has one", () => {
  assert.deepEqual(namesFromMetadata(`{0: 'person', 1: "driver's seat", 2: 'it\\'s'}`), [
    "person",
    "driver's seat",
    "it's",
  ]);
  assert.deepEqual(namesFromMetadata('{"0": "a", "1": "b"}'), ["a", "b"]);
  assert.deepEqual(namesFromMetadata("{1: 'b', 0: 'a'}"), ["a", "b"]);
  for (const text of [undefined, "", "['a']", "{0: 'a', 2: 'c'}", "{0: a}", "{0: 'a' 1: 'b'}", "{"])
    assert.deepEqual(namesFromMetadata(text), [], text);
});
