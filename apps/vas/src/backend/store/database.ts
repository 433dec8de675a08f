/**
 * Opens the store: SQLite through node:sqlite (WAL, synchronous FULL), or PostgreSQL. Every acknowledged write is on disk.
 */
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Log } from "@vas/base/log.ts";
import { Kysely, SqliteDialect } from "kysely";
import { MIGRATIONS } from "./migrations.ts";
import { openPostgres } from "./postgres.ts";
import type { Tables } from "./schema.ts";

export type Database = Kysely<Tables>;

const SQLITE_TYPES: Record<string, string> = {
  "{serial}": "INTEGER PRIMARY KEY AUTOINCREMENT",
  "{int}": "INTEGER",
  "{real}": "REAL",
  "{bytes}": "BLOB",
};

/** Values for `in`: PostgreSQL takes no empty list, and no row of ours has an empty id. */
export function anyOf(ids: string[]): string[] {
  return ids.length > 0 ? ids : [""];
}

/** Where the store is; `url` has the form postgres://name:password@host:port/database. */
export type StoreLocation = { dialect: "sqlite"; path: string } | { dialect: "postgres"; url: string };

/** @throws StoreUnavailable where a PostgreSQL does not answer within a minute */
export async function openStore(location: StoreLocation, log: Log): Promise<Database> {
  return location.dialect === "sqlite" ? openDatabase(location.path) : openPostgres(location.url, { log });
}

/** @param path a file, made with its folder where it is absent, or ":memory:" */
export function openDatabase(path: string): Database {
  if (path !== ":memory:") {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // SQLite gives its journal files the mode of the database; it holds password hashes.
    closeSync(openSync(path, "a", 0o600));
  }
  const sqlite = new DatabaseSync(path);
  sqlite.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000;",
  );
  migrate(sqlite);
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database: asKyselyDatabase(sqlite) }) });
}

function migrate(sqlite: DatabaseSync): void {
  const { user_version } = sqlite.prepare("PRAGMA user_version").get() as { user_version: number };
  if (user_version > MIGRATIONS.length)
    throw new Error(`the store was made by a newer VAS [schema:${user_version}, known:${MIGRATIONS.length}]`);
  for (const [index, statements] of MIGRATIONS.entries()) {
    if (index < user_version) continue;
    sqlite.exec("BEGIN IMMEDIATE");
    for (const statement of statements.filter((each) => !each.startsWith("{postgres}")))
      sqlite.exec(statement.replace(/\{\w+\}/g, (type) => SQLITE_TYPES[type] ?? type));
    sqlite.exec(`PRAGMA user_version = ${index + 1}`);
    sqlite.exec("COMMIT");
  }
}

/** Kysely's SQLite dialect speaks to better-sqlite3; node:sqlite differs in how it says whether a statement reads. */
function asKyselyDatabase(sqlite: DatabaseSync) {
  return {
    close: () => sqlite.close(),
    prepare(sql: string) {
      const statement = sqlite.prepare(sql);
      return {
        reader: statement.columns().length > 0,
        all: (parameters: readonly unknown[]) => statement.all(...(parameters as never[])),
        run: (parameters: readonly unknown[]) => statement.run(...(parameters as never[])),
        iterate: (parameters: readonly unknown[]) =>
          statement.iterate(...(parameters as never[])) as IterableIterator<unknown>,
      };
    },
  };
}
