/** One VAS per data folder: a second one would repair the files that the first is writing. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * Takes the folder until `release`, or until the process is gone, however it goes: SQLite's lock is the kernel's.
 *
 * @throws Error where another VAS has it
 */
export function lockDataFolder(dataDir: string): { release(): void } {
  const lock = new DatabaseSync(join(dataDir, "lock"));
  try {
    lock.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    throw new Error(`another VAS uses this data folder [VAS_DATA_DIR:${dataDir}]`, { cause: error });
  }
  return { release: () => lock.close() };
}
