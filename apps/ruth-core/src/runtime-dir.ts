/** Where a model's runtime keeps its socket and its heartbeat. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { socketPath } from "@vas/contracts/inference.ts";

/**
 * The folder of all sockets, or the model's own inside it, `<socketDir>/<model_id>`: a runtime in a container is given
 * that one alone, so that it can neither see nor replace another's socket. Nothing but the model's own socket is looked
 * for in a model's own folder.
 */
export function runtimeDir(socketDir: string, modelId: string): string {
  const own = join(socketDir, modelId);
  return !existsSync(socketPath(socketDir, modelId)) && existsSync(socketPath(own, modelId)) ? own : socketDir;
}
