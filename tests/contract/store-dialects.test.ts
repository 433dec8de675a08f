/**
 * One set of queries, two databases: every test here runs on SQLite and on PostgreSQL. What it expects is the same for
 * both, down to the order of texts and the type of every number.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createLog } from "@vas/base/log.ts";
import { CodedError } from "@vas/contracts/errors.ts";
import type { AiEvent, AiEventQuery } from "@vas/contracts/http.ts";
import { type Postgres, startPostgres } from "@vas/testkit/postgres.ts";
import { closedAt, discovered, openedAt } from "../../apps/vas/src/backend/testing/ai-site.ts";
import { makeSegment, MOMENT } from "../../apps/vas/src/backend/testing/site.ts";
import * as assignments from "../../apps/vas/src/backend/store/ai-assignments.ts";
import * as events from "../../apps/vas/src/backend/store/ai-events.ts";
import * as reviews from "../../apps/vas/src/backend/store/event-reviews.ts";
import * as models from "../../apps/vas/src/backend/store/ai-models.ts";
import * as apiKeys from "../../apps/vas/src/backend/store/api-keys.ts";
import * as cameras from "../../apps/vas/src/backend/store/cameras.ts";
import { type Database, openStore } from "../../apps/vas/src/backend/store/database.ts";
import * as media from "../../apps/vas/src/backend/store/media.ts";
import * as recordings from "../../apps/vas/src/backend/store/recordings.ts";
import * as timeline from "../../apps/vas/src/backend/store/timeline.ts";
import * as users from "../../apps/vas/src/backend/store/users.ts";

const log = createLog(() => undefined);
const DAY_MS = 86_400_000;

function camera(fields: Partial<cameras.CameraRow> = {}): cameras.CameraRow {
  return {
    id: crypto.randomUUID(),
    name: "Yard",
    source: "rtsp",
    rtsp_url: "rtsp://192.0.2.1/main",
    username: null,
    password_sealed: null,
    sub_rtsp_url: null,
    sub_username: null,
    sub_password_sealed: null,
    record: 1,
    retention_days: null,
    export_frames: 1,
    export_max_fps: null,
    export_height: null,
    export_stream: "main",
    started: 1,
    created_at: MOMENT,
    updated_at: MOMENT,
    ...fields,
  };
}

for (const dialect of ["sqlite", "postgres"] as const)
  describe(`the store on ${dialect}`, { concurrency: false }, () => {
    const folder = mkdtempSync(join(tmpdir(), "vas-store-"));
    let postgres: Postgres | undefined;
    let opened = 0;

    before(async () => {
      if (dialect === "postgres") postgres = await startPostgres();
    });
    after(async () => {
      await postgres?.close();
      rmSync(folder, { recursive: true });
    });

    const locate = async () =>
      postgres
        ? ({ dialect: "postgres", url: await postgres.createDatabase(`store_${++opened}`) } as const)
        : ({ dialect: "sqlite", path: join(folder, `${++opened}.sqlite`) } as const);

    /** A test on an empty store of its own. */
    const storeTest = (title: string, run: (db: Database) => Promise<void>): void => {
      test(title, async () => {
        const db = await openStore(await locate(), log);
        try {
          await run(db);
        } finally {
          await db.destroy();
        }
      });
    };

    const add = async (db: Database, fields: Partial<cameras.CameraRow> = {}) => {
      const row = camera(fields);
      assert.equal(await cameras.insertCamera(db, row, 64), true);
      return row.id;
    };

    test("what is stored is there after the store was closed and opened again", async () => {
      const location = await locate();
      const first = await openStore(location, log);
      const row = camera({ retention_days: 1.5, name: "Hof \u{1F415} ä \u{7F}", username: "a'b\"c\\d" });
      await cameras.insertCamera(first, row, 64);
      await first.destroy();
      const second = await openStore(location, log);
      assert.deepEqual({ ...(await cameras.listCameras(second))[0] }, row);
      await second.destroy();
    });

    storeTest("cameras: inserted, changed, listed by age, limited in number", async (db) => {
      const late = await add(db, { created_at: MOMENT + 1 });
      const early = await add(db, { created_at: MOMENT });
      assert.deepEqual(
        (await cameras.listCameras(db)).map((row) => row.id),
        [early, late],
      );
      assert.equal((await cameras.updateCamera(db, early, { name: "Gate", started: 0 }))?.name, "Gate");
      assert.deepEqual((await cameras.cameraById(db, early))?.started, 0);
      assert.equal(await cameras.updateCamera(db, crypto.randomUUID(), { name: "x" }), undefined);
      assert.equal(await cameras.insertCamera(db, camera(), 2), false);
    });

    storeTest("cameras: the limit holds for those who come at the same moment", async (db) => {
      const taken = await Promise.all(Array.from({ length: 12 }, () => cameras.insertCamera(db, camera(), 5)));
      assert.equal(taken.filter(Boolean).length, 5);
      assert.equal((await cameras.listCameras(db)).length, 5);
    });

    storeTest("a camera is deleted with all that belongs to it, and nothing else", async (db) => {
      const [gone, kept] = [await add(db), await add(db)];
      for (const id of [gone, kept]) {
        await recordings.saveSegment(db, makeSegment(id, 0));
        await recordings.insertGap(db, gap(id, 0, null));
        await media.insertSnapshot(db, snapshot(id, 1));
        await media.insertClip(db, clip(id, 1));
        const event = openedAt(MOMENT, { camera_id: id });
        await events.storeEvents(db, [{ opened: [event], closed: [closedAt(event, MOMENT)] }], MOMENT);
        await assignments.storeAssignment(db, id, "person", assignments.ASSIGNMENT_DEFAULTS, MOMENT);
      }
      const paths = await cameras.deleteCamera(db, gone);
      assert.deepEqual(paths.sort(), ["clip-1", `recordings/${gone}/0.mp4`, "snapshot-1", "thumbnail-1"].sort());
      const left = {
        cameras: (await cameras.listCameras(db)).map((row) => row.id),
        segments: (await recordings.oldestSegments(db, 10)).map((segment) => segment.cameraId),
        snapshots: (await media.newestOf(db, "snapshots", all)).map((row) => row.camera_id),
        clips: (await media.newestOf(db, "clips", all)).map((row) => row.camera_id),
        events: (await events.listEvents(db, {})).items.map((event) => event.camera_id),
        assignments: (await assignments.listAssignments(db, {}, false)).items.map((each) => each.camera_id),
      };
      for (const [what, ids] of Object.entries(left)) assert.deepEqual(ids, [kept], what);
      assert.equal(await recordings.openGap(db, gone), undefined);
      assert.ok(await recordings.openGap(db, kept));
    });

    storeTest("segments: replaced by id, found by range, moment, presentation time and age", async (db) => {
      const [id, other] = [await add(db), await add(db)];
      const stored = [0, 1, 2].map((index) => makeSegment(id, index));
      for (const segment of stored) {
        await recordings.saveSegment(db, { ...segment, open: true, sizeBytes: 1, endWallMs: segment.startWallMs });
        await recordings.saveSegment(db, segment);
      }
      await recordings.saveSegment(db, makeSegment(other, 1, { open: true, sizeBytes: 5_000_000_000 }));
      const between = (from: number, to: number) => recordings.segmentsBetween(db, id, MOMENT + from, MOMENT + to, 10);
      assert.deepEqual(await between(0, 30_000), stored);
      assert.deepEqual(await between(10_000, 20_000), [stored[1]]);
      assert.deepEqual(await between(30_000, 40_000), []);
      assert.deepEqual(await recordings.segmentById(db, stored[2]?.id ?? ""), stored[2]);
      assert.deepEqual(await recordings.segmentAtWall(db, id, MOMENT + 19_999), stored[1]);
      assert.equal(await recordings.segmentAtWall(db, id, MOMENT - 1), undefined);
      assert.deepEqual(await recordings.segmentAtPts(db, id, (MOMENT + 20_000) * 90), stored[2]);
      assert.deepEqual(await recordings.oldestSegmentOf(db, id), stored[0]);
      assert.deepEqual(await recordings.oldestSegments(db, 2), stored.slice(0, 2));
      assert.deepEqual(
        (await recordings.openSegments(db)).map((segment) => [segment.cameraId, segment.sizeBytes]),
        [[other, 5_000_000_000]],
      );
      // A camera may keep a third of a day: the moment is no whole millisecond.
      const before = MOMENT + 20_000.5;
      assert.deepEqual(await recordings.segmentsEndedBefore(db, id, before, 10), [stored[0]]);
      await recordings.deleteSegments(db, [stored[0]?.id ?? "", stored[1]?.id ?? ""]);
      assert.deepEqual(await between(0, 30_000), [stored[2]]);
    });

    storeTest("the days with footage, newest first, over many segments", async (db) => {
      const id = await add(db);
      for (const day of [0, 1, 5])
        for (let index = 0; index < 20; index++)
          await recordings.saveSegment(
            db,
            makeSegment(id, index, { startWallMs: MOMENT + day * DAY_MS + index * 1000 }),
          );
      assert.deepEqual(await recordings.recordingDays(db, id), ["2026-03-06", "2026-03-02", "2026-03-01"]);
      assert.deepEqual(await recordings.recordingDays(db, crypto.randomUUID()), []);
    });

    storeTest("gaps: opened, explained, ended, dropped where they are short, forgotten", async (db) => {
      const id = await add(db);
      const long = gap(id, 0, null);
      await recordings.insertGap(db, long);
      await recordings.insertGap(db, { ...long, message: "told twice" });
      await recordings.explainGap(db, long.id, "timed_out", "Timed out.");
      assert.deepEqual(
        { ...(await recordings.openGap(db, id)) },
        { ...long, reason: "timed_out", message: "Timed out." },
      );
      await recordings.endGaps(db, id, MOMENT + 5000, 1000);
      const short = gap(id, 9500, null);
      await recordings.insertGap(db, short);
      await recordings.endGaps(db, id, MOMENT + 10_000, 1000);
      const found = await recordings.gapsBetween(db, id, MOMENT, MOMENT + DAY_MS, 10);
      assert.deepEqual(
        found.map((each) => [each.id, each.end_wall_ms]),
        [[long.id, MOMENT + 5000]],
      );
      await recordings.deleteGapsBefore(db, id, MOMENT + 5000.25);
      assert.equal((await recordings.gapsBetween(db, id, MOMENT, MOMENT + DAY_MS, 10)).length, 1);
      await recordings.deleteGapsBefore(db, id, MOMENT + 5001.75);
      assert.equal((await recordings.gapsBetween(db, id, MOMENT, MOMENT + DAY_MS, 10)).length, 0);
    });

    storeTest("timelines: runs of footage, gaps, events by label, days and sizes", async (db) => {
      const id = await add(db);
      for (const n of [0, 1, 2, 5, 6]) await recordings.saveSegment(db, makeSegment(id, n));
      await recordings.insertGap(db, gap(id, 30_000, 50_000));
      const range = { fromMs: MOMENT, toMs: MOMENT + 60_000 };
      assert.deepEqual(await timeline.footageRuns(db, id, range, 1000), [
        { startMs: MOMENT, endMs: MOMENT + 30_000 },
        { startMs: MOMENT + 50_000, endMs: MOMENT + 60_000 },
      ]);
      assert.deepEqual(await timeline.footageRuns(db, crypto.randomUUID(), range, 1000), []);
      assert.deepEqual((await timeline.gapsStarting(db, id, range)).length, 1);
      assert.equal((await timeline.gapBefore(db, id, MOMENT + 40_000))?.end_wall_ms, MOMENT + 50_000);
      const opened = [0, 501, 19_999, 20_000].map((at) =>
        openedAt(MOMENT + at, { camera_id: id, label: `at ${at % 2}` }),
      );
      await events.storeEvents(db, [{ opened, closed: [] }], MOMENT);
      const counted = await timeline.countLabels(db, id, { ...range, sinceMs: MOMENT + 1 }, 10_000);
      assert.deepEqual(
        counted.map(({ label, bucket, count }) => [label, bucket, count]),
        [
          ["at 1", 0, 1],
          ["at 1", 1, 1],
          ["at 0", 2, 1],
        ],
      );
      const days = [range, { fromMs: MOMENT - 60_000, toMs: MOMENT }];
      const both = [
        { recorded: true, events: true },
        { recorded: false, events: false },
      ];
      for (const ids of [undefined, [id]]) assert.deepEqual(await timeline.rangesWith(db, days, ids), both);
      assert.deepEqual((await timeline.rangesWith(db, days, []))[0], { recorded: false, events: false });
      const cut = { fromMs: MOMENT + 5000, toMs: MOMENT + 52_500 };
      assert.deepEqual(await timeline.footageSize(db, id, cut), { recordedMs: 27_500, sizeBytes: 2750 });
      assert.deepEqual(await timeline.footageSize(db, crypto.randomUUID(), cut), { recordedMs: 0, sizeBytes: 0 });
    });

    storeTest("snapshots and clips: pages without a repeat or a hole, also at the same moment", async (db) => {
      const [id, other] = [await add(db), await add(db)];
      for (let index = 0; index < 25; index++) {
        await media.insertSnapshot(db, snapshot(index % 5 === 0 ? other : id, Math.floor(index / 6)));
        await media.insertClip(db, clip(index % 5 === 0 ? other : id, Math.floor(index / 6)));
      }
      for (const table of ["snapshots", "clips"] as const)
        for (const cameraId of [undefined, id]) {
          const seen: { created_at: number; id: string }[] = [];
          for (;;) {
            const last = seen.at(-1);
            const page = await media.newestOf(db, table, {
              cameraId,
              after: last && { createdAt: last.created_at, id: last.id },
              limit: 4,
            });
            if (page.length === 0) break;
            seen.push(...page);
          }
          assert.equal(new Set(seen.map((row) => row.id)).size, cameraId === undefined ? 25 : 20);
          const expected = seen.toSorted((a, b) => b.created_at - a.created_at || (a.id < b.id ? 1 : -1));
          assert.deepEqual(seen, expected);
        }
      const [newest] = await media.newestOf(db, "snapshots", { cameraId: id, after: undefined, limit: 1 });
      assert.ok(newest);
      assert.deepEqual(await media.snapshotById(db, newest.id), newest);
      assert.deepEqual(await media.deleteSnapshot(db, newest.id), newest);
      assert.equal(await media.deleteSnapshot(db, newest.id), undefined);
      const [oneClip] = await media.newestOf(db, "clips", { cameraId: id, after: undefined, limit: 1 });
      assert.ok(oneClip);
      assert.deepEqual(await media.clipById(db, oneClip.id), oneClip);
      assert.deepEqual(await media.deleteClip(db, oneClip.id), oneClip);
    });

    storeTest("events: stored once, closed once, and only those of known cameras and events", async (db) => {
      const id = await add(db);
      const [first, second] = [openedAt(MOMENT, { camera_id: id }), openedAt(MOMENT + 1, { camera_id: id })];
      const stranger = openedAt(MOMENT, { camera_id: crypto.randomUUID() });
      const stored = await events.storeEvents(
        db,
        [
          { opened: [first, first, stranger], closed: [closedAt(first, MOMENT + 9000), closedAt(stranger, MOMENT)] },
          { opened: [second, first], closed: [closedAt(first, MOMENT + 9000)] },
        ],
        MOMENT + 5,
      );
      assert.deepEqual(
        stored.opened.map((event) => event.event_id),
        [first.event_id, second.event_id],
      );
      assert.deepEqual(stored.closedIds, [first.event_id]);
      assert.deepEqual(stored.outcomes, [
        { unknownCameras: 1, unknownEvents: 1 },
        { unknownCameras: 0, unknownEvents: 0 },
      ]);
      const again = await events.storeEvents(db, [{ opened: [first], closed: [closedAt(first, MOMENT)] }], MOMENT);
      assert.deepEqual([again.opened, again.closedIds], [[], []]);
      const picture = snapshot(id, 3, { event_id: first.event_id });
      await media.insertSnapshot(db, picture);
      await media.insertClip(db, clip(id, 3, { id: "clip-of-first", event_id: first.event_id }));
      const [found] = await events.eventsById(db, [first.event_id, crypto.randomUUID()]);
      assert.deepEqual(found, {
        ...events.openedEvent(first, MOMENT + 5),
        ended_at: new Date(MOMENT + 9000).toISOString(),
        frames: 12,
        best_confidence: 0.95,
        best_frame_id: 7,
        snapshot_id: picture.id,
        clip_id: "clip-of-first",
      } satisfies AiEvent);
    });

    storeTest("events: a batch that fails leaves nothing of itself, and the next one is stored", async (db) => {
      const id = await add(db);
      const good = openedAt(MOMENT, { camera_id: id });
      const bad = openedAt(MOMENT, { camera_id: id, label: null as unknown as string });
      await assert.rejects(events.storeEvents(db, [{ opened: [good, bad], closed: [] }], MOMENT));
      assert.deepEqual((await events.listEvents(db, {})).items, []);
      await events.storeEvents(db, [{ opened: [good], closed: [] }], MOMENT);
      assert.equal((await events.listEvents(db, {})).items.length, 1);
    });

    storeTest("events: each filter and all of them together, by keyset pages, newest first", async (db) => {
      const ids = [await add(db), await add(db)];
      const all = Array.from({ length: 120 }, (_, index) =>
        openedAt(MOMENT + Math.floor(index / 7) * 1000, {
          camera_id: ids[index % 2] ?? "",
          model_id: ["person", "vehicle", "_x-1"][index % 3] ?? "",
          label: ["person", "Äpfel", "car"][index % 3] ?? "",
          confidence: (index % 10) / 10,
        }),
      );
      await events.storeEvents(db, [{ opened: all, closed: [] }], MOMENT);
      const iso = (seconds: number) => new Date(MOMENT + seconds * 1000).toISOString();
      const filters: AiEventQuery[] = [
        {},
        { camera_id: ids[0] },
        { model_id: "vehicle" },
        { label: "Äpfel" },
        { label: "äpfel" },
        { min_confidence: 0.7 },
        { from: iso(5) },
        { to: iso(5) },
        { from: iso(3), to: iso(9) },
        { camera_id: ids[1], model_id: "person", label: "person", min_confidence: 0.3, from: iso(2), to: iso(15) },
      ];
      for (const filter of filters) {
        const expected = all
          .map((event, index) => ({ event, index }))
          .filter(
            ({ event }) =>
              (filter.camera_id === undefined || event.camera_id === filter.camera_id) &&
              (filter.model_id === undefined || event.model_id === filter.model_id) &&
              (filter.label === undefined || event.label === filter.label) &&
              event.confidence >= (filter.min_confidence ?? 0) &&
              (filter.from === undefined || event.timestamp >= filter.from) &&
              (filter.to === undefined || event.timestamp < filter.to),
          )
          .toSorted((a, b) => Date.parse(b.event.timestamp) - Date.parse(a.event.timestamp) || b.index - a.index)
          .map(({ event }) => event.event_id);
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await events.listEvents(db, { ...filter, limit: 7, ...(cursor ? { cursor } : {}) });
          seen.push(...page.items.map((event) => event.id));
          cursor = page.next_cursor ?? undefined;
        } while (cursor !== undefined);
        assert.deepEqual(seen, expected, JSON.stringify(filter));
      }
      await assert.rejects(
        events.listEvents(db, { cursor: "bm8" }),
        (error) => error instanceof CodedError && error.code === "cursor_invalid",
      );
    });

    storeTest(
      "events: what was reviewed is found either way, by whoever sees which cameras, page after page",
      async (db) => {
        const ids = [await add(db), await add(db), await add(db)];
        const all = Array.from({ length: 90 }, (_, index) =>
          openedAt(MOMENT + Math.floor(index / 4) * 1000, {
            camera_id: ids[index % 3] ?? "",
            confidence: (index % 10) / 10,
          }),
        );
        await events.storeEvents(db, [{ opened: all, closed: [] }], MOMENT);
        const marked = new Set(all.filter((_, index) => index % 7 === 0 || index > 60).map((event) => event.event_id));
        const wish = { eventIds: [...marked, crypto.randomUUID()], reviewed: true, by: "ann", wallMs: MOMENT + 9 };
        const change = await reviews.storeReviews(db, wish);
        assert.deepEqual(new Set([...change.byCamera.values()].flat()), marked);
        assert.deepEqual([...change.byCamera.keys()].sort(), ids.toSorted());
        const again = await reviews.storeReviews(db, { ...wish, by: "bob", wallMs: MOMENT + 99 });
        assert.equal(again.byCamera.size, 0, "the first mark stays");
        const [first] = await events.eventsById(db, [...marked].slice(0, 1));
        assert.deepEqual(first?.review, { by: "ann", at: new Date(MOMENT + 9).toISOString() });

        for (const reviewed of [true, false])
          for (const grants of [undefined, [ids[0], ids[2]] as string[], [ids[1]] as string[], []])
            for (const min_confidence of [undefined, 0.5])
              for (const scanned of [3, 10, 1000]) {
                const expected = all
                  .map((event, index) => ({ event, index }))
                  .filter(
                    ({ event }) =>
                      marked.has(event.event_id) === reviewed &&
                      (grants === undefined || grants.includes(event.camera_id)) &&
                      event.confidence >= (min_confidence ?? 0),
                  )
                  .toSorted(
                    (a, b) => Date.parse(b.event.timestamp) - Date.parse(a.event.timestamp) || b.index - a.index,
                  )
                  .map(({ event }) => event.event_id);
                const seen: string[] = [];
                let cursor: string | undefined;
                do {
                  const query = { reviewed, limit: 3, ...(cursor ? { cursor } : {}) };
                  const filter = min_confidence === undefined ? query : { ...query, min_confidence };
                  const page = await events.listEvents(db, filter, grants, scanned);
                  assert.ok(page.items.length <= 3);
                  seen.push(...page.items.map((event) => event.id));
                  cursor = page.next_cursor ?? undefined;
                } while (cursor !== undefined);
                assert.deepEqual(seen, expected, `${reviewed} ${grants?.length} ${min_confidence} ${scanned}`);
              }

        const strangers = await reviews.storeReviews(db, { ...wish, reviewed: false, cameraIds: [ids[1] as string] });
        assert.deepEqual([...strangers.byCamera.keys()], [ids[1]], "marks of other cameras stay");
        assert.equal(strangers.review, null);
        const left = await events.listEvents(db, { camera_id: ids[1], reviewed: true });
        assert.deepEqual(left, { items: [], next_cursor: null });
      },
    );

    storeTest("models: found, changed only where something changed, enabled by a person, in byte order", async (db) => {
      const ids = ["a_b", "a-b", "a.b", "ab", "a1", "z", "aa"];
      assert.equal(
        await models.storeModels(
          db,
          ids.map((id) => discovered(id)),
          1,
        ),
        true,
      );
      assert.equal(await models.setModelEnabled(db, "ab", false, 2), true);
      assert.equal(await models.setModelEnabled(db, "ab", false, 3), false);
      assert.equal(
        await models.storeModels(db, [discovered("ab"), discovered("z", { name: "new" }), discovered("z")], 4),
        true,
      );
      const listed = await models.listModels(db);
      assert.deepEqual(
        listed.map((model) => [model.discovered.model_id, model.enabled, model.updatedWallMs]),
        ids.toSorted().map((id) => [id, id !== "ab", id === "ab" ? 2 : id === "z" ? 4 : 1]),
      );
      assert.deepEqual((await models.findModel(db, "z"))?.discovered, discovered("z", { name: "new" }));
      assert.equal(await models.findModel(db, "y"), undefined);
    });

    storeTest("assignments: idempotent, paged in byte order, as Core sees them", async (db) => {
      const ids = [await add(db), await add(db)];
      const modelIds = ["a_b", "a-b", "ab", "a.b"];
      await models.storeModels(
        db,
        modelIds.map((id) => discovered(id)),
        1,
      );
      await models.setModelEnabled(db, "ab", false, 2);
      const wish: assignments.AssignmentWish = {
        enabled: true,
        desired_fps: 2.5,
        priority: 50,
        parameters: { zones: [[0.1, 0.2]] },
        clip: false,
        zones: [
          {
            name: "door",
            points: [
              [0.1, 0.1],
              [0.9, 0.1],
              [0.5, 0.9],
            ],
          },
        ],
      };
      for (const id of ids)
        for (const modelId of modelIds) await assignments.storeAssignment(db, id, modelId, wish, 10);
      const again = await assignments.storeAssignment(db, ids[0] ?? "", "ab", { ...wish, desired_fps: 7 }, 20);
      assert.deepEqual(
        [again.desired_fps, Date.parse(again.created_at), Date.parse(again.updated_at), again.parameters, again.zones],
        [7, 10, 20, wish.parameters, wish.zones],
      );
      assert.deepEqual(await assignments.findAssignment(db, ids[0] ?? "", "ab"), again);
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const page = await assignments.listAssignments(db, { limit: 3, ...(cursor ? { cursor } : {}) }, true);
        for (const each of page.items) {
          seen.push(`${each.camera_id} ${each.model_id}`);
          assert.equal(each.enabled, each.model_id !== "ab");
        }
        cursor = page.next_cursor;
      } while (cursor !== null);
      assert.deepEqual(seen, ids.flatMap((id) => modelIds.map((modelId) => `${id} ${modelId}`)).toSorted());
      assert.equal(await assignments.deleteAssignment(db, ids[0] ?? "", "ab"), true);
      assert.equal(await assignments.deleteAssignment(db, ids[0] ?? "", "ab"), false);
    });

    storeTest("users and sessions: unique names, expiry, and a new password that ends sessions", async (db) => {
      const user = {
        id: crypto.randomUUID(),
        username: "ada",
        password_hash: "x",
        role: "administrator",
        created_at: 1,
      };
      await users.insertUser(db, user);
      const session = (hash: string, expires: number) =>
        users.insertSession(db, { token_hash: hash, user_id: user.id, created_at: 1, expires_at: expires });
      await session("old", 100);
      await session("young", 300);
      await users.deleteExpiredSessions(db, 200);
      assert.equal(await users.sessionByHash(db, "old"), undefined);
      await users.renewSession(db, "young", 4_000_000_000_000);
      const found = await users.sessionByHash(db, "young");
      assert.deepEqual(
        [found?.user_id, found?.username, found?.role, found?.expires_at],
        [user.id, "ada", "administrator", 4_000_000_000_000],
      );
      await users.deleteSession(db, "young");
      assert.equal(await users.sessionByHash(db, "young"), undefined);
      await session("third", 300);
      await users.changePassword(db, user.id, "y");
      assert.equal((await users.userByName(db, "ada"))?.password_hash, "y");
      assert.equal(await users.sessionByHash(db, "third"), undefined);
    });

    storeTest("people: unique names, grants of existing cameras, and always an administrator", async (db) => {
      const [one, two] = [await add(db), await add(db)];
      const person = (username: string, role: string) => ({
        id: crypto.randomUUID(),
        username,
        password_hash: "x",
        role,
        created_at: 1,
      });
      const [ada, bob] = [person("ada", "administrator"), person("bob", "viewer")];
      assert.equal(await users.insertUser(db, ada), undefined);
      assert.equal(await users.insertUser(db, bob, [one, two, one]), undefined);
      assert.equal(await users.insertUser(db, person("bob", "viewer")), "username_taken");
      assert.equal(await users.insertUser(db, person("eve", "viewer"), [crypto.randomUUID()]), "camera_not_found");
      assert.deepEqual((await users.grantedToUser(db, bob.id)).toSorted(), [one, two].toSorted());
      assert.equal(await users.changeUser(db, ada.id, { role: "viewer" }), "last_administrator");
      assert.equal(await users.deleteUser(db, ada.id), "last_administrator");
      assert.equal(await users.changeUser(db, bob.id, { role: "administrator", cameraIds: [two] }), undefined);
      // Both lose the role at the same moment: one of them has to keep it.
      const lost = await Promise.all([ada, bob].map(({ id }) => users.changeUser(db, id, { role: "viewer" })));
      assert.deepEqual(
        lost.filter((outcome) => outcome !== undefined),
        ["last_administrator"],
      );
      await users.insertSession(db, { token_hash: "s", user_id: bob.id, created_at: 1, expires_at: 900 });
      await users.touchSession(db, "s", 50);
      assert.deepEqual(
        (await users.listUsers(db, 100)).map((user) => [user.username, user.camera_ids, user.last_used_at]),
        [
          ["ada", [], null],
          ["bob", [two], 50],
        ],
      );
      await cameras.deleteCamera(db, two);
      assert.deepEqual(await users.grantedToUser(db, bob.id), []);
    });

    storeTest("API keys: found by their hash, granted cameras, gone with their grants", async (db) => {
      const id = await add(db);
      const key = (name: string, at: number) => ({
        id: crypto.randomUUID(),
        name,
        key_hash: `hash of ${name}`,
        role: "viewer",
        all_cameras: 0,
        created_by: "ada",
        created_at: at,
      });
      const [first, second] = [key("first", 1), key("second", 2)];
      assert.equal(await apiKeys.insertApiKey(db, first, [id]), true);
      assert.equal(await apiKeys.insertApiKey(db, second, [crypto.randomUUID()]), false);
      assert.equal(await apiKeys.insertApiKey(db, second, []), true);
      await apiKeys.touchApiKey(db, first.id, 77);
      assert.equal((await apiKeys.apiKeyByHash(db, "hash of first"))?.last_used_at, 77);
      assert.deepEqual(
        (await apiKeys.listApiKeys(db)).map((each) => [each.name, each.camera_ids]),
        [
          ["second", []],
          ["first", [id]],
        ],
      );
      assert.equal(await apiKeys.deleteApiKey(db, first.id), true);
      assert.equal(await apiKeys.deleteApiKey(db, first.id), false);
      assert.deepEqual(await apiKeys.grantedToKey(db, first.id), []);
    });
  });

