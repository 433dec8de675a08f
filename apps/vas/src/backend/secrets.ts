/**
 * Secrets at rest: camera passwords sealed with AES-256-GCM under a key file of the data folder, and the service key.
 * A copied database shows no password without that file.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { closeSync, fchmodSync, fsyncSync, linkSync, openSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { hideSecret } from "@vas/base/redact.ts";

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const FORMAT = "v1.";

export interface Sealer {
  /** @param context what the secret belongs to; it opens under the same context only */
  seal(secret: string, context: string): string;
  /** @throws Error where the key file is another one or the text was changed */
  open(sealed: string, context: string): string;
}

/** @param dataDir holds `secret.key`, made 0600 where it is absent */
export function openSealer(dataDir: string): Sealer {
  const text = readOrMake(join(dataDir, "secret.key"), () => randomBytes(KEY_BYTES).toString("hex"));
  if (!/^[0-9a-f]{64}$/.test(text)) throw new Error(`secret.key must hold 64 hex digits [found:${text.length}]`);
  hideSecret(text);
  const key = Buffer.from(text, "hex");
  return {
    seal(secret, context) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
      return FORMAT + Buffer.concat([iv, cipher.getAuthTag(), body]).toString("base64");
    },
    open(sealed, context) {
      if (!sealed.startsWith(FORMAT)) throw new Error("a sealed secret has an unknown format");
      const bytes = Buffer.from(sealed.slice(FORMAT.length), "base64");
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(context))
        .setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      return decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, "utf8") + decipher.final("utf8");
    },
  };
}

/** The key that Core shows; `given` wins over the file `service-key`, which is made 0600 where it is absent. */
export function openServiceKey(dataDir: string, given: string | undefined): string {
  const key = given ?? readOrMake(join(dataDir, "service-key"), () => randomBytes(32).toString("base64url"));
  if (key.length < 16) throw new Error(`service-key must have at least 16 characters [found:${key.length}]`);
  hideSecret(key);
  return key;
}

/** The file appears whole or not at all: it is written beside its name and then linked, which never replaces. */
function readOrMake(path: string, make: () => string): string {
  const read = () => readFileSync(path, "utf8").trim();
  try {
    return read();
  } catch (error) {
    if (!isCode(error, "ENOENT")) throw error;
  }
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  const file = openSync(draft, "wx", 0o600);
  try {
    fchmodSync(file, 0o600);
    writeSync(file, `${make()}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(draft, path);
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
  } finally {
    unlinkSync(draft);
  }
  return read();
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
