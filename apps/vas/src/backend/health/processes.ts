/** What VAS's own process and its children take, read from /proc. Only reads; what cannot be read is not known. */
import { readFile } from "node:fs/promises";

const MAX_DEPTH = 3;
const MAX_PROCESSES = 1024;
/** Linux's USER_HZ, in which /proc counts processor time on every machine that Node runs on. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

export type ProcessUse = { pid: number; name: string; cpuSeconds: number; memoryBytes: number };

/** VAS itself first, then everything below it. */
export async function readProcesses(rootPid: number): Promise<ProcessUse[]> {
  const found: ProcessUse[] = [];
  let pids = [rootPid];
  for (let depth = 0; depth <= MAX_DEPTH && pids.length > 0 && found.length < MAX_PROCESSES; depth++) {
    const uses = await Promise.all(pids.map(readProcess));
    for (const use of uses) if (use) found.push(use);
    const below = await Promise.all(pids.map(childrenOf));
    pids = below.flat().slice(0, MAX_PROCESSES);
  }
  return found;
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readOrEmpty(`/proc/${pid}/task/${pid}/children`);
  return text.split(" ").filter(Boolean).map(Number);
}

async function readProcess(pid: number): Promise<ProcessUse | undefined> {
  return parseStat(pid, await readOrEmpty(`/proc/${pid}/stat`));
}

/** @param stat of /proc/<pid>/stat: the name in parentheses may hold anything, also spaces and parentheses */
export function parseStat(pid: number, stat: string): ProcessUse | undefined {
  const end = stat.lastIndexOf(")");
  const fields = stat.slice(end + 2).split(" ");
  const [userTicks, systemTicks, pages] = [fields[11], fields[12], fields[21]].map(Number);
  if (end < 0 || userTicks === undefined || systemTicks === undefined || pages === undefined) return undefined;
  if (![userTicks, systemTicks, pages].every(Number.isFinite)) return undefined;
  return {
    pid,
    name: stat.slice(stat.indexOf("(") + 1, end),
    cpuSeconds: (userTicks + systemTicks) / TICKS_PER_SECOND,
    memoryBytes: pages * PAGE_BYTES,
  };
}

/** A process that ended meanwhile, or a system without /proc, says nothing. */
async function readOrEmpty(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return "";
  }
}
