/**
 * Starts a whole site (VAS, Ruth Core and the runtimes) as child processes: for tests in temporary folders on free
 * ports, for deploy/site.ts where the operator says. Nothing that died is started again unless somebody asks.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ModelYaml, parseModelYaml } from "@vas/contracts/model.ts";
import { type Api, createApi } from "./api.ts";
import { freePort, freePorts, killNow, waitFor, within } from "./processes.ts";

export const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));
const ADMIN = "admin";
/** A log file that is longer when its process starts is moved to `<name>.1`. */
const MAX_LOG_BYTES = 10 * 1024 * 1024;
/** What a child gets to end by itself before it is killed. */
const GRACE_MS = 10_000;

export type SiteOptions = {
  /** Each a new temporary folder, removed at stop, where absent. */
  dataDir?: string;
  shmDir?: string;
  socketDir?: string;
  /** `<dataDir>/logs` where absent. */
  logDir?: string;
  /** Free ports where absent. */
  httpPort?: number;
  rtcPort?: number;
  /** A random one where absent; null leaves it to VAS. */
  adminPassword?: string | null;
  /** False where absent, as in the product. */
  frameExport?: boolean;
  /** Folders whose valid models get a runtime; none where absent. */
  modelsDirs?: string[];
  /** Where models are added from the web; one of `modelsDirs`. */
  addedModelsDir?: string;
  /** Which parts start with the site; the others can be started later. All where absent. */
  start?: { core?: boolean; runtimes?: boolean };
  /** Media workers; 1 where absent. */
  mediaWorkers?: number;
  /** Added to the environment of every part, and of VAS or Core alone. */
  env?: Record<string, string>;
  vasEnv?: Record<string, string>;
  coreEnv?: Record<string, string>;
  /** Where VAS's standard output goes: into its log, or to ours. */
  vasStdout?: "log" | "inherit";
  /** Called when a part ends that nobody asked to end. */
  onDeath?: (part: Part) => void;
};

/** One child process of a site. */
export type Part = {
  readonly name: string;
  readonly logFile: string;
  /** 0 while it does not run. */
  pid(): number;
  running(): boolean;
  /** Exit code, or the signal that ended it; null while it runs or before it ran. */
  exit(): number | NodeJS.Signals | null;
  /** Starts it and waits until it is ready. */
  start(): Promise<void>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
  /** SIGTERM, then SIGKILL after 10 s. Answers false where it had to be killed. */
  stop(): Promise<boolean>;
  /** The last lines of its log. */
  tail(lines?: number): string;
};

