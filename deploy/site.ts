/**
 * The launcher behind `npm start` and `npm run demo`: one site on this machine, every part a child process that dies
 * with it. It restarts nothing: a model or Core that dies is told once, and when VAS dies the launcher ends too.
 *
 *   node deploy/site.ts start
 *   node deploy/site.ts demo [--video FILE]
 *
 * Exit codes: 0 ended on request, 1 could not start, 2 wrong arguments, else VAS's own.
 */
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { AiModelList, AssignmentPage, AssignmentPut, Camera, CameraStatus } from "@vas/contracts/http.ts";
import type { Api } from "@vas/testkit/api.ts";
import { nextFreePorts, spawnTied, waitFor, within } from "@vas/testkit/processes.ts";
import { type Part, REPOSITORY, type Site, startSite } from "@vas/testkit/site.ts";

const DEFAULT_HTTP_PORT = 8080;
const DEFAULT_RTC_PORT = 44_400;
const LOOK_FOR_MODELS_MS = 2_000;
const CAMERA_NAME = "Test camera";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { video: { type: "string" } } });
const mode = positionals[0];
if (
  (mode !== "start" && mode !== "demo") ||
  positionals.length > 1 ||
  (mode === "start" && values.video !== undefined)
) {
  process.stderr.write("usage: node deploy/site.ts start | demo [--video FILE]\n");
  process.exit(2);
}
if (values.video !== undefined && !existsSync(values.video)) {
  process.stderr.write(`there is no such video [file:${values.video}]\n`);
  process.exit(2);
}

const ending = Promise.withResolvers<number>();
let isEnding = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => {
    // A second Ctrl-C changes nothing: the end is under way and bounded.
    if (!isEnding) ending.resolve(0);
    isEnding = true;
  });

let code = 1;
try {
  code = mode === "demo" ? await demo(values.video) : await start();
} catch (thrown) {
  process.stderr.write(`${(thrown as Error).message}\n`);
}
// A wait that was cut short by the end may still hold a timer.
process.exit(code);

async function start(): Promise<number> {
  const dataDir = resolve(process.env.VAS_DATA_DIR || join(REPOSITORY, "data"));
  const release = claim(dataDir);
  const ports = await choosePorts();
  const isExporting = process.env.AI_FRAME_EXPORT_ENABLED === "true";
  const addedModelsDir = addedModels(dataDir);
  const given = process.env.RUTH_MODELS_DIR || join(REPOSITORY, "runtimes");
  const modelsDirs = [...new Set([...given.split(":").map((dir) => resolve(dir)), addedModelsDir])];
  let site: Site | undefined;
  try {
    site = await startSite({
      ...ports,
      dataDir,
      shmDir: process.env.VAS_SHM_DIR || "/dev/shm/vas",
      socketDir: process.env.RUTH_SOCKET_DIR || "/tmp",
      modelsDirs,
      addedModelsDir,
      frameExport: isExporting,
      start: { runtimes: false },
      // VAS makes a password at its first start and prints it on its standard output.
      adminPassword: process.env.VAS_ADMIN_PASSWORD || null,
      vasStdout: "inherit",
      env: ownVariables(["RUTH_MODELS_DIR"]),
      vasEnv: { VAS_ALLOW_LOOPBACK_CAMERAS: process.env.VAS_ALLOW_LOOPBACK_CAMERAS || "false" },
      onDeath,
    });
    await startRuntimes(site);
    say(`logs are in ${join(dataDir, "logs")}`);
    if (!isExporting)
      say("frame export is off, so no model gets frames; AI_FRAME_EXPORT_ENABLED=true npm start turns it on");
    say(`\n  ${site.url}    user name ${site.username}\n`);
    return await ending.promise;
  } finally {
    await end(site);
    release();
  }
}

