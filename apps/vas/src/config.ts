/**
 * The only reader of VAS's environment. Every variable is checked at the start and all problems are told at once;
 * main.ts prints them and ends with exit code 3.
 */
import { accessSync, constants, readdirSync, statSync } from "node:fs";
import { availableParallelism, homedir, networkInterfaces } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { isIP } from "node:net";
import { fileURLToPath } from "node:url";
import { hideSecret } from "@vas/base/redact.ts";

export type Config = {
  httpHost: string;
  httpPort: number;
  /** Absolute. */
  dataDir: string;
  /** A SQLite file by its absolute path, or a PostgreSQL by its address with credentials. */
  database: { dialect: "sqlite"; path: string } | { dialect: "postgres"; url: string };
  /** Absolute; recordings, snapshots and clips. */
  mediaDir: string;
  adminPassword: string | undefined;
  serviceKey: string | undefined;
  rtcPort: number;
  rtcListenIp: string;
  announcedAddress: string | undefined;
  /** mediasoup workers; each takes one port from rtcPort on. */
  mediaWorkers: number;
  frameExport: { enabled: boolean; shmDir: string; slotCount: number; hardware: Hardware | undefined };
  /** Absolute; where models are added from the web. Core watches it too. */
  modelsDir: string | undefined;
  ffmpeg: string;
  mediasoupWorkerBin: string;
  allowLoopbackCameras: boolean;
  /** Absolute; the built web. */
  webDir: string;
  /** Which peers may say X-Forwarded-For and X-Forwarded-Proto: none, all, or these addresses. */
  trustProxy: boolean | string[];
  /** The session cookie is Secure even where VAS itself does not see TLS. */
  secureCookies: boolean;
  /** Oldest segments are deleted while less than this share of the disk is free. */
  retentionFreePercent: number;
  /** End when stdin closes; for parents that start VAS as a child. */
  exitWithStdin: boolean;
};

/** What decodes exported frames beside the processor; the names of kernel/frames. */
type Hardware = { kind: HardwareKind | "auto"; device: string | null };
type HardwareKind = keyof typeof DEVICES;
/** How a device of each kind is named: nothing else of the environment reaches FFmpeg's libraries. */
const DEVICES = {
  vaapi: {
    pattern: /^\/dev\/dri\/renderD(12[89]|1[3-8]\d|19[01])$/,
    rule: "must be /dev/dri/renderD128 to renderD191",
  },
  cuda: { pattern: /^(\d|1[0-5])$/, rule: "must be the number of a GPU, 0 to 15" },
  vulkan: { pattern: /^(\d|1[0-5])$/, rule: "must be the number of a device, 0 to 15" },
};

export type Env = Record<string, string | undefined>;
export type LoadedConfig = { ok: true; config: Config } | { ok: false; problems: string[] };

const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));
const PREFIXES = ["VAS_", "AI_FRAME_"];
/** Read by other processes of the product, which may be given the same environment. */
const OTHERS = new Set(["VAS_URL", "VAS_SERVICE_KEY_FILE"]);
const SECRET_VARIABLES = new Set(["VAS_ADMIN_PASSWORD", "VAS_SERVICE_KEY", "VAS_DATABASE_URL"]);

/**
 * @param env such as process.env
 * @returns the configuration, or one line per problem naming variable, value and rule
 */
