/** What a runtime does all day. */
import { closeSync, constants, openSync, readSync } from "node:fs";
import { dirname } from "node:path";
import {
  checkHeartbeat,
  encodeMessage,
  HEARTBEAT_STALE_MS,
  heartbeatPath,
  type InferenceRequest,
  MAX_REQUEST_BYTES,
  socketPath,
} from "@vas/contracts/inference.ts";
import { type Case, Nonconformity, require } from "../case.ts";
import { answered, modeOf } from "../kit.ts";
import type { Wire } from "../wire.ts";

const group = "serving";
const PIPELINED = 6;
const CONNECTIONS = 16;
const ROUNDS = 3;
const SAMPLES = 10;
const MAX_HEARTBEAT_BYTES = 16 * 1024;

/** Without this one nothing else can be said of a runtime. */
export const GATE: Case = {
  group,
  name: "a request is answered with one valid reply to it",
  async run(kit) {
    await kit.serveAlone();
  },
};

export const SERVING: Case[] = [
  {
    group,
    name: "a reply comes within the deadline of its caller",
    async run(kit) {
      using wire = await kit.connect();
      for (let n = 0; n < SAMPLES; n++) {
        const start = performance.now();
        await kit.serve(wire);
        const tookMs = Math.round(performance.now() - start);
        const { deadlineMs } = kit.options;
        require(tookMs <= deadlineMs, `a reply took too long [deadline ms:${deadlineMs}, found:${tookMs}]`);
      }
    },
  },
  {
    group,
    name: "requests on one connection are answered in their order, each once",
    async run(kit) {
      using wire = await kit.connect();
      // Fewer than the ring has slots: every frame must still be there when its turn comes.
      const requests = Array.from({ length: PIPELINED }, () => kit.request());
      for (const request of requests) wire.send(request);
      for (const request of requests) answered(await wire.next(), request);
      await kit.serve(wire);
      require(wire.unread === 0, `more replies than requests [unasked:${wire.unread}]`);
    },
  },
  {
    group,
    name: "nothing is sent that nobody asked for",
    async run(kit) {
      using quiet = await kit.connect();
      using asked = await kit.connect();
      await kit.serve(asked);
      for (let n = 0; n < ROUNDS; n++) await kit.serveAlone();
      require(quiet.unread === 0, "a connection without a request got a reply");
      require(asked.unread === 0, `a connection got a second reply to one request [unasked:${asked.unread}]`);
      require(!quiet.isClosed && !asked.isClosed, "an idle connection was closed");
    },
  },
  {
    group,
    name: `${CONNECTIONS} connections are served side by side, each with its own answers`,
    async run(kit) {
      const wires: Wire[] = [];
      try {
        for (let n = 0; n < CONNECTIONS; n++) wires.push(await kit.connect());
        for (let round = 0; round < ROUNDS; round++) {
          const frame = kit.ring.write();
          const sent: [Wire, InferenceRequest][] = wires.map((wire) => [wire, kit.request(frame)]);
          for (const [wire, request] of sent) wire.send(request);
          for (const [wire, request] of sent) answered(await wire.next(), request);
        }
      } finally {
        for (const wire of wires) wire[Symbol.dispose]();
      }
    },
  },
  {
    group,
    name: "two cameras are served in turn, and a frame gets the same answer before and after another camera's",
    async run(kit) {
      using other = kit.newRing();
      using wire = await kit.connect();
      const frame = kit.ring.write();
      const first = await kit.serve(wire, kit.request(frame));
      await kit.serve(wire, kit.request(other.write(), other));
      const again = await kit.serve(wire, kit.request(frame));
      const labels = (reply: typeof first) => reply.detections.map((one) => one.class_name).join();
      require(labels(first) ===
        labels(again), `one frame, two answers [first:${labels(first)}, then:${labels(again)}]`);
    },
  },
  {
    group,
    name: "a request without config is served, and one with fields nobody knows",
    async run(kit) {
      using wire = await kit.connect();
      const { config: _none, ...plain } = kit.request();
      await kit.serve(wire, plain);
      const request = kit.request();
      const frame_metadata = { ...request.frame_metadata, of_a_later_version: 1 };
      await kit.serve(wire, { ...request, frame_metadata, of_a_later_version: { a: [1] } } as InferenceRequest);
    },
  },
  {
    group,
    name: "a request that arrives in pieces is served, and two in one write",
    async run(kit) {
      using wire = await kit.connect();
      const request = kit.request();
      await wire.writeInPieces(encodeMessage(request), 25);
      answered(await wire.next(), request);
      const [one, two] = [kit.request(), kit.request()];
      wire.write(Buffer.concat([encodeMessage(one), encodeMessage(two)]));
      answered(await wire.next(), one);
      answered(await wire.next(), two);
    },
  },
  {
    group,
    name: "a request of 10 MiB is served",
    async run(kit) {
      using wire = await kit.connect();
      const request = { ...kit.request(), padding: "" };
      request.padding = "x".repeat(MAX_REQUEST_BYTES - Buffer.byteLength(JSON.stringify(request)));
      wire.send(request);
      answered(await wire.next(), request);
    },
  },
  {
    group,
    name: "the socket has its name and is its owner's only",
    async run(kit) {
      const { socket, modelId } = kit.options;
      require(socket === socketPath(dirname(socket), modelId), `the socket's name is not vas_model_${modelId}.sock`);
      const mode = modeOf(socket);
      require(mode === 0o600, `the socket's mode is not 0600 [found:0${mode.toString(8)}]`);
    },
  },
  {
    group,
    name: "a fresh and valid heartbeat lies beside the socket",
    async run(kit) {
      const { socket, modelId } = kit.options;
      const path = heartbeatPath(dirname(socket), modelId);
      const checked = checkHeartbeat(readJson(path));
      require(checked.ok, `the heartbeat is not valid: ${checked.ok ? "" : checked.message}`);
      require(checked.value.model_id === modelId, `the heartbeat is another model's [${checked.value.model_id}]`);
      const ageMs = Date.now() - Date.parse(checked.value.timestamp);
      require(Math.abs(ageMs) < HEARTBEAT_STALE_MS, `the heartbeat is not fresh [age ms:${ageMs}]`);
    },
  },
];

function readJson(path: string): unknown {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const bytes = Buffer.alloc(MAX_HEARTBEAT_BYTES);
    const length = readSync(file, bytes, 0, bytes.length, 0);
    closeSync(file);
    return JSON.parse(bytes.toString("utf8", 0, length));
  } catch (thrown) {
    throw new Nonconformity(`the heartbeat ${path} cannot be read: ${(thrown as Error).message}`);
  }
}
