/** Files of the media folder as replies, with byte ranges. */
import { stat } from "node:fs/promises";
import { join, normalize } from "node:path";
import { CodedError, type ErrorCode } from "@vas/contracts/errors.ts";
import type { FastifyReply } from "fastify";
import type { Backend } from "./context.ts";

/**
 * @param path below the media folder, from the store
 * @param missing the code for a file that is gone
 */
export async function sendMedia(
  backend: Backend,
  reply: FastifyReply,
  path: string,
  type: string,
  missing: ErrorCode,
): Promise<FastifyReply> {
  const { mediaDir } = backend.config;
  const isBelow = path !== "" && !normalize(path).startsWith("..") && !path.startsWith("/");
  if (!isBelow || !(await isFile(join(mediaDir, path)))) throw new CodedError(missing);
  return reply.type(type).sendFile(path, mediaDir, { contentType: false, cacheControl: false, etag: false });
}

export async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false; // whatever hinders it, there is nothing to send
  }
}
