/** A whole backend on a free port, with a real store in a folder of its own and the kernel in memory. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { systemClock } from "@vas/base/clock.ts";
import { createLog } from "@vas/base/log.ts";
import { loadConfig } from "../../config.ts";
import type { KernelListener, SegmentRecord } from "../../kernel/index.ts";
import type { Doctor } from "../context.ts";
import { openSite, type Site } from "../site.ts";
import { MemoryKernel } from "./kernel.ts";

export const PASSWORD = "correct-horse-battery";
export const MOMENT = Date.parse("2026-03-01T12:00:00.000Z");

export type TestSite = Site & {
  kernel: MemoryKernel;
  listener: KernelListener;
  /** Every line that was logged. */
  logged: string[];
  dataDir: string;
  url: string;
  /** A request with the administrator's cookie. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  cookie: string;
};

export type TestSiteOptions = {
  env?: Record<string, string>;
  dataDir?: string;
  pingMs?: number;
  before?: (kernel: MemoryKernel) => void;
  doctor?: Doctor;
};

export async function openTestSite(t: TestContext, options: TestSiteOptions = {}): Promise<TestSite> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), "vas-site-"));
  const loaded = loadConfig({
    VAS_DATA_DIR: dataDir,
    VAS_HTTP_PORT: "0",
    VAS_ADMIN_PASSWORD: PASSWORD,
    VAS_WEB_DIR: join(dataDir, "web"),
    // The kernel in memory starts neither of these.
    VAS_FFMPEG: process.execPath,
    MEDIASOUP_WORKER_BIN: process.execPath,
    ...options.env,
  });
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  const logged: string[] = [];
  const kernel = new MemoryKernel(loaded.config.mediaDir);
  options.before?.(kernel);
  let listener: KernelListener | undefined;
  const site = await openSite({
    config: loaded.config,
    log: createLog((line) => logged.push(line), "debug"),
    clock: systemClock,
    openKernel: async (told) => {
      listener = told;
      return kernel;
    },
    ...(options.doctor ? { doctor: options.doctor } : {}),
    ...(options.pingMs ? { pingMs: options.pingMs } : {}),
  });
  t.after(() => site.close());
  const url = await site.app.listen({ host: "127.0.0.1", port: 0 });
  await site.start();
  const cookie = await logIn(url);
  const call: TestSite["call"] = (method, path, body, headers) =>
    fetch(url + path, {
      method,
      headers: { cookie, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  return { ...site, kernel, listener: listener as KernelListener, logged, dataDir, url, cookie, call };
}

/** @returns the session cookie */
export async function logIn(url: string, username = "admin", password = PASSWORD): Promise<string> {
  const response = await fetch(`${url}/api/v1/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username, password }),
  });
  if (response.status !== 200) throw new Error(`login failed: ${await response.text()}`);
  return (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}

/** Ten seconds of recording, `index` times ten seconds after MOMENT. */
export function makeSegment(cameraId: string, index: number, fields: Partial<SegmentRecord> = {}): SegmentRecord {
  const startWallMs = MOMENT + index * 10_000;
  return {
    id: crypto.randomUUID(),
    cameraId,
    runId: "00000000-0000-4000-8000-000000000001",
    path: `recordings/${cameraId}/${index}.mp4`,
    startWallMs,
    endWallMs: startWallMs + 10_000,
    startPts90k: startWallMs * 90,
    endPts90k: (startWallMs + 10_000) * 90,
    sizeBytes: 1000,
    initBytes: 100,
    codec: "avc1.64001f",
    width: 640,
    height: 360,
    open: false,
    ...fields,
  };
}

/** @returns the id of a camera that was created over HTTP */
export async function addCamera(site: TestSite, fields: Record<string, unknown> = {}): Promise<string> {
  const response = await site.call("POST", "/api/v1/cameras", {
    name: "Yard",
    rtsp_url: "rtsp://192.0.2.1/main",
    ...fields,
  });
  const body = (await response.json()) as { id: string };
  if (response.status !== 201) throw new Error(JSON.stringify(body));
  return body.id;
}

/** @returns the id and the session cookie of a user that was created over HTTP; its password is PASSWORD */
export async function addUser(
  site: TestSite,
  fields: { role: string; all_cameras?: boolean; camera_ids?: string[] },
): Promise<{ id: string; username: string; cookie: string }> {
  const username = `user-${crypto.randomUUID()}`;
  const response = await site.call("POST", "/api/v1/users", { username, password: PASSWORD, ...fields });
  const { id } = (await response.json()) as { id: string };
  if (response.status !== 201) throw new Error(`a user was not made [status:${response.status}]`);
  return { id, username, cookie: await logIn(site.url, username) };
}
