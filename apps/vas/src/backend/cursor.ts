/** Keyset cursors of lists that are ordered by creation: opaque to clients, checked when they come back. */
import { CodedError } from "@vas/contracts/errors.ts";
import type { After } from "./store/media.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function encodeCursor({ createdAt, id }: After): string {
  return Buffer.from(`${createdAt}:${id}`).toString("base64url");
}

/** @throws CodedError cursor_invalid */
export function decodeCursor(cursor: string | undefined): After | undefined {
  if (cursor === undefined) return undefined;
  const [time = "", id = "", ...rest] = Buffer.from(cursor, "base64url").toString("utf8").split(":");
  if (rest.length > 0 || !/^\d{1,15}$/.test(time) || !UUID.test(id)) throw new CodedError("cursor_invalid");
  return { createdAt: Number(time), id };
}
