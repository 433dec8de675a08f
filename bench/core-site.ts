/** A Core process between synthetic exports and a VAS that takes everything, for the benches of Core. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Assignment, CoreMetrics } from "@vas/contracts/http.ts";
import { checkCoreMessage } from "@vas/contracts/results.ts";
import { FakeRing } from "@vas/testkit/fake-ring.ts";
import { REPOSITORY } from "@vas/testkit/site.ts";
import { WebSocketServer } from "ws";

const KEY = "bench";
/** As in core.Dockerfile: V8 lets the young generation grow to 64 MiB, however little of it lives. */
const YOUNG = "--max-semi-space-size=4";
const TIME = "2026-01-01T00:00:00.000Z";

export type CoreSite = {
  readonly socketDir: string;
  readonly shmDir: string;
  readonly cameras: string[];
  /** Folder of a model. */
  modelDir(modelId: string): string;
  /** Process id of Core. */
  readonly pid: number;
  /** What Core reported last. */
  metrics(): CoreMetrics | null;
  /** Bytes that each full collection of Core left so far. */
  live(): readonly number[];
  /** Results that VAS got. */
  results(): number;
  stop(): Promise<void>;
};

/**
 * @param cameraFps frames a second that every camera exports
 * @param wishes models, each assigned to every camera
 */
export async function startCoreSite(
  cameraCount: number,
  cameraFps: number,
  wishes: { modelId: string; maxFps: number }[],
): Promise<CoreSite> {
  const folder = mkdtempSync(join(tmpdir(), "bench-core-"));
  const dir = (name: string) => join(folder, name);
  for (const name of ["shm", "sockets", "models"]) mkdirSync(dir(name));
  for (const { modelId } of wishes) {
    mkdirSync(join(dir("models"), modelId));
    const yaml = `model_id: ${modelId}\nmodel_name: Bench\nmodel_version: "1"\nmodel_type: module\nentry: handler.ts\n`;
    writeFileSync(join(dir("models"), modelId, "model.yaml"), yaml);
    writeFileSync(join(dir("models"), modelId, "handler.ts"), "export const handler = () => [];\n");
  }
  const cameras = Array.from({ length: cameraCount }, () => randomUUID());
  const rings = cameras.map((id) => new FakeRing(dir("shm"), id));
  const assignments: Assignment[] = cameras.flatMap((camera_id) =>
    wishes.map(({ modelId, maxFps }) => ({
      camera_id,
      model_id: modelId,
      enabled: true,
      desired_fps: maxFps,
      priority: 0,
      parameters: {},
      created_at: TIME,
      updated_at: TIME,
    })),
  );
  let metrics: CoreMetrics | null = null;
  let results = 0;
  const http = createServer((request, response) => {
    const at = Number(new URL(request.url ?? "", "http://vas").searchParams.get("cursor") ?? 0);
    const next_cursor = at + 200 < assignments.length ? String(at + 200) : null;
    response.end(JSON.stringify({ items: assignments.slice(at, at + 200), next_cursor }));
  });
  new WebSocketServer({ server: http }).on("connection", (socket) =>
    socket.on("message", (data: Buffer) => {
      const checked = checkCoreMessage(JSON.parse(data.toString()));
      if (!checked.ok) throw new Error(`Core sent what is no message: ${checked.message}`);
      if (checked.value.type === "metrics") metrics = checked.value.metrics;
      if (checked.value.type === "results") results += checked.value.results.length;
      socket.send(JSON.stringify({ ack: checked.value.id }));
    }),
  );
  http.listen(0, "127.0.0.1");
  await once(http, "listening");

  // Cameras are not in step: each tick of 1 ms writes those that are due.
  const startMs = performance.now();
  const written = rings.map(() => 0);
  const writing = setInterval(() => {
    const elapsedMs = performance.now() - startMs;
    for (const [index, ring] of rings.entries()) {
      const due = Math.floor(((elapsedMs + (index * 1000) / cameraFps / rings.length) * cameraFps) / 1000);
      if ((written[index] ?? 0) >= due) continue;
      written[index] = due;
      const wallMs = Date.now();
      ring.write({ timestampNs: process.hrtime.bigint(), pts90k: wallMs * 90, wallMs });
    }
  }, 1);

  const core: ChildProcess = spawn(
    process.execPath,
    [YOUNG, "--trace-gc", join(REPOSITORY, "apps/ruth-core/src/main.ts")],
    {
      cwd: folder,
      stdio: ["pipe", "pipe", process.env.BENCH_LOG ? "inherit" : "ignore"],
      env: {
        PATH: process.env.PATH ?? "",
        VAS_URL: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
        VAS_SERVICE_KEY: KEY,
        VAS_SHM_DIR: dir("shm"),
        RUTH_MODELS_DIR: dir("models"),
        RUTH_SOCKET_DIR: dir("sockets"),
        RUTH_EXIT_WITH_STDIN: "1",
      },
    },
  );
  // What V8 says of each full collection: the bytes that were left.
  const live: number[] = [];
  core.stdout?.setEncoding("utf8").on("data", (text: string) => {
    for (const [, left] of text.matchAll(/Mark-Compact[^\n]*? -> ([\d.]+) \(/g)) live.push(Number(left) * 1024 * 1024);
  });
  const exited = once(core, "exit");
  return {
    socketDir: dir("sockets"),
    shmDir: dir("shm"),
    cameras,
    modelDir: (modelId) => join(dir("models"), modelId),
    get pid() {
      if (core.exitCode !== null) throw new Error(`Core ended [code:${core.exitCode}]`);
      return core.pid as number;
    },
    metrics: () => metrics,
    live: () => live,
    results: () => results,
    async stop() {
      clearInterval(writing);
      core.kill("SIGTERM");
      await exited;
      http.closeAllConnections();
      http.close();
      for (const ring of rings) ring.remove();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Nanoseconds on a processor of all threads of a process; proc(5), schedstat. */
export function cpuNs(pid: number): number {
  let sum = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`))
    sum += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
  return sum;
}

/** Bytes of a process that are its own: resident and not of a file; proc(5), status. */
export function ownBytes(pid: number): number {
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