const all = { cameraId: undefined, after: undefined, limit: 100 };

function gap(cameraId: string, startMs: number, endMs: number | null) {
  return {
    id: crypto.randomUUID(),
    camera_id: cameraId,
    start_wall_ms: MOMENT + startMs,
    end_wall_ms: endMs === null ? null : MOMENT + endMs,
    reason: "refused",
    message: "Refused.",
  };
}

function snapshot(cameraId: string, at: number, fields: Partial<media.SnapshotRow> = {}): media.SnapshotRow {
  return {
    id: crypto.randomUUID(),
    camera_id: cameraId,
    event_id: null,
    label: null,
    wall_ms: MOMENT + at,
    pts90k: (MOMENT + at) * 90,
    width: 640,
    height: 360,
    size_bytes: 1000,
    path: `snapshot-${at}`,
    created_at: MOMENT + at,
    ...fields,
  };
}

function clip(cameraId: string, at: number, fields: Partial<media.ClipRow> = {}): media.ClipRow {
  return {
    id: crypto.randomUUID(),
    camera_id: cameraId,
    event_id: null,
    label: null,
    start_wall_ms: MOMENT + at,
    end_wall_ms: MOMENT + at + 1000,
    size_bytes: 3_000_000_000,
    path: `clip-${at}`,
    thumbnail_path: `thumbnail-${at}`,
    created_at: MOMENT + at,
    ...fields,
  };
}
