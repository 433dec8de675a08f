/**
 * A PostgreSQL of a test's own: Debian's programs, a new cluster in a temporary folder, reached over a Unix socket in that
 * folder only. No cluster of the machine is looked at or touched.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { descendants, killNow, spawnTied, waitFor, within } from "./processes.ts";

const PROGRAMS = "/usr/lib/postgresql";
const USER = "vas";
/** PostgreSQL refuses to run as root: there, it runs as nobody. */
const NOBODY = 65_534;
/** Enough for initdb on a machine that is busy with other tests. */
const START_MS = 120_000;

export type PostgresOptions = {
  /** Settings of postgresql.conf, by name. */
  settings?: Record<string, string>;
};

export type Postgres = {
  /** With user name and password; for VAS_DATABASE_URL. */
  readonly url: string;
  readonly password: string;
  running(): boolean;
  /** Starts it again after `stop` or `kill`, and waits until it answers. */
  start(): Promise<void>;
  /** Ends it as an operator would (`fast`), cutting every connection. */
  stop(): Promise<void>;
  /** SIGKILL to every process of it. */
  kill(): Promise<void>;
  /** SIGSTOP to every process of it: connections stay open and nothing answers, until `resume`. */
  freeze(): void;
  resume(): void;
  /** The address of a new, empty database. */
  createDatabase(name: string): Promise<string>;
  /** Runs SQL with psql. @returns its rows, one a line, columns separated by `|` */
  query(sql: string, database?: string, timeoutMs?: number): Promise<string>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** @throws Error where PostgreSQL is not installed or does not start, with its last words */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const bin = findPrograms();
  const isRoot = process.getuid?.() === 0;
  const as = isRoot ? ["--reuid", String(NOBODY), "--regid", String(NOBODY), "--clear-groups"] : [];
  const home = mkdtempSync(join(tmpdir(), "vas-pg-"));
  const dataDir = join(home, "data");
  const passwordFile = join(home, "password");
  const password = randomBytes(12).toString("hex");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  mkdirSync(dataDir, { mode: 0o700 });
  if (isRoot) for (const path of [home, dataDir, passwordFile]) chownSync(path, NOBODY, NOBODY);
  const url = (database: string) => `postgres://${USER}:${password}@${encodeURIComponent(home)}/${database}`;

  const run = promisify(execFile);
  // The language of a site far away: texts must be in the same order there as here.
  await run(
    "setpriv",
    [
      ...as,
      join(bin, "initdb"),
      ...["--pgdata", dataDir, "--username", USER, "--pwfile", passwordFile, "--auth", "scram-sha-256"],
      ...[
        "--encoding",
        "UTF8",
        "--locale-provider",
        "icu",
        "--icu-locale",
        "da-DK",
        "--locale",
        "C.UTF-8",
        "--no-sync",
      ],
    ],
    { timeout: START_MS, cwd: home },
  ).catch((error: unknown) => {
    rmSync(home, { recursive: true, force: true });
    throw error;
  });
  const settings: Record<string, string> = {
    listen_addresses: "",
    unix_socket_directories: home,
    // Nothing is left in /dev/shm by one that was killed, and no power failure is tested.
    dynamic_shared_memory_type: "mmap",
    fsync: "off",
    shared_buffers: "16MB",
    ...options.settings,
  };

  let child: ReturnType<typeof spawnTied> | undefined;
  let words = "";
  let ended: Promise<void> = Promise.resolve();
  const family = () => {
    const pid = child?.pid;
    return pid === undefined ? [] : [pid, ...descendants(pid).map((row) => row.pid)];
  };
  const query = async (sql: string, database = "postgres", timeoutMs = START_MS) => {
    const { stdout } = await run(join(bin, "psql"), ["--no-psqlrc", "-Atq", "-v", "ON_ERROR_STOP=1", "-c", sql], {
      timeout: timeoutMs,
      env: { PATH: process.env.PATH, PGHOST: home, PGUSER: USER, PGPASSWORD: password, PGDATABASE: database },
    });
    return stdout.trimEnd();
  };
  const end = async (how: "SIGINT" | "SIGKILL") => {
    if (!child) return;
    if (how === "SIGKILL") for (const pid of family()) killNow(pid);
    else child.kill(how);
    await within(`PostgreSQL to end\n${words}`, ended, START_MS);
  };
  const start = async () => {
    if (child) throw new Error("PostgreSQL is running already");
    const started = spawnTied("setpriv", [
      ...as,
      join(bin, "postgres"),
      "-D",
      dataDir,
      ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ]);
    child = started;
    ended = new Promise((resolve) => {
      started.once("exit", () => {
        child = undefined;
        resolve();
      });
    });
    started.stderr.on("data", (chunk: Buffer) => {
      words = (words + chunk.toString()).slice(-4000);
    });
    started.stdout.resume();
    await waitFor(
      "PostgreSQL to answer",
      async () => {
        if (!child) throw new Error(`PostgreSQL ended at its start\n${words}`);
        return (await query("SELECT 1")) === "1";
      },
      { withinMs: START_MS, everyMs: 100, seen: () => words },
    );
  };
  const close = async () => {
    await end("SIGKILL");
    rmSync(home, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    url: url("postgres"),
    password,
    running: () => child !== undefined,
    start,
    stop: () => end("SIGINT"),
    kill: () => end("SIGKILL"),
    freeze: () => family().forEach((pid) => process.kill(pid, "SIGSTOP")),
    resume: () => family().forEach((pid) => process.kill(pid, "SIGCONT")),
    async createDatabase(name) {
      await query(`CREATE DATABASE "${name}"`);
      return url(name);
    },
    query,
    close,
    async [Symbol.asyncDispose]() {
      await close();
    },
  };
}

/** The newest version's programs. */
function findPrograms(): string {
  const versions = existsSync(PROGRAMS) ? readdirSync(PROGRAMS) : [];
  const found = versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(PROGRAMS, version, "bin"))
    .find((bin) => existsSync(join(bin, "initdb")) && existsSync(join(bin, "postgres")));
  if (!found) throw new Error(`no PostgreSQL was found under ${PROGRAMS}; install the package postgresql`);
  return found;
}