async function demo(video: string | undefined): Promise<number> {
  const dataDir = join(REPOSITORY, "demo-data");
  const release = claim(dataDir);
  const addedModelsDir = addedModels(dataDir);
  const password = demoPassword(join(dataDir, "password"));
  // Named after this clone, so that the next start finds and removes what a killed one left.
  const name = `vas-demo-${createHash("sha256").update(REPOSITORY).digest("hex").slice(0, 8)}`;
  const socketDir = join(tmpdir(), name);
  const shmDir = join("/dev/shm", name);
  for (const folder of [socketDir, shmDir]) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { mode: 0o700 });
  }
  let site: Site | undefined;
  let camera: TestCamera | undefined;
  try {
    const ports = await choosePorts();
    say("starting VAS, Ruth Core and the models");
    [camera, site] = await Promise.all([
      startCamera(video),
      startSite({
        ...ports,
        dataDir,
        shmDir,
        socketDir,
        modelsDirs: [join(REPOSITORY, "runtimes"), addedModelsDir],
        addedModelsDir,
        frameExport: true,
        start: { runtimes: false },
        adminPassword: password,
        env: ownVariables([]),
        onDeath,
      }),
    ]);
    await startRuntimes(site);
    const [model, other] = video === undefined ? ["barcode", "person-hog"] : ["person-hog", "barcode"];
    say(`waiting for the picture of ${CAMERA_NAME} and for the model ${model}`);
    const setting = setUp(await site.api(), camera.url, { model, other, fps: video === undefined ? 5 : 2 });
    const early = await Promise.race([setting.then(() => undefined), ending.promise]);
    if (early !== undefined) return early;
    say(`logs are in ${join(dataDir, "logs")}; Ctrl-C ends the demo`);
    say(`\n  ${site.url}\n  user name  ${site.username}\n  password   ${password}\n`);
    return await ending.promise;
  } finally {
    await end(site);
    await camera?.stop();
    for (const folder of [socketDir, shmDir]) rmSync(folder, { recursive: true, force: true });
    release();
  }
}

/** A model that does not come up is told and keeps nothing from starting. */
async function startRuntimes(site: Site): Promise<void> {
  await startAll([...site.runtimes.values()]);
  // A folder that comes later gets its runtime too, and one that goes takes its runtime with it.
  let isLooking = false;
  setInterval(() => void look(), LOOK_FOR_MODELS_MS).unref();

  async function look(): Promise<void> {
    if (isEnding || isLooking) return;
    isLooking = true;
    try {
      for (const name of await site.endGoneRuntimes()) say(`ended ${name}: its folder is gone`);
      const added = site.newRuntimes();
      for (const { name } of added) say(`starting ${name}`);
      void startAll(added);
    } catch (thrown) {
      // A folder that changed while it was read is looked at again.
      say((thrown as Error).message);
    } finally {
      isLooking = false;
    }
  }
}

async function startAll(runtimes: Part[]): Promise<void> {
  const starts = await Promise.allSettled(runtimes.map((runtime) => runtime.start()));
  for (const start of starts) if (start.status === "rejected") say((start.reason as Error).message);
}

/** Where models go that are added from the web. */
function addedModels(dataDir: string): string {
  const dir = resolve(process.env.VAS_MODELS_DIR || join(dataDir, "models"));
  mkdirSync(dir, { recursive: true });
  return dir;
}

/** `other` is what the other kind of demo assigns. */
type Wish = { model: string; other: string; fps: number };

/** The camera exists with this address, the model is assigned to it, and its picture is there. */
async function setUp(api: Api, rtspUrl: string, { model: modelId, other, fps }: Wish): Promise<void> {
  const cameras = await api.get<{ items: Camera[] }>("cameras");
  let camera = cameras.items.find(({ name }) => name === CAMERA_NAME);
  if (camera === undefined) camera = await api.post<Camera>("cameras", { name: CAMERA_NAME, rtsp_url: rtspUrl });
  else if (camera.rtsp_url !== rtspUrl) await api.patch(`cameras/${camera.id}`, { rtsp_url: rtspUrl });
  const { id } = camera;
  if (!camera.started) await api.post(`cameras/${id}/start`);
  await waitFor(`the model ${modelId} to be registered`, async () => {
    const { items } = await api.get<AiModelList>("ai-models");
    return items.some((model) => model.model_id === modelId && model.valid && model.present);
  });
  const assignment: AssignmentPut = { enabled: true, desired_fps: fps };
  await api.put(`ai-model-assignments/${id}/${modelId}`, assignment);
  const { items } = await api.get<AssignmentPage>(`ai-model-assignments?camera_id=${id}&model_id=${other}`);
  if (items.some(({ enabled }) => enabled)) await api.put(`ai-model-assignments/${id}/${other}`, { enabled: false });
  const status = () => api.get<CameraStatus>(`cameras/${id}/status`);
  await waitFor("the camera's picture", async () => (await status()).state === "live", {
    withinMs: 60_000,
    seen: async () => (await status()).reason,
  });
}

type TestCamera = { url: string; stop: () => Promise<void> };

