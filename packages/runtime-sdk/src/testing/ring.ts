/** A plain W1 writer and W2 caller for tests of runtimes. The product's writer is VAS's own. */
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { closeSync, mkdirSync, mkdtempSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  FRAME_DATA_FILE,
  FRAME_META_FILE,
  type FrameGeometry,
  HEADER,
  metaSize,
  nv12Size,
  RANGE_FULL,
  SLOT,
  slotRecordOffset,
  writeHeader,
} from "@vas/contracts/frames.ts";
import {
  encodeMessage,
  type FrameMetadata,
  type InferenceReply,
  type InferenceRequest,
  MAX_REPLY_BYTES,
  MessageDecoder,
} from "@vas/contracts/inference.ts";

let generations = Date.now();

export type TestRing = {
  folder: string;
  cameraId: string;
  geometry: FrameGeometry;
  /** Writes one frame (rows without padding) into the next slot, by the order that W1 prescribes. */
  write(nv12: Uint8Array, fullRange?: boolean): FrameMetadata;
  /** Marks a slot as being written, as it is in the midst of a frame. */
  begin(slot: number): void;
  /** Overwrites bytes of frame.meta, for the tests of broken files. */
  patchMeta(at: number, bytes: Uint8Array): void;
  close(): void;
};

/** A temporary folder that plays VAS_SHM_DIR, and one for sockets. */
export function testFolders(): { shmDir: string; socketDir: string; remove(): void } {
  const root = mkdtempSync(join(tmpdir(), "rt-"));
  const shmDir = join(root, "shm");
  const socketDir = join(root, "s");
  mkdirSync(shmDir);
  mkdirSync(socketDir);
  return { shmDir, socketDir, remove: () => rmSync(root, { recursive: true, force: true }) };
}

/** Makes (or makes anew, by rename) the two files of a camera. */
export function createTestRing(
  shmDir: string,
  size: { width: number; height: number; stride?: number; slotCount?: number },
  cameraId: string = randomUUID(),
): TestRing {
  const stride = size.stride ?? size.width;
  const slotCount = size.slotCount ?? 4;
  const { width, height } = size;
  const dataSize = nv12Size(stride, height);
  const geometry = { width, height, stride, dataSize, slotCount, generation: ++generations };
  const folder = join(shmDir, cameraId);
  mkdirSync(folder, { recursive: true });
  const header = new DataView(new ArrayBuffer(metaSize(slotCount)));
  writeHeader(header, geometry);
  const fresh = { data: join(folder, ".data"), meta: join(folder, ".meta") };
  writeFileSync(fresh.data, new Uint8Array(dataSize * slotCount));
  writeFileSync(fresh.meta, new Uint8Array(header.buffer));
  const data = openSync(fresh.data, "r+");
  const meta = openSync(fresh.meta, "r+");
  renameSync(fresh.data, join(folder, FRAME_DATA_FILE));
  renameSync(fresh.meta, join(folder, FRAME_META_FILE));
  const sequences = Array.from({ length: slotCount }, () => 0);
  let frames = 0;
  const u64 = (value: number | bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return bytes;
  };
  const patchMeta = (at: number, bytes: Uint8Array) => void writeSync(meta, bytes, 0, bytes.length, at);
  const setSequence = (slot: number, step: number) => {
    const sequence = (sequences[slot] as number) + step;
    sequences[slot] = sequence;
    patchMeta(slotRecordOffset(slot) + SLOT.sequence, u64(sequence));
    return sequence;
  };
  return {
    folder,
    cameraId,
    geometry,
    patchMeta,
    begin: (slot) => void setSequence(slot, (sequences[slot] as number) % 2 === 0 ? 1 : 2),
    write(nv12, fullRange = false) {
      const slot = frames++ % slotCount;
      const record = slotRecordOffset(slot);
      const offset = slot * dataSize;
      const timestampNs = process.hrtime.bigint();
      const wallMs = Date.now();
      const pts90k = frames * 9000;
      if ((sequences[slot] as number) % 2 === 0) setSequence(slot, 1);
      for (let row = 0; row < height * 1.5; row++) writeSync(data, nv12, row * width, width, offset + row * stride);
      patchMeta(record + SLOT.frameId, u64(frames));
      patchMeta(record + SLOT.timestampNs, u64(timestampNs));
      patchMeta(record + SLOT.pts90k, u64(pts90k));
      patchMeta(record + SLOT.wallMs, u64(wallMs));
      patchMeta(record + SLOT.offset, u64(offset));
      patchMeta(record + SLOT.range, Uint8Array.of(fullRange ? RANGE_FULL : 0, 0, 0, 0));
      const sequence = setSequence(slot, 1);
      patchMeta(HEADER.timestampNs, u64(timestampNs));
      const newest = Buffer.alloc(4);
      newest.writeUInt32LE(slot);
      patchMeta(HEADER.newestSlot, newest);
      patchMeta(HEADER.frameId, u64(frames));
      return {
        frame_id: frames,
        slot,
        offset,
        sequence,
        generation: geometry.generation,
        width,
        height,
        stride,
        data_size: dataSize,
        format: "NV12",
        timestamp_ns: String(timestampNs),
        pts90k,
        wall_ms: wallMs,
      };
    },
    close() {
      closeSync(data);
      closeSync(meta);
    },
  };
}

