/** What the measurements of frame export share. */
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Milliseconds on a processor of all threads of these processes; proc(5), schedstat. */
export function cpuMs(pids: number[]): number {
  let sum = 0;
  for (const pid of pids)
    for (const thread of readdirSync(`/proc/${pid}/task`))
      sum += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
  return sum / 1e6;
}

/** Resident kilobytes of a process. */
export function residentKb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

/** A long MPEG-TS clip: 20 s of a moving test picture as H.264, encoded once and repeated by copy. */
export function makeClip(path: string, size: string, fps: number, seconds: number): void {
  const short = `${path}.short.ts`;
  execFileSync("ffmpeg", [
    ...`-v error -f lavfi -i testsrc2=size=${size}:rate=${fps}:duration=20 -vf noise=alls=6:allf=t`.split(" "),
    ...`-pix_fmt yuv420p -c:v libx264 -preset veryfast -bf 0 -g ${2 * fps} -b:v 4M ${short}`.split(" "),
  ]);
  execFileSync("ffmpeg", `-v error -stream_loop ${Math.ceil(seconds / 20)} -i ${short} -c copy ${path}`.split(" "));
}