async function startCamera(video: string | undefined): Promise<TestCamera> {
  const main = join(REPOSITORY, "packages/testkit/src/synthetic-camera-main.ts");
  const child = spawnTied(process.execPath, [main, ...(video === undefined ? [] : ["--video", resolve(video)])]);
  child.stderr.pipe(process.stderr);
  let ended = false;
  const end = once(child, "exit").then(() => {
    ended = true;
    if (!isEnding) say("the test camera ended");
    return undefined;
  });
  const line = await within("the test camera to send", Promise.race([once(child.stdout, "data"), end]));
  if (line === undefined) throw new Error("the test camera did not start");
  return {
    url: (JSON.parse(String(line[0])) as { url: string }).url,
    async stop() {
      if (ended) return;
      child.kill("SIGTERM");
      await within("the test camera to end", end, 10_000).catch(() => child.kill("SIGKILL"));
    },
  };
}

function onDeath(part: Part): void {
  if (isEnding) return;
  say(`${part.name} ended [exit:${part.exit()}]; its log is ${part.logFile}`);
  if (part.name !== "vas") return;
  isEnding = true;
  const exit = part.exit();
  ending.resolve(typeof exit === "number" && exit !== 0 ? exit : 1);
}

async function end(site: Site | undefined): Promise<void> {
  isEnding = true;
  if (site === undefined) return;
  say("ending");
  for (const remark of await site.stop()) say(remark);
}

/** The usual ports, or the next free ones, which are told. */
async function choosePorts(): Promise<{ httpPort: number; rtcPort: number; mediaWorkers: number }> {
  const mediaWorkers = Number(process.env.VAS_MEDIA_WORKERS) || availableParallelism();
  const http = Number(process.env.VAS_HTTP_PORT) || undefined;
  const rtc = Number(process.env.VAS_RTC_PORT) || undefined;
  const httpPort = http ?? (await nextFreePorts(DEFAULT_HTTP_PORT, 1));
  const rtcPort = rtc ?? (await nextFreePorts(DEFAULT_RTC_PORT, mediaWorkers));
  if (http === undefined && httpPort !== DEFAULT_HTTP_PORT)
    say(`port ${DEFAULT_HTTP_PORT} is taken; this site is on ${httpPort}`);
  if (rtc === undefined && rtcPort !== DEFAULT_RTC_PORT)
    say(`ports from ${DEFAULT_RTC_PORT} on are taken; media is on ${rtcPort} to ${rtcPort + mediaWorkers - 1}`);
  return { httpPort, rtcPort, mediaWorkers };
}

/** The variables of ours that the operator set; those named are handled by the caller. */
function ownVariables(handled: string[]): Record<string, string> {
  const ours = /^(VAS_|AI_FRAME_|RUTH_|RECONCILIATION_INTERVAL_SECONDS$)/;
  const decided = new Set([
    ..."VAS_DATA_DIR VAS_SHM_DIR VAS_MODELS_DIR VAS_HTTP_PORT VAS_RTC_PORT VAS_MEDIA_WORKERS VAS_ADMIN_PASSWORD".split(
      " ",
    ),
    ..."VAS_URL VAS_SERVICE_KEY_FILE RUTH_SOCKET_DIR RUTH_MODELS_DIR AI_FRAME_EXPORT_ENABLED".split(" "),
    ..."VAS_ALLOW_LOOPBACK_CAMERAS VAS_TEST_DATA".split(" "),
    ...handled,
  ]);
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env))
    if (value !== undefined && value !== "" && ours.test(name) && !decided.has(name)) env[name] = value;
  return env;
}

/** One launcher per data folder: the file names its process. */
function claim(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, "site.pid");
  const other = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
  const command =
    /^\d+$/.test(other) && existsSync(`/proc/${other}`) ? readFileSync(`/proc/${other}/cmdline`, "utf8") : "";
  if (command.includes("deploy/site.ts") && other !== String(process.pid))
    throw new Error(`another site uses this folder already [folder:${dataDir}, pid:${other}]`);
  writeFileSync(file, `${process.pid}\n`);
  return () => rmSync(file, { force: true });
}

/** Made at the first start; the demo prints it at every start. */
function demoPassword(file: string): string {
  if (!existsSync(file)) writeFileSync(file, `${randomBytes(9).toString("base64url")}\n`, { mode: 0o600 });
  return readFileSync(file, "utf8").trim();
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
