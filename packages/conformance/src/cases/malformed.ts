/** Messages that are no request. Each is answered with an error, and the connection serves the next one. */
import { encodeMessage, FrameMetadata, InferenceRequest } from "@vas/contracts/inference.ts";
import type { Case } from "../case.ts";
import { type Kit, refused } from "../kit.ts";

const group = "malformed requests";
const DEEP = 100_000;

/** Bytes that are no JSON object at all. */
const BYTES: [name: string, bytes: Buffer][] = [
  ["not JSON", Buffer.from("{not json")],
  ["cut off JSON", Buffer.from('{"model_id":"')],
  ["not UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ["null", Buffer.from("null")],
  ["a number", Buffer.from("1e999")],
  ["a string", Buffer.from('"request"')],
  ["a list", Buffer.from("[]")],
  ["an empty object", Buffer.from("{}")],
  ["spaces", Buffer.from("    ")],
  [`${DEEP} nested lists`, Buffer.from("[".repeat(DEEP) + "]".repeat(DEEP))],
  [`${DEEP} nested objects`, Buffer.from(`${'{"a":'.repeat(DEEP)}1${"}".repeat(DEEP)}`)],
];

type Change = [name: string, change: (request: Record<string, unknown>, frame: Record<string, unknown>) => void];

const required = Object.keys(InferenceRequest.properties).filter((key) => key !== "config");
const ofFrame = Object.keys(FrameMetadata.properties);
const textFields = new Set(["format", "timestamp_ns"]);

const CHANGES: Change[] = [
  ...required.map((key): Change => [`without ${key}`, (request) => delete request[key]]),
  ...ofFrame.map((key): Change => [`without frame_metadata.${key}`, (_, frame) => delete frame[key]]),
  ...required.map((key): Change => [`${key} is null`, (request) => (request[key] = null)]),
  ...ofFrame.map((key): Change => [`frame_metadata.${key} is null`, (_, frame) => (frame[key] = null)]),
  ...ofFrame.map(
    (key): Change => [
      `frame_metadata.${key} is of another kind`,
      (_, frame) => (frame[key] = textFields.has(key) ? 1 : String(frame[key])),
    ],
  ),
  ...["frame_id", "slot", "width", "sequence", "offset", "generation"].flatMap((key): Change[] => [
    [`frame_metadata.${key} is negative`, (_, frame) => (frame[key] = -1)],
    [`frame_metadata.${key} is a fraction`, (_, frame) => (frame[key] = 1.5)],
  ]),
  ["frame_metadata is a list", (request) => (request.frame_metadata = [])],
  ["frame_id is 0", (_, frame) => (frame.frame_id = 0)],
  ["width is 0", (_, frame) => (frame.width = 0)],
  ["another format", (_, frame) => (frame.format = "RGB24")],
  ["timestamp_ns is no number", (_, frame) => (frame.timestamp_ns = "soon")],
  ["camera_id is no UUID", (request) => (request.camera_id = "../camera")],
  ["camera_id is a number", (request) => (request.camera_id = 7)],
  ["model_id is a list", (request) => (request.model_id = ["a"])],
  ["timestamp is text", (request) => (request.timestamp = "now")],
  ["config is a list", (request) => (request.config = [1])],
  ["config is text", (request) => (request.config = "fast")],
];

function changed(kit: Kit, change: Change[1]): Record<string, unknown> {
  const request = structuredClone(kit.request()) as unknown as Record<string, unknown>;
  change(request, request.frame_metadata as Record<string, unknown>);
  return request;
}

export const MALFORMED: Case[] = [
  ...BYTES.map(
    ([name, bytes]): Case => ({
      group,
      name: `refused: ${name}`,
      async run(kit) {
        using wire = await kit.connect();
        const prefix = Buffer.alloc(4);
        prefix.writeUInt32BE(bytes.length);
        wire.write(Buffer.concat([prefix, bytes]));
        refused(await wire.next(), 0);
        await kit.serve(wire);
      },
    }),
  ),
  ...CHANGES.map(
    ([name, change]): Case => ({
      group,
      name: `refused: ${name}`,
      async run(kit) {
        await kit.refuse(changed(kit, change));
      },
    }),
  ),
  {
    group,
    name: "refused: the request of another model",
    async run(kit) {
      await kit.refuse({ ...kit.request(), model_id: `${kit.options.modelId.slice(0, 100)}-other` });
    },
  },
  {
    group,
    name: "a hundred refused requests in one write are refused a hundred times",
    async run(kit) {
      using wire = await kit.connect();
      const bad = encodeMessage({ model_id: kit.options.modelId });
      wire.write(Buffer.concat(Array.from({ length: 100 }, () => bad)));
      for (let n = 0; n < 100; n++) refused(await wire.next(), 0);
      await kit.serve(wire);
    },
  },
];
