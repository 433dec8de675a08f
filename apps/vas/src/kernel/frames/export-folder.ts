/**
 * The folder of all cameras' exports, VAS_SHM_DIR: one folder per camera in it, named by the camera's id, holding that
 * camera's ring and nothing else.
 */
import {
  accessSync,
  constants,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  statfsSync,
} from "node:fs";
import { join } from "node:path";
import { RING_FILES, removeFolder, removeRing } from "./ring-writer.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TMPFS_MAGIC = 0x0102_1994;
const RAMFS_MAGIC = 0x8584_58f6;

/** A camera's export folder. */
export function exportFolder(shmDir: string, cameraId: string): string {
  if (!UUID.test(cameraId)) throw new RangeError("a camera id is a UUID");
  return join(shmDir, cameraId);
}

/**
 * Makes VAS_SHM_DIR ready: creates it (0750) where its parent allows, and checks that frames can be put there.
 *
 * @returns a sentence that says what is wrong and how to mend it, or undefined where all is well
 */
export function checkExportDir(shmDir: string): string | undefined {
  try {
    mkdirSync(shmDir, { mode: 0o750, recursive: true });
    const found = lstatSync(shmDir);
    if (!found.isDirectory()) return `VAS_SHM_DIR is not a folder [path:${shmDir}]`;
    if (found.mode & 0o002)
      return `VAS_SHM_DIR may be written by everybody [path:${shmDir}, mode:${(found.mode & 0o777).toString(8)}]; chmod 0750 it`;
    const { type } = statfsSync(shmDir);
    if (type !== TMPFS_MAGIC && type !== RAMFS_MAGIC)
      return `VAS_SHM_DIR is not in memory [path:${shmDir}, file system:0x${type.toString(16)}]; name a folder on a tmpfs such as /dev/shm`;
    accessSync(shmDir, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return `VAS_SHM_DIR cannot be used [path:${shmDir}, ${code}]; it must be a folder that this user may create and write`;
  }
}

/**
 * Removes what a killed VAS left: camera folders that hold a ring's files only and that no living process has open for
 * writing. Call it before the first tap starts.
 *
 * @returns the camera ids whose export was removed, and those left alone with the reason
 */
export function removeLeftExports(shmDir: string): { removed: string[]; left: { cameraId: string; reason: string }[] } {
  const removed: string[] = [];
  const left: { cameraId: string; reason: string }[] = [];
  for (const entry of readdirSync(shmDir, { withFileTypes: true })) {
    if (!entry.isDirectory() || !UUID.test(entry.name)) continue;
    const folder = join(shmDir, entry.name);
    const strange = readdirSync(folder).find((name) => !RING_FILES.has(name));
    if (strange !== undefined) {
      left.push({ cameraId: entry.name, reason: `it holds a file that is not a ring's [name:${strange}]` });
      continue;
    }
    const writer = findWriter(folder);
    if (writer !== undefined) {
      left.push({ cameraId: entry.name, reason: `a process still writes it [pid:${writer}]` });
      continue;
    }
    removeRing(folder);
    removeFolder(folder);
    removed.push(entry.name);
  }
  return { removed, left };
}

/** Removes one camera's export in whatever state it is; its writer must be gone. */
export function removeExport(shmDir: string, cameraId: string): void {
  const folder = exportFolder(shmDir, cameraId);
  removeRing(folder);
  removeFolder(folder);
}

/**
 * The process that maps a file of this folder for writing, where /proc shows it. Readers map read-only, so they do not
 * count; processes of other users do not show, and could not have made a folder that this user may remove.
 */
function findWriter(folder: string): number | undefined {
  const inFolder = ` ${realpathSync(folder)}/`;
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    for (const line of mappings(pid))
      if (line.includes(inFolder) && line.split(" ", 2)[1]?.startsWith("rw")) return pid;
  }
  return undefined;
}

/** Lines of /proc/<pid>/maps; none where the process is gone or another user's. */
function mappings(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/maps`, "latin1").split("\n");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES" || code === "EPERM") return [];
    throw error;
  }
}
