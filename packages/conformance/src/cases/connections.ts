/** Broken framing, and callers that vanish, stall or say half of what they began. None of it touches another caller. */
import { encodeMessage, MAX_REQUEST_BYTES } from "@vas/contracts/inference.ts";
import type { Case } from "../case.ts";
import { answered, refused } from "../kit.ts";
import type { Wire } from "../wire.ts";

const group = "connections";
const CALLERS = 24;
const UNREAD_REQUESTS = 200;

const LENGTHS: [name: string, length: number][] = [
  ["no bytes", 0],
  ["one byte more than 10 MiB", MAX_REQUEST_BYTES + 1],
  ["four gigabytes", 0xffff_ffff],
];

function prefix(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
}

export const CONNECTIONS: Case[] = [
  ...LENGTHS.map(
    ([name, length]): Case => ({
      group,
      name: `a message that announces ${name} gets an error reply and the end of its connection`,
      async run(kit) {
        using wire = await kit.connect();
        wire.write(prefix(length));
        refused(await wire.next(), 0);
        await wire.closed();
      },
    }),
  ),
  {
    group,
    name: "what came before a broken message is still answered",
    async run(kit) {
      using wire = await kit.connect();
      const request = kit.request();
      wire.write(Buffer.concat([encodeMessage(request), prefix(0)]));
      answered(await wire.next(), request);
      refused(await wire.next(), 0);
      await wire.closed();
    },
  },
  {
    group,
    name: "a caller that ends its side is answered or closed, and its connection ends",
    async run(kit) {
      using wire = await kit.connect();
      await kit.serve(wire);
      wire.send(kit.request());
      wire.finish();
      await wire.closed();
    },
  },
  {
    group,
    name: "a caller that ends its side inside a message is closed",
    async run(kit) {
      using wire = await kit.connect();
      wire.write(encodeMessage(kit.request()).subarray(0, 60));
      wire.finish();
      await wire.closed();
    },
  },
  {
    group,
    name: "callers that connect and say nothing, or half a message, hold up nobody",
    async run(kit) {
      const wires: Wire[] = [];
      try {
        for (let n = 0; n < CALLERS; n++) {
          const wire = await kit.connect();
          wires.push(wire);
          if (n % 3 === 1) wire.write(prefix(MAX_REQUEST_BYTES));
          if (n % 3 === 2) wire.write(encodeMessage(kit.request()).subarray(0, 40));
        }
        await kit.serveAlone();
      } finally {
        for (const wire of wires) wire[Symbol.dispose]();
      }
    },
  },
  {
    group,
    name: "callers that ask and vanish hold up nobody",
    async run(kit) {
      for (let n = 0; n < CALLERS; n++) {
        using wire = await kit.connect();
        wire.send(kit.request());
      }
      await kit.serveAlone();
    },
  },
  {
    group,
    name: "a caller that asks and asks and reads nothing holds up nobody",
    async run(kit) {
      using deaf = await kit.connect();
      deaf.pause();
      const request = kit.request();
      for (let n = 0; n < UNREAD_REQUESTS; n++) deaf.send({ ...request, frame_metadata: null, n });
      await kit.serveAlone();
    },
  },
  {
    group,
    name: "a connection that was used before is good for as long as it is open",
    async run(kit) {
      using wire = await kit.connect();
      for (let n = 0; n < 20; n++) await kit.serve(wire);
    },
  },
];