export function loadConfig(env: Env): LoadedConfig {
  const problems: string[] = [];
  const known = new Set<string>(OTHERS);
  const refuse = (name: string, value: string, rule: string) => {
    problems.push(`${name}=${SECRET_VARIABLES.has(name) ? "***" : JSON.stringify(value)}: ${rule}`);
  };
  /** An empty value counts as absent: compose files write `VAS_X=${VAS_X:-}`. */
  const read = <T>(name: string, absent: T, parse: (value: string) => T | undefined, rule: string): T => {
    known.add(name);
    const value = env[name];
    if (value === undefined || value === "") return absent;
    const parsed = parse(value);
    if (parsed !== undefined) return parsed;
    refuse(name, value, rule);
    return absent;
  };
  const integer = (name: string, absent: number, min: number, max: number) =>
    read(name, absent, (value) => inRange(value, min, max), `must be a whole number from ${min} to ${max}`);
  const flag = (name: string) => read(name, false, parseFlag, "must be true or false");
  const folder = (name: string, absent: string) =>
    read(name, resolve(absent), (value) => (/\0/.test(value) ? undefined : resolve(value)), "must be a path");

  const httpHost = read("VAS_HTTP_HOST", "127.0.0.1", parseHost, "must be an IP address or a host name");
  const dataDir = folder("VAS_DATA_DIR", "data");
  const adminPassword = read("VAS_ADMIN_PASSWORD", undefined, secretOf(8, 1024), "must have 8 to 1024 characters");
  const serviceKey = read("VAS_SERVICE_KEY", undefined, parseKey, "must have 16 to 256 printable ASCII characters");
  for (const secret of [adminPassword, serviceKey]) if (secret) hideSecret(secret);

  const config: Config = {
    httpHost,
    httpPort: integer("VAS_HTTP_PORT", 8080, 0, 65_535),
    dataDir,
    database: read<Config["database"]>(
      "VAS_DATABASE_URL",
      { dialect: "sqlite", path: join(dataDir, "vas.sqlite") },
      parseDatabase,
      "must be a SQLite file (a path, or sqlite:path), or postgres://name:password@host:port/database",
    ),
    mediaDir: join(dataDir, "media"),
    adminPassword,
    serviceKey,
    rtcPort: integer("VAS_RTC_PORT", 44_400, 1024, 65_535),
    rtcListenIp: read(
      "VAS_RTC_LISTEN_IP",
      isLoopback(httpHost) || isIP(httpHost) === 0 ? "127.0.0.1" : httpHost,
      (value) => (isIP(value) ? value : undefined),
      "must be an IP address",
    ),
    announcedAddress: read("VAS_ANNOUNCED_ADDRESS", undefined, parseHost, "must be an IP address or a host name"),
    mediaWorkers: integer("VAS_MEDIA_WORKERS", 0, 0, 128) || availableParallelism(),
    frameExport: {
      enabled: flag("AI_FRAME_EXPORT_ENABLED"),
      slotCount: integer("AI_FRAME_BUFFER_CAPACITY", 8, 2, 256),
      shmDir: folder("VAS_SHM_DIR", "/dev/shm/vas"),
      hardware: hardware(),
    },
    modelsDir: read(
      "VAS_MODELS_DIR",
      undefined,
      (value) => (/\0/.test(value) ? undefined : resolve(value)),
      "must be a path",
    ),
    ffmpeg: tool("VAS_FFMPEG", "ffmpeg"),
    mediasoupWorkerBin: workerBin(),
    allowLoopbackCameras: flag("VAS_ALLOW_LOOPBACK_CAMERAS"),
    webDir: folder("VAS_WEB_DIR", join(REPOSITORY, "apps/web/dist")),
    trustProxy: read("VAS_TRUST_PROXY", false, parseProxies, "must be true, false, or addresses separated by commas"),
    secureCookies: flag("VAS_SECURE_COOKIES"),
    retentionFreePercent: integer("VAS_RETENTION_FREE_PERCENT", 10, 0, 90),
    exitWithStdin: read("VAS_EXIT_WITH_STDIN", false, parseFlag, "must be 1 or 0"),
  };
  if (config.rtcPort + config.mediaWorkers - 1 > 65_535)
    refuse("VAS_RTC_PORT", String(config.rtcPort), `must leave room for ${config.mediaWorkers} ports, one per worker`);

  // A browser cannot send to 0.0.0.0: it has to be told an address of this machine.
  if (isIP(config.rtcListenIp) && /^[0:.]+$/.test(config.rtcListenIp)) {
    config.announcedAddress ??= firstExternalAddress();
    if (config.announcedAddress === undefined)
      problems.push(`VAS_ANNOUNCED_ADDRESS: must be set, for viewers are served on ${config.rtcListenIp}`);
  }

  for (const name of Object.keys(env).sort()) {
    if (env[name] === undefined || known.has(name) || !PREFIXES.some((prefix) => name.startsWith(prefix))) continue;
    problems.push(`${name}: is not a variable of VAS; known are ${[...known].sort().join(", ")}`);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, config };

  function hardware(): Hardware | undefined {
    const kinds = Object.keys(DEVICES) as HardwareKind[];
    const all = ["none", "auto", ...kinds] as const;
    const kind = read(
      "VAS_HWACCEL",
      "none",
      (value) => all.find((each) => each === value),
      `must be one of ${all.join(", ")}`,
    );
    const name = "VAS_HWACCEL_DEVICE";
    if (kind === "none" || kind === "auto") {
      read(name, null, () => undefined, `must be absent unless VAS_HWACCEL is one of ${kinds.join(", ")}`);
      return kind === "none" ? undefined : { kind, device: null };
    }
    const { pattern, rule } = DEVICES[kind];
    return { kind, device: read(name, null, (value) => (pattern.test(value) ? value : undefined), rule) };
  }

  function tool(name: string, program: string): string {
    const found = read(name, onPath(program, env["PATH"]), executable, "must be an executable file");
    if (found === undefined && !env[name])
      problems.push(`${name}: ${program} was not found on PATH; install it, or set ${name} to its file`);
    return found ?? program;
  }

  function workerBin(): string {
    const name = "MEDIASOUP_WORKER_BIN";
    const cache = join(env["HOME"] || homedir(), ".cache/vas");
    const found = read(name, cachedWorker(cache), executable, "must be an executable file");
    if (found === undefined && !env[name])
      problems.push(`${name}: no mediasoup worker was found in ${cache}; build one, or set ${name} to its file`);
    return found ?? "mediasoup-worker";
  }
}

