/** What PostgreSQL alone can do to a store: be late, be another's, be unusable, break in the middle. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createLog } from "@vas/base/log.ts";
import { type Postgres, startPostgres } from "@vas/testkit/postgres.ts";
import { waitFor } from "@vas/testkit/processes.ts";
import { sql } from "kysely";
import { tell } from "../../apps/vas/src/backend/errors.ts";
import { listCameras } from "../../apps/vas/src/backend/store/cameras.ts";
import { isStoreUnavailable } from "../../apps/vas/src/backend/store/failure.ts";
import { MIGRATIONS } from "../../apps/vas/src/backend/store/migrations.ts";
import { openPostgres } from "../../apps/vas/src/backend/store/postgres.ts";
import { userByName } from "../../apps/vas/src/backend/store/users.ts";

describe("a PostgreSQL of one's own", { concurrency: false }, () => {
  let postgres: Postgres;
  let databases = 0;
  const lines: string[] = [];
  const log = createLog((line) => void lines.push(line), "debug");
  const open = (url: string, startMs = 60_000) => openPostgres(url, { log, startMs });
  const newDatabase = () => postgres.createDatabase(`own_${++databases}`);

  before(async () => {
    postgres = await startPostgres();
  });
  after(async () => {
    await postgres?.close();
    assert.doesNotMatch(lines.join(""), new RegExp(postgres.password), "the password is in no log");
  });

  test("a database that starts later than VAS is waited for", async () => {
    const url = await newDatabase();
    await postgres.stop();
    const opening = open(url);
    await postgres.start();
    const db = await opening;
    assert.deepEqual(await listCameras(db), []);
    await db.destroy();
  });

  test("one that does not come is an unavailable store, in words without the password", async () => {
    const url = await newDatabase();
    await postgres.stop();
    await assert.rejects(open(url, 0), (error) => {
      assert.ok(isStoreUnavailable(error));
      assert.doesNotMatch(String(error), new RegExp(postgres.password));
      return true;
    });
    await postgres.start();
    await assert.rejects(open(url.replace(postgres.password, "wrong"), 0), /password authentication failed/);
  });

  test("a second VAS is refused, and gets the database when the first is gone", async () => {
    const url = await newDatabase();
    const first = await open(url);
    await assert.rejects(open(url, 0), /another VAS uses this database/);
    await first.destroy();
    await (await open(url)).destroy();
  });

  test("a schema of a newer VAS is refused, and one that is up to date is left alone", async () => {
    const url = await newDatabase();
    await (await open(url)).destroy();
    const name = `own_${databases}`;
    assert.equal(await postgres.query("SELECT version FROM schema_version", name), String(MIGRATIONS.length));
    await postgres.query("UPDATE schema_version SET version = 999", name);
    await assert.rejects(open(url), /newer VAS \[schema:999/);
  });

  test("a vacuum comes by events that are only ever added, long before a fifth of the table is new", async () => {
    await (await open(await newDatabase())).destroy();
    const found = await postgres.query(
      "SELECT option_name, option_value FROM pg_class, pg_options_to_table(reloptions) WHERE relname = 'ai_events' ORDER BY 1",
      `own_${databases}`,
    );
    const prefix = "autovacuum_vacuum_insert";
    assert.deepEqual(found.split("\n"), [`${prefix}_scale_factor|0`, `${prefix}_threshold|20000`]);
  });

  test("a migration that fails leaves nothing of itself", async () => {
    const url = await newDatabase();
    const name = `own_${databases}`;
    await postgres.query("CREATE TABLE ai_model_assignments (in_the_way TEXT)", name);
    await assert.rejects(open(url), /already exists/);
    const tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'";
    assert.equal(await postgres.query(tables, name), "1");
    await postgres.query("DROP TABLE ai_model_assignments", name);
    await (await open(url)).destroy();
  });

  test("a database that is not UTF-8 is refused", async () => {
    await postgres.query("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc");
    await assert.rejects(open(postgres.url.replace(/postgres$/, "latin")), /must be UTF8 \[found:LATIN1\]/);
  });

  test("a connection that is cut in the middle of a transaction fails that transaction alone", async () => {
    const db = await open(await newDatabase());
    const cut = db.transaction().execute(async (tx) => {
      await sql`INSERT INTO site (key, value) VALUES ('torn', '1')`.execute(tx);
      const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(tx);
      await postgres.query(`SELECT pg_terminate_backend(${rows[0]?.pid})`);
      await sql`INSERT INTO site (key, value) VALUES ('torn', '2')`.execute(tx);
    });
    await assert.rejects(cut, (error) => isStoreUnavailable(error));
    assert.deepEqual((await sql`SELECT * FROM site`.execute(db)).rows, []);
    // Every idle connection, and the one that holds the database.
    await postgres.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'vas'");
    const found = await waitFor("a connection that is none of those", () =>
      listCameras(db).catch((error: unknown) => {
        assert.ok(isStoreUnavailable(error), String(error));
        return undefined;
      }),
    );
    assert.deepEqual(found, []);
    await db.destroy();
  });

  test("more requests than connections wait their turn", async () => {
    const db = await open(await newDatabase());
    const answers = await Promise.all(Array.from({ length: 100 }, () => sql`SELECT pg_sleep(0.01)`.execute(db)));
    assert.equal(answers.length, 100);
    const { rows } = await sql<{ count: number }>`
      SELECT count(*) AS count FROM pg_stat_activity WHERE application_name = 'vas' AND datname = current_database()`.execute(
      db,
    );
    assert.ok((rows[0]?.count ?? 99) <= 9, `connections: ${rows[0]?.count}`);
    await db.destroy();
  });

  test("while the database hangs one request tries and the others are told at once", async () => {
    const db = await open(await newDatabase());
    await postgres.stop();
    await assert.rejects(listCameras(db), isStoreUnavailable);
    await postgres.start();
    postgres.freeze();
    const told: string[] = [];
    try {
      const trying = listCameras(db).catch(() => told.push("tried"));
      const others = Array.from({ length: 10 }, () => listCameras(db).catch(() => told.push("told")));
      await Promise.all([trying, ...others]);
    } finally {
      postgres.resume();
    }
    assert.deepEqual(told, [...Array.from({ length: 10 }, () => "told"), "tried"]);
    await waitFor("the store to answer", () => listCameras(db), { withinMs: 60_000 });
    await db.destroy();
  });

  test("a value that PostgreSQL does not take is the request's fault, and its words stay in the log", async () => {
    const db = await open(await newDatabase());
    const error: unknown = await userByName(db, "a\0b").then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    const told = tell(error, log, {});
    assert.deepEqual([told.status, told.code], [400, "bad_request"]);
    assert.doesNotMatch(told.message, /invalid byte/);
    await db.destroy();
  });

  test("an integer that JavaScript cannot hold is an error, never a wrong number", async () => {
    const db = await open(await newDatabase());
    assert.deepEqual((await sql`SELECT 9007199254740991::bigint AS n`.execute(db)).rows, [
      { n: Number.MAX_SAFE_INTEGER },
    ]);
    await assert.rejects(sql`SELECT 9007199254740993::bigint AS n`.execute(db), /not safe/);
    await db.destroy();
  });
});
