/** What a store can fail with, for those who must tell "try again later" from "this row will never fit". */

/** The database cannot be reached, is stopping, or does not answer in time. What was asked may or may not have happened. */
export class StoreUnavailable extends Error {
  readonly code = "ERR_STORE_UNAVAILABLE";

  constructor(cause: unknown) {
    super(`the store does not answer: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = "StoreUnavailable";
  }
}

/**
 * SQLite result codes that say nothing against the statement: NOMEM, BUSY, LOCKED, READONLY, IOERR, CORRUPT, FULL,
 * CANTOPEN, PROTOCOL, NOTADB.
 */
const SQLITE_LATER = new Set([7, 5, 6, 8, 10, 11, 13, 14, 15, 26]);

/** Whether the same statement may succeed later without any change to it. */
export function isStoreUnavailable(thrown: unknown): boolean {
  if (thrown instanceof StoreUnavailable) return true;
  const { code, errcode } = (thrown ?? {}) as { code?: unknown; errcode?: unknown };
  return code === "ERR_SQLITE_ERROR" && typeof errcode === "number" && SQLITE_LATER.has(errcode & 0xff);
}

/** Whether an error came from the store at all, whatever it says. */
export function isStoreError(thrown: unknown): boolean {
  const { code } = (thrown ?? {}) as { code?: unknown };
  return (
    thrown instanceof StoreUnavailable ||
    (typeof code === "string" && (code.startsWith("ERR_SQLITE") || (isSqlState(thrown) && !isBadValue(thrown))))
  );
}

/** PostgreSQL refused a value that SQLite takes, such as a NUL in a text: the request's fault (SQLSTATE class 22). */
export function isBadValue(thrown: unknown): boolean {
  return isSqlState(thrown) && (thrown as { code: string }).code.startsWith("22");
}

/** node-postgres' DatabaseError: five characters, and the severity that PostgreSQL sends with every error. */
export function isSqlState(thrown: unknown): boolean {
  const { code, severity } = (thrown ?? {}) as { code?: unknown; severity?: unknown };
  return thrown instanceof Error && typeof code === "string" && code.length === 5 && typeof severity === "string";
}
