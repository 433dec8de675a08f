/** What tests need of processes, ports and waiting. Every wait has a watchdog that says what was missing. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";

/**
 * Starts a program that the kernel kills when this process dies, however it dies. It has a session of its own, so a
 * Ctrl-C at the terminal reaches us alone and we decide on the order.
 *
 * @param env the whole environment of the child
 */
export function spawnTied(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): ChildProcessWithoutNullStreams {
  return spawn("setpriv", ["--pdeathsig", "KILL", program, ...args], { env, stdio: "pipe", detached: true });
}

/** A port on 127.0.0.1 that is free for TCP and for UDP at this moment. */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    if (await isPortFree(port)) return port;
  }
}

/** The first of `count` ports in a row that are free now. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = await freePort();
    if (first + count <= 65_536 && (await areFree(first, count))) return first;
  }
}

/** The first port from `first` on that begins `count` free ports in a row. */
export async function nextFreePorts(first: number, count: number): Promise<number> {
  for (let port = first; port + count <= 65_536; port++) if (await areFree(port, count)) return port;
  throw new Error(`no free ports [from:${first}, count:${count}]`);
}

async function areFree(first: number, count: number): Promise<boolean> {
  for (let port = first; port < first + count; port++) if (!(await isPortFree(port))) return false;
  return true;
}

/** True where nobody has this port of 127.0.0.1, for TCP and for UDP. */
export async function isPortFree(port: number): Promise<boolean> {
  const tcp = createServer();
  const udp = createSocket("udp4");
  const tcpFree = await new Promise<boolean>((resolve) => {
    tcp.once("error", () => resolve(false));
    tcp.listen(port, "127.0.0.1", () => resolve(true));
  });
  const udpFree = await new Promise<boolean>((resolve) => {
    udp.once("error", () => resolve(false));
    udp.bind(port, "127.0.0.1", () => resolve(true));
  });
  if (tcpFree)
    await new Promise<void>((resolve) => {
      tcp.close(() => resolve());
    });
  await new Promise<void>((resolve) => {
    udp.close(resolve);
  });
  return tcpFree && udpFree;
}

export type WaitOptions = {
  /** After so long the wait fails; a minute where absent. */
  withinMs?: number;
  everyMs?: number;
  /** Called when the watchdog bites: what the world looked like then. */
  seen?: () => unknown;
};

/**
 * Waits until `condition` answers something else than undefined, null or false.
 *
 * @param what completes the sentence "waited in vain for ..."
 * @returns what `condition` answered
 * @throws Error from the watchdog, with what `condition` last threw
 */
export async function waitFor<T>(
  what: string,
  condition: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<NonNullable<Exclude<T, false>>> {
  const { withinMs = 60_000, everyMs = 50, seen } = options;
  const start = performance.now();
  let lastError: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value !== undefined && value !== null && value !== false) return value as NonNullable<Exclude<T, false>>;
      lastError = undefined;
    } catch (thrown) {
      lastError = thrown;
    }
    if (performance.now() - start > withinMs) {
      const state = seen ? `; seen: ${JSON.stringify(await seen())}` : "";
      const cause = lastError === undefined ? "" : `; last error: ${(lastError as Error).message ?? lastError}`;
      throw new Error(`waited in vain for ${what} [ms:${withinMs}]${state}${cause}`);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** Rejects when `promise` has not settled in time; what it was waiting for stands in the message. */
export async function within<T>(what: string, promise: Promise<T>, ms = 60_000): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const watchdog = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${what} [ms:${ms}]`)), ms);
  });
  try {
    return await Promise.race([promise, watchdog]);
  } finally {
    clearTimeout(timer);
  }
}

/** One process as /proc shows it. `state` is Z for a zombie. */
export type ProcessRow = { pid: number; ppid: number; state: string; command: string };

/** All processes of the machine that can be read. */
export function processes(): ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      // The name is in parentheses and may hold anything, so the fields are counted from the last one.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      rows.push({ pid, ppid: Number(fields[1]), state: fields[0] ?? "?", command });
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      if (code !== "ENOENT" && code !== "ESRCH" && code !== "EACCES") throw thrown;
    }
  }
  return rows;
}

/** Children, their children and so on, without zombies. */
export function descendants(pid: number): ProcessRow[] {
  const rows = processes();
  const found: ProcessRow[] = [];
  const parents = [pid];
  for (let parent = parents.shift(); parent !== undefined; parent = parents.shift()) {
    for (const row of rows) {
      if (row.ppid !== parent) continue;
      parents.push(row.pid);
      if (row.state !== "Z") found.push(row);
    }
  }
  return found;
}

/** True while the process runs; a zombie does not. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2)[0] !== "Z";
  } catch {
    return false;
  }
}

/** Ends a process without asking it. A process that is gone already is as good. */
export function killNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ESRCH") throw thrown;
  }
}

/** CPU time (user and system) that a process has used so far, in milliseconds. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // utime and stime, in clock ticks of 10 ms on Linux.
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