/** A whole request for a frame. */
export function requestFor(
  ring: TestRing,
  modelId: string,
  metadata: FrameMetadata,
  config?: Record<string, unknown>,
): InferenceRequest {
  return {
    frame_reference: ring.folder,
    frame_metadata: metadata,
    camera_id: ring.cameraId,
    model_id: modelId,
    timestamp: Date.now() / 1000,
    ...(config && { config }),
  };
}

export type TestCaller = {
  socket: Socket;
  /** Sends bytes as they are. */
  send(bytes: Buffer): void;
  /** The next reply, in order. Rejects when the connection closes or nothing arrives under the watchdog. */
  next(): Promise<InferenceReply>;
  ask(request: unknown): Promise<InferenceReply>;
  closed: Promise<void>;
  close(): void;
};

/** Connects to a runtime. */
export async function callRuntime(path: string, watchdogMs = 20_000): Promise<TestCaller> {
  const socket = connect(path);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  const decoder = new MessageDecoder(MAX_REPLY_BYTES);
  const replies: InferenceReply[] = [];
  const waiting: { resolve(reply: InferenceReply): void; reject(error: Error): void }[] = [];
  socket.on("data", (chunk) => {
    const messages = decoder.push(chunk);
    if (typeof messages === "string") throw new Error(messages);
    for (const message of messages) {
      const reply = JSON.parse(message.toString("utf8")) as InferenceReply;
      const first = waiting.shift();
      if (first) first.resolve(reply);
      else replies.push(reply);
    }
  });
  socket.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => {
      for (const { reject } of waiting.splice(0)) reject(new Error("the runtime closed the connection"));
      resolve();
    });
  });
  const next = () =>
    new Promise<InferenceReply>((resolve, reject) => {
      const reply = replies.shift();
      if (reply) return resolve(reply);
      if (socket.destroyed) return reject(new Error("the runtime closed the connection"));
      const timer = setTimeout(() => reject(new Error(`no reply within ${watchdogMs} ms`)), watchdogMs);
      waiting.push({
        resolve: (value) => {
          clearTimeout(timer);
          resolve(value);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
    });
  return {
    socket,
    send: (bytes) => void socket.write(bytes),
    next,
    ask(request) {
      socket.write(encodeMessage(request));
      return next();
    },
    closed,
    close: () => socket.destroy(),
  };
}

/** Decodes frames of a video file to NV12, one Buffer a frame, every `everySeconds`. */
export function decodeFrames(
  file: string,
  size: { width: number; height: number },
  options: { everySeconds: number; count: number; fromSeconds?: number },
): Buffer[] {
  const { width, height } = size;
  const filter = `fps=1/${options.everySeconds},scale=${width}:${height}`;
  const args = `-v error -ss ${options.fromSeconds ?? 0} -i`.split(" ");
  args.push(file, ...`-vf ${filter} -frames:v ${options.count} -pix_fmt nv12 -f rawvideo -`.split(" "));
  const raw = execFileSync("ffmpeg", args, { maxBuffer: 1024 * 1024 * 1024 });
  const bytes = nv12Size(width, height);
  return Array.from({ length: Math.floor(raw.length / bytes) }, (_, at) => raw.subarray(at * bytes, (at + 1) * bytes));
}

/** Waits until a condition holds. */
export async function until(what: string, holds: () => boolean, watchdogMs = 20_000): Promise<void> {
  const end = performance.now() + watchdogMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`still missing after ${watchdogMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
