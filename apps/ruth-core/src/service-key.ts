/** The key with which Core shows VAS who it is. VAS makes the file at its first start, which may be after Core's. */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { hideSecret } from "@vas/base/redact.ts";

const MAX_KEY_BYTES = 1024;

/** The key, or why there is none, in words. */
export type KeyAnswer = { key: string } | { problem: string };

/**
 * Gives the key whenever it is asked; a file is read anew each time, so a key that was replaced is used from then on.
 *
 * @param serviceKey the key itself; null to read it from the file
 */
export function keySource(serviceKey: string | null, file: string): () => Promise<KeyAnswer> {
  if (serviceKey !== null) {
    hideSecret(serviceKey);
    return () => Promise.resolve({ key: serviceKey });
  }
  return async () => {
    try {
      await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_KEY_BYTES), 0, MAX_KEY_BYTES, null);
      const key = buffer.toString("utf8", 0, bytesRead).trim();
      if (!/^[\x21-\x7e]+$/.test(key)) return { problem: `the service key file ${file} holds no key` };
      hideSecret(key);
      return { key };
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      if (code === "ENOENT") return { problem: `the service key file ${file} is not there yet` };
      return { problem: `the service key file ${file} cannot be read [${code ?? String(thrown)}]` };
    }
  };
}
