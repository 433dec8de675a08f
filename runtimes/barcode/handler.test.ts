import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { callRuntime, createTestRing, requestFor } from "@vas/runtime-sdk/testing/ring.ts";
import { median, type ServedModel, serveModel } from "@vas/runtime-sdk/testing/serve.ts";
import { prepareZXingModule, type WriteInputBarcodeFormat, writeBarcode } from "zxing-wasm/writer";
import { createHandler } from "./handler.ts";

let server: ServedModel;

before(async () => {
  const wasm = readFileSync(fileURLToPath(import.meta.resolve("zxing-wasm/writer/zxing_writer.wasm")));
  await prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(wasm).buffer }, fireImmediately: true });
  // Nothing may be fetched: not by the reader's own module loading, not at the first frame.
  globalThis.fetch = () => Promise.reject(new Error("a runtime works offline"));
  server = await serveModel(import.meta.dirname, createHandler);
});
after(() => server.end());

/** An NV12 picture in limited range. */
function canvas(width: number, height: number) {
  const nv12 = new Uint8Array(width * height * 1.5).fill(128);
  nv12.fill(190, 0, width * height);
  return {
    nv12,
    /** Draws a code with so many pixels a module; one-dimensional codes are stretched downwards to `tall`. */
    async draw(format: WriteInputBarcodeFormat, text: string, module: number, x: number, y: number, tall?: number) {
      const { symbol, error } = await writeBarcode(text, { format });
      assert.equal(error, "");
      const high = tall ?? symbol.height * module;
      for (let row = 0; row < high; row++)
        for (let column = 0; column < symbol.width * module; column++) {
          const line = tall === undefined ? Math.floor(row / module) : 0;
          const dark = symbol.data[line * symbol.width + Math.floor(column / module)] === 0;
          nv12[(y + row) * width + x + column] = dark ? 30 : 225;
        }
      return { width: symbol.width * module, height: high };
    },
  };
}

test("a QR code and an EAN are read with their text, format and place", async () => {
  const size = { width: 768, height: 432 };
  const ring = createTestRing(server.shmDir, { ...size, stride: 800 });
  const caller = await callRuntime(server.path);
  const picture = canvas(size.width, size.height);
  const qr = await picture.draw("QRCode", "vas frame 123456", 4, 96, 100);
  await picture.draw("EAN13", "4006381333931", 2, 400, 300, 60);
  const metadata = ring.write(picture.nv12);
  const reply = await caller.ask(requestFor(ring, "barcode", metadata));
  assert.equal(reply.error, null);
  const byFormat = Object.fromEntries(reply.detections.map((found) => [found.class_name, found]));
  assert.deepEqual(Object.keys(byFormat).sort(), ["EAN13", "QRCode"]);
  assert.equal(byFormat.EAN13?.text, "4006381333931");
  const code = byFormat.QRCode;
  assert.equal(code?.text, "vas frame 123456");
  assert.equal(code.class_id, 0);
  const expected = [96 / 768, 100 / 432, (96 + qr.width) / 768, (100 + qr.height) / 432];
  for (const [at, value] of code.bbox.entries())
    assert.ok(Math.abs(value - (expected[at] as number)) < 0.01, `${code.bbox} is not ${expected}`);
  assert.equal(code.polygon?.length, 4);
  const only = await caller.ask(requestFor(ring, "barcode", metadata, { formats: ["EAN13"], max_symbols: 1 }));
  assert.deepEqual(
    only.detections.map((found) => found.class_name),
    ["EAN13"],
  );
  caller.close();
  ring.close();
});

test("further formats, other frame sizes and pictures without a code are handled", async () => {
  const caller = await callRuntime(server.path);
  for (const [format, text, width, height] of [
    ["DataMatrix", "pallet 7", 320, 240],
    ["Code128", "BOX-42", 640, 360],
    ["Aztec", "gate 3", 400, 300],
  ] as const) {
    const ring = createTestRing(server.shmDir, { width, height });
    const picture = canvas(width, height);
    await picture.draw(format, text, format === "Code128" ? 2 : 5, 64, 60, format === "Code128" ? 80 : undefined);
    const reply = await caller.ask(requestFor(ring, "barcode", ring.write(picture.nv12)));
    assert.deepEqual(
      reply.detections.map((found) => found.text),
      [text],
      `${format}: ${reply.error}`,
    );
    const nothing = await caller.ask(requestFor(ring, "barcode", ring.write(canvas(width, height).nv12)));
    assert.deepEqual([nothing.error, nothing.detections], [null, []]);
    ring.close();
  }
  caller.close();
});

test("how long a frame takes is printed", async () => {
  const caller = await callRuntime(server.path);
  for (const [width, height] of [
    [640, 360],
    [768, 432],
    [1920, 1080],
  ] as const) {
    const ring = createTestRing(server.shmDir, { width, height });
    const picture = canvas(width, height);
    await picture.draw("QRCode", "vas frame 123456", 4, 96, 100);
    const metadata = ring.write(picture.nv12);
    for (const try_harder of [true, false]) {
      const took: number[] = [];
      let reply = await caller.ask(requestFor(ring, "barcode", metadata, { try_harder }));
      for (let round = 0; round < 10; round++) {
        reply = await caller.ask(requestFor(ring, "barcode", metadata, { try_harder }));
        took.push((reply.metadata.inference_ms ?? 0) + (reply.metadata.preprocess_ms ?? 0));
      }
      process.stdout.write(
        `barcode ${width}x${height} try_harder ${try_harder}: median ${median(took).toFixed(1)} ms a frame, of it ${reply.metadata.preprocess_ms} ms conversion\n`,
      );
      assert.equal(reply.detections.length, 1);
    }
    ring.close();
  }
  caller.close();
});
