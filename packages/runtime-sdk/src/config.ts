/** The environment of a runtime process; nothing else in the SDK or in a runtime reads it. */

export type RuntimeConfig = {
  /** Where the socket and the heartbeat go. */
  socketDir: string;
  /** The folder that holds one frame export folder per camera. */
  shmDir: string;
  /** Exit when stdin closes, so that a killed launcher leaves nothing behind. */
  exitWithStdin: boolean;
};

/** Exit code of a process whose environment is not valid. */
export const EXIT_INVALID_ENVIRONMENT = 3;

/** @returns the settings, or a sentence that names the variable and what is wrong with it */
export function readConfig(env: Record<string, string | undefined> = process.env): RuntimeConfig | string {
  const socketDir = env.RUTH_SOCKET_DIR ?? "/tmp";
  const shmDir = env.VAS_SHM_DIR ?? "/dev/shm/vas";
  for (const [name, value] of [
    ["RUTH_SOCKET_DIR", socketDir],
    ["VAS_SHM_DIR", shmDir],
  ] as const)
    if (!value.startsWith("/") || value.includes("\0")) return `${name} must be an absolute path [found:${value}]`;
  const exitWithStdin = env.RUTH_EXIT_WITH_STDIN ?? "0";
  if (exitWithStdin !== "0" && exitWithStdin !== "1")
    return `RUTH_EXIT_WITH_STDIN must be 0 or 1 [found:${exitWithStdin}]`;
  return { socketDir: trim(socketDir), shmDir: trim(shmDir), exitWithStdin: exitWithStdin === "1" };
}

function trim(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, "") || "/" : path;
}