function inRange(value: string, min: number, max: number): number | undefined {
  if (!/^\d{1,9}$/.test(value)) return undefined;
  const number = Number(value);
  return number >= min && number <= max ? number : undefined;
}

function parseFlag(value: string): boolean | undefined {
  if (value === "true" || value === "1") return true;
  if (value === "false" || value === "0") return false;
  return undefined;
}

function parseHost(value: string): string | undefined {
  return isIP(value) || /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(value) ? value : undefined;
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

function firstExternalAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  return addresses.find((address) => address.family === "IPv4" && !address.internal)?.address;
}

function secretOf(min: number, max: number): (value: string) => string | undefined {
  return (value) => (value.length >= min && value.length <= max ? value : undefined);
}

function parseKey(value: string): string | undefined {
  return /^[\x21-\x7e]{16,256}$/.test(value) ? value : undefined;
}

/** Any other scheme is refused, so that no address ever becomes a file of that name. */
function parseDatabase(value: string): Config["database"] | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(value)?.[1]?.toLowerCase();
  if (scheme === undefined) return { dialect: "sqlite", path: resolve(value) };
  if (scheme === "postgres" || scheme === "postgresql") return parsePostgres(value);
  if (scheme !== "sqlite" && scheme !== "file") return undefined;
  const path = value.slice(scheme.length + 1).replace(/^\/\/(?=\/)/, "");
  if (path === "" || path.startsWith("//") || path.includes("?")) return undefined;
  return { dialect: "sqlite", path: resolve(path) };
}

/** The database must be named: node-postgres would take one of the user's name, whatever that holds. */
function parsePostgres(url: string): Config["database"] | undefined {
  if (!URL.canParse(url)) return undefined;
  const { pathname, password, searchParams, hostname } = new URL(url);
  if (!/^\/[^/]+$/.test(pathname) || (hostname === "" && !searchParams.has("host"))) return undefined;
  try {
    for (const secret of [password, searchParams.get("password") ?? ""])
      if (secret !== "") hideSecret(decodeURIComponent(secret));
  } catch {
    return undefined; // a password with a stray % is not what the database would be told
  }
  return { dialect: "postgres", url };
}

function parseProxies(value: string): boolean | string[] | undefined {
  const flag = parseFlag(value);
  if (flag !== undefined) return flag;
  const addresses = value.split(",").map((address) => address.trim());
  const isAddress = (address: string) => {
    const [ip = "", bits, ...rest] = address.split("/");
    const max = isIP(ip) === 4 ? 32 : 128;
    return isIP(ip) !== 0 && rest.length === 0 && (bits === undefined || inRange(bits, 0, max) !== undefined);
  };
  return addresses.every(isAddress) ? addresses : undefined;
}

function executable(path: string): string | undefined {
  const absolute = resolve(path);
  try {
    accessSync(absolute, constants.X_OK);
    return statSync(absolute).isFile() ? absolute : undefined;
  } catch {
    return undefined; // absent or not executable is the answer, not a failure
  }
}

function onPath(program: string, path: string | undefined): string | undefined {
  for (const folder of (path ?? "").split(delimiter)) {
    const found = folder === "" ? undefined : executable(join(folder, program));
    if (found) return found;
  }
  return undefined;
}

/** A worker that was built before: `mediasoup-worker` or, newest name first, `mediasoup-worker-<version>`. */
function cachedWorker(cache: string): string | undefined {
  let names: string[];
  try {
    names = readdirSync(cache);
  } catch {
    return undefined; // no cache yet
  }
  const candidates = names.filter((name) => name.startsWith("mediasoup-worker")).sort((a, b) => (a < b ? 1 : -1));
  for (const name of candidates) {
    const found = executable(join(cache, name)) ?? executable(join(cache, name, "mediasoup-worker"));
    if (found) return found;
  }
  return undefined;
}
