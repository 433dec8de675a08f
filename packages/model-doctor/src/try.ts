/** Runs a model folder on one picture, without a socket and without frame export. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkInferenceReply, type Detection } from "@vas/contracts/inference.ts";
import type { Nv12 } from "@vas/runtime-sdk/convert.ts";
import { loadEntry } from "@vas/runtime-sdk/entry.ts";
import { Frame } from "@vas/runtime-sdk/frame.ts";
import type { LoadedModel } from "@vas/runtime-sdk/model-folder.ts";
import { createHandler } from "../../../runtimes/onnx/session.ts";
import { annotate } from "./annotate.ts";
import { writePicture } from "./picture.ts";

const PYTHON_FILE = ".py";
const PYTHON = "/usr/bin/python3";
const PYTHON_SDK = fileURLToPath(new URL("../../runtime-sdk-python", import.meta.url));

export type Tried = { detections: Detection[]; tookMs: number; convertMs: number | null };

/**
 * @param parameters as an assignment's
 * @throws Error where the model cannot be loaded, throws, or answers what the contract does not allow
 */
export async function tryModel(model: LoadedModel, picture: Nv12, parameters: Record<string, unknown>): Promise<Tried> {
  const tried = String(model.entryPath).endsWith(PYTHON_FILE)
    ? await tryPython(model, picture, parameters)
    : await tryHere(model, picture, parameters);
  const checked = checkInferenceReply({
    ...{ model_id: model.yaml.model_id, camera_id: "", frame_id: 1, metadata: {}, error: null },
    detections: tried.detections,
  });
  if (!checked.ok) throw new Error(`the detections do not fit the contract: ${checked.message}`);
  return tried;
}

async function tryHere(model: LoadedModel, picture: Nv12, config: Record<string, unknown>): Promise<Tried> {
  const handler = await (model.yaml.model_type === "onnx" ? createHandler(model) : loadEntry(model));
  const frame = frameOf(picture);
  const start = performance.now();
  const detections = await handler(frame, { model, config, cameraId: "00000000-0000-4000-8000-000000000000" });
  return { detections, tookMs: performance.now() - start, convertMs: frame.convertMs };
}

function tryPython(model: LoadedModel, picture: Nv12, config: Record<string, unknown>): Promise<Tried> {
  const args = ["-B", "-m", "vas_runtime.once", model.folder, String(picture.width), String(picture.height)];
  return new Promise((resolve, reject) => {
    const child = spawn(PYTHON, [...args, JSON.stringify(config)], {
      env: { PATH: "/usr/bin:/bin", PYTHONPATH: PYTHON_SDK },
      stdio: ["pipe", "pipe", "pipe"],
    });
    let out = "";
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-8192);
    });
    child.once("error", reject);
    child.once("close", (code) => {
      if (code !== 0) return reject(new Error(said.trim() || `python3 ended with ${code}`));
      const { detections, took_ms } = JSON.parse(out) as { detections: Detection[]; took_ms: number };
      resolve({ detections, tookMs: took_ms, convertMs: null });
    });
    child.stdin.once("error", () => undefined);
    child.stdin.write(picture.y);
    child.stdin.end(picture.uv);
  });
}

/** Writes the picture with what was found. @returns a sentence where something had to be left out */
export async function writeAnnotated(
  path: string,
  picture: Nv12,
  detections: readonly Detection[],
): Promise<string | undefined> {
  const frame = frameOf(picture);
  const rgb = frame.toRgb();
  const labels = annotate(rgb, detections);
  const folder = mkdtempSync(join(tmpdir(), "model-try-"));
  try {
    let texts = 0;
    return await writePicture(path, rgb, labels, (text) => {
      const file = join(folder, `${texts++}.txt`);
      writeFileSync(file, text);
      return file;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A frame of nobody's ring. */
function frameOf(picture: Nv12): Frame {
  return new Frame({
    ...picture,
    slot: 0,
    generation: 1,
    record: {
      ...{ sequence: 2, frameId: 1, timestampNs: 0n, pts90k: 0, wallMs: Date.now(), offset: 0 },
      fullRange: picture.fullRange === true,
    },
    stillValid: () => true,
    release: () => undefined,
  });
}