export type Site = {
  readonly url: string;
  readonly httpPort: number;
  readonly rtcPort: number;
  readonly username: string;
  /** Empty where VAS makes its own. */
  readonly adminPassword: string;
  readonly dataDir: string;
  readonly shmDir: string;
  readonly socketDir: string;
  readonly vas: Part;
  readonly core: Part;
  /** By model id. */
  readonly runtimes: ReadonlyMap<string, Part>;
  /** Makes runtimes of the models that came since the last look; they are not started. */
  newRuntimes(): Part[];
  /** Ends the runtimes whose model's folder is gone. Answers their names. */
  endGoneRuntimes(): Promise<string[]>;
  /** The key that Core authenticates with. */
  serviceKey(): string;
  pids(): number[];
  /** A client that is logged in as the administrator. */
  api(): Promise<Api>;
  /** Ends runtimes, Core and VAS in this order. Answers one sentence for each thing that had to be forced or was left. */
  stop(): Promise<string[]>;
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Starts a site and waits until VAS answers `GET /health`.
 *
 * @throws Error with the tail of the log where a part does not come up; nothing is left running then
 */
export async function startSite(options: SiteOptions = {}): Promise<Site> {
  const temporary: string[] = [];
  const folder = (given: string | undefined, parent: string) => {
    if (given !== undefined) {
      mkdirSync(given, { recursive: true });
      return given;
    }
    const made = mkdtempSync(join(parent, "vas-test-"));
    temporary.push(made);
    return made;
  };
  const dataDir = folder(options.dataDir, tmpdir());
  const socketDir = folder(options.socketDir, tmpdir());
  const shmDir = options.shmDir ?? folder(undefined, "/dev/shm");
  const logDir = options.logDir ?? join(dataDir, "logs");
  mkdirSync(logDir, { recursive: true });
  const mediaWorkers = options.mediaWorkers ?? 1;
  const httpPort = options.httpPort ?? (await freePort());
  const rtcPort = options.rtcPort ?? (await freePorts(mediaWorkers));
  const modelsDirs = options.modelsDirs ?? [];
  const adminPassword =
    options.adminPassword === null ? "" : (options.adminPassword ?? randomBytes(12).toString("base64url"));
  const host = options.vasEnv?.VAS_HTTP_HOST ?? options.env?.VAS_HTTP_HOST ?? "127.0.0.1";
  const url = `http://${host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host}:${httpPort}`;
  const keyFile = join(dataDir, "service-key");

  const shared = { ...inherited(), VAS_SHM_DIR: shmDir, RUTH_SOCKET_DIR: socketDir, ...options.env };
  const part = (
    name: string,
    args: string[],
    env: Record<string, string>,
    ready: () => Promise<void>,
    program: string = process.execPath,
  ) =>
    createPart({
      name,
      program,
      args,
      env: { ...shared, ...env },
      ready,
      logFile: join(logDir, `${name}.log`),
      stdout: name === "vas" ? (options.vasStdout ?? "log") : "log",
      onDeath: options.onDeath,
    });

  const vas = part(
    "vas",
    [join(REPOSITORY, "apps/vas/src/main.ts")],
    {
      VAS_DATA_DIR: dataDir,
      VAS_HTTP_PORT: String(httpPort),
      VAS_RTC_PORT: String(rtcPort),
      VAS_MEDIA_WORKERS: String(mediaWorkers),
      VAS_ALLOW_LOOPBACK_CAMERAS: "true",
      AI_FRAME_EXPORT_ENABLED: String(options.frameExport ?? false),
      ...(adminPassword === "" ? {} : { VAS_ADMIN_PASSWORD: adminPassword }),
      ...(options.addedModelsDir === undefined ? {} : { VAS_MODELS_DIR: options.addedModelsDir }),
      ...options.vasEnv,
    },
    async () => {
      await waitFor("VAS to answer /health", async () => {
        if (!vas.running()) return true;
        return (await fetch(`${url}/health`, { signal: AbortSignal.timeout(2000) })).ok;
      });
    },
  );
  const core = part(
    "ruth-core",
    // Core's young generation would grow to 64 MiB for half a MiB that lives; bench/results/core.md.
    ["--max-semi-space-size=4", join(REPOSITORY, "apps/ruth-core/src/main.ts")],
    {
      VAS_URL: url,
      VAS_SERVICE_KEY_FILE: keyFile,
      // A list that is empty would be refused, and a site without models is a site.
      RUTH_MODELS_DIR: modelsDirs.length > 0 ? modelsDirs.join(":") : socketDir,
      ...options.coreEnv,
    },
    async () => undefined,
  );
  const runtimes = new Map<string, Part>();
  const folders = new Map<string, string>();
  const newRuntimes = (): Part[] => {
    const made: Part[] = [];
    for (const model of findModels(modelsDirs)) {
      if (runtimes.has(model.id)) continue;
      const socket = join(socketDir, `vas_model_${model.id}.sock`);
      const ready = async () => {
        await waitFor(`the socket of ${model.id}`, () => !runtime.running() || existsSync(socket));
      };
      const runtime = part(`runtime-${model.id}`, [...model.args, model.folder], model.env, ready, model.program);
      runtimes.set(model.id, runtime);
      folders.set(model.id, model.folder);
      made.push(runtime);
    }
    return made;
  };
  newRuntimes();
  const endGoneRuntimes = async (): Promise<string[]> => {
    const gone = [...runtimes].filter(([id]) => !existsSync(join(folders.get(id) ?? "", "model.yaml")));
    await Promise.all(
      gone.map(async ([id, runtime]) => {
        await runtime.stop();
        runtimes.delete(id);
      }),
    );
    return gone.map(([, { name }]) => name);
  };

  // What was there before us is another site's.
  const before = new Set(leftovers(shmDir, socketDir, [...runtimes.keys()]));
  const all = () => [...runtimes.values(), core, vas];
  const stop = async (): Promise<string[]> => {
    const remarks: string[] = [];
    const end = async (each: Part) => {
      if (each.running() && !(await each.stop())) remarks.push(`${each.name} had to be killed`);
    };
    await Promise.all([...runtimes.values()].map(end));
    await end(core);
    await end(vas);
    for (const left of leftovers(shmDir, socketDir, [...runtimes.keys()])) {
      if (before.has(left)) continue;
      remarks.push(`${left} was left and is removed`);
      rmSync(left, { recursive: true, force: true });
    }
    for (const path of temporary) rmSync(path, { recursive: true, force: true });
    return remarks;
  };

  try {
    await vas.start();
    if (options.start?.runtimes !== false) await Promise.all([...runtimes.values()].map((runtime) => runtime.start()));
    if (options.start?.core !== false) await core.start();
  } catch (thrown) {
    await stop();
    throw thrown;
  }

  return {
    url,
    httpPort,
    rtcPort,
    username: ADMIN,
    adminPassword,
    dataDir,
    shmDir,
    socketDir,
    vas,
    core,
    runtimes,
    newRuntimes,
    endGoneRuntimes,
    serviceKey: () => readFileSync(keyFile, "utf8").trim(),
    pids: () => all().flatMap((each) => (each.running() ? [each.pid()] : [])),
    async api() {
      const api = createApi(url);
      await api.login(ADMIN, adminPassword);
      return api;
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}

/** What a child needs of our environment; VAS and Core refuse variables they do not know. */
function inherited(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "MEDIASOUP_WORKER_BIN", "VAS_FFMPEG"]) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}

type FoundModel = { id: string; folder: string; program: string; args: string[]; env: Record<string, string> };

/** Debian's own interpreter: what a model in Python imports beside the SDK was installed for it. */
const PYTHON = "/usr/bin/python3";
const PYTHON_SDK = ["packages/runtime-sdk-python", "packages/frame-readers/python"];

/** Valid models only; Core says what is wrong with the others. */
function findModels(modelsDirs: string[]): FoundModel[] {
  const found: FoundModel[] = [];
  for (const parent of modelsDirs)
    for (const name of existsSync(parent) ? readdirSync(parent).sort() : []) {
      const folder = join(parent, name);
      const file = join(folder, "model.yaml");
      if (!existsSync(file)) continue;
      const parsed = parseModelYaml(readFileSync(file, "utf8"));
      if (!("model" in parsed)) continue;
      found.push({ id: parsed.model.model_id, folder, ...runtimeOf(parsed.model) });
    }
  return found;
}

/** What serves a model: the ONNX runtime, or the SDK of the language that its entry is written in. */
function runtimeOf(model: ModelYaml): Pick<FoundModel, "program" | "args" | "env"> {
  if (model.model_type === "module" && model.entry?.endsWith(".py")) {
    const path = PYTHON_SDK.map((folder) => join(REPOSITORY, folder)).join(":");
    return { program: PYTHON, args: ["-B", "-m", "vas_runtime"], env: { PYTHONPATH: path } };
  }
  const main = model.model_type === "onnx" ? "runtimes/onnx/main.ts" : "packages/runtime-sdk/src/main.ts";
  return { program: process.execPath, args: [join(REPOSITORY, main)], env: {} };
}

function leftovers(shmDir: string, socketDir: string, modelIds: string[]): string[] {
  const exports = existsSync(shmDir) ? readdirSync(shmDir).map((name) => join(shmDir, name)) : [];
  const files = modelIds.flatMap((id) => [
    join(socketDir, `vas_model_${id}.sock`),
    join(socketDir, `vas_heartbeat_${id}.json`),
  ]);
  return [...exports, ...files.filter((file) => existsSync(file))];
}

type PartOptions = {
  name: string;
  program: string;
  args: string[];
  env: Record<string, string>;
  logFile: string;
  stdout: "log" | "inherit";
  ready: () => Promise<void>;
  onDeath: ((part: Part) => void) | undefined;
};

function createPart(options: PartOptions): Part {
  const { name, program, args, env, logFile } = options;
  let child: ChildProcess | undefined;
  let running = false;
  let asked = false;
  let exit: number | NodeJS.Signals | null = null;
  let ended: Promise<void> = Promise.resolve();

  const tail = (lines = 20) =>
    existsSync(logFile) ? readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-lines).join("\n") : "";
  const part: Part = {
    name,
    logFile,
    pid: () => (running ? (child?.pid ?? 0) : 0),
    running: () => running,
    exit: () => exit,
    tail,
    async start() {
      if (running) throw new Error(`${name} is running already`);
      if (existsSync(logFile) && statSync(logFile).size > MAX_LOG_BYTES) renameSync(logFile, `${logFile}.1`);
      const log = openSync(logFile, "a", 0o600);
      // The child dies with us, however we die: no part of a killed launcher or test may go on. A session of its own
      // keeps a Ctrl-C at the terminal from reaching it before its turn.
      const started = spawn("setpriv", ["--pdeathsig", "KILL", program, ...args], {
        env,
        detached: true,
        stdio: ["ignore", options.stdout === "inherit" ? "inherit" : log, log],
      });
      closeSync(log);
      child = started;
      running = true;
      asked = false;
      exit = null;
      ended = new Promise((resolve) => {
        const over = (how: number | NodeJS.Signals | null) => {
          if (!running || child !== started) return;
          running = false;
          exit = how;
          resolve();
          if (!asked) options.onDeath?.(part);
        };
        started.once("exit", (code, signal) => over(code ?? signal));
        started.once("error", () => over(127));
      });
      try {
        await options.ready();
      } catch (thrown) {
        throw new Error(`${name} did not come up: ${(thrown as Error).message}\n${tail()}`, { cause: thrown });
      }
      if (!running) throw new Error(`${name} ended at its start [exit:${exit}]\n${tail()}`);
    },
    async kill() {
      asked = true;
      if (running) killNow(child?.pid ?? 0);
      await within(`${name} to be gone`, ended);
    },
    async stop() {
      if (!running) return true;
      asked = true;
      child?.kill("SIGTERM");
      try {
        await within(`${name} to end`, ended, GRACE_MS);
        return true;
      } catch {
        // It had its time; what is wrong with it stands in its log.
        await part.kill();
        return false;
      }
    },
  };
  return part;
}
