/** Pictures in and out, through FFmpeg: anything it decodes becomes one NV12 frame, and RGB becomes a PNG. */
import { spawn } from "node:child_process";
import type { Nv12 } from "@vas/runtime-sdk/convert.ts";

const MAX_BYTES = 256 * 1024 * 1024;
const TO_VIDEO = "scale=w=trunc(iw/2)*2:h=trunc(ih/2)*2:out_range=tv:out_color_matrix=bt601,format=yuv420p";

/**
 * Reads the first picture of a file, or of bytes that hold one.
 *
 * @throws Error with FFmpeg's own words where it cannot be decoded
 */
export async function readPicture(from: string | Uint8Array): Promise<Nv12> {
  const input = typeof from === "string" ? `file:${from}` : "pipe:0";
  const args = ["-i", input, "-frames:v", "1", "-vf", TO_VIDEO, "-c:v", "pgmyuv", "-f", "image2pipe", "pipe:1"];
  return fromPgmYuv(await run(args, typeof from === "string" ? undefined : from));
}

/** FFmpeg's PGMYUV: a header, the luma, then rows of half as many U beside V. */
function fromPgmYuv(bytes: Buffer): Nv12 {
  const header = /^P5\s+(\d+)\s+(\d+)\s+255\s/.exec(bytes.subarray(0, 64).toString("latin1"));
  if (header === null) throw new Error("FFmpeg gave no picture");
  const width = Number(header[1]);
  const height = (Number(header[2]) * 2) / 3;
  const pixels = bytes.subarray(header[0].length);
  const y = new Uint8Array(pixels.subarray(0, width * height));
  const uv = new Uint8Array((width * height) / 2);
  for (let row = 0; row < height / 2; row++)
    for (let column = 0; column < width / 2; column++) {
      const from = width * (height + row) + column;
      uv[row * width + column * 2] = pixels[from] as number;
      uv[row * width + column * 2 + 1] = pixels[from + width / 2] as number;
    }
  return { y, uv, width, height, stride: width };
}

export type Label = { x: number; y: number; text: string; color: string };

/**
 * Writes an RGB picture with labels.
 *
 * @param writeText puts a text into a file and gives its path; FFmpeg's filters take hostile text from files only
 * @returns a sentence where the labels could not be drawn and were left out
 */
export async function writePicture(
  path: string,
  rgb: { data: Uint8Array; width: number; height: number },
  labels: readonly Label[],
  writeText: (text: string) => string,
): Promise<string | undefined> {
  const size = Math.max(12, Math.round(rgb.height / 36));
  const draw = labels.map(
    ({ x, y, text, color }) =>
      `drawtext=textfile='${writeText(text)}':expansion=none:fontsize=${size}:fontcolor=white:box=1:boxborderw=2:boxcolor=${color}:x=${Math.round(x)}:y=${Math.max(0, Math.round(y) - size - 4)}`,
  );
  const args = (filters: string[]) => [
    ...["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", `${rgb.width}x${rgb.height}`, "-i", "pipe:0", "-frames:v", "1"],
    ...(filters.length > 0 ? ["-vf", filters.join(",")] : []),
    ...["-update", "1", "-y", `file:${path}`],
  ];
  try {
    await run(args(draw), rgb.data);
    return undefined;
  } catch (thrown) {
    if (draw.length === 0) throw thrown;
    await run(args([]), rgb.data);
    return `the labels could not be drawn (${(thrown as Error).message})`;
  }
}

function run(args: string[], stdin: Uint8Array | undefined): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn("ffmpeg", ["-v", "error", "-nostdin", "-protocol_whitelist", "file,pipe", ...args], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    const out: Buffer[] = [];
    let size = 0;
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BYTES) out.push(chunk);
      else child.kill("SIGKILL");
    });
    child.stderr.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4096);
    });
    child.once("error", (error) => reject(new Error(`ffmpeg cannot be started: ${error.message}; install ffmpeg`)));
    child.once("close", (code) => {
      if (size > MAX_BYTES) reject(new Error(`the picture is too large [max bytes:${MAX_BYTES}]`));
      else if (code === 0) resolve(Buffer.concat(out));
      else reject(new Error(`ffmpeg ended with ${code}: ${said.trim().replaceAll(/\s*\n\s*/g, "; ")}`));
    });
    // FFmpeg may end before it has read everything; its exit code says what that means.
    child.stdin.once("error", () => undefined);
    child.stdin.end(stdin);
  });
}
