import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { type AiSite, CAMERA, closedAt, openedAt, OTHER_CAMERA, startAiSite } from "../testing/ai-site.ts";

const T0 = Date.parse("2026-05-01T12:00:00.000Z");

async function allPages(
  site: AiSite,
  query: string,
  after: string | null = null,
): Promise<{ ids: string[]; pages: number }> {
  const ids: string[] = [];
  let cursor = after;
  let pages = 0;
  do {
    const { status, body } = await site.request("GET", `ai-events?${query}${cursor ? `&cursor=${cursor}` : ""}`);
    assert.equal(status, 200, JSON.stringify(body));
    ids.push(...body.items.map((item: { id: string }) => item.id));
    cursor = body.next_cursor;
    pages += 1;
  } while (cursor !== null);
  return { ids, pages };
}

test("pages of 500 events at the same moment hold each event once, newest first, while others arrive", async () => {
  await using site = await startAiSite();
  const core = await site.connectCore();
  const events = Array.from({ length: 500 }, () => openedAt(T0));
  for (let at = 0; at < 500; at += 100)
    await core.ask({ type: "events", opened: events.slice(at, at + 100), closed: [] });
  const expected = events.map((event) => event.event_id).toReversed();
  assert.deepEqual(await allPages(site, "limit=7"), { ids: expected, pages: 72 });
  assert.deepEqual(await allPages(site, "limit=100"), { ids: expected, pages: 5 });
  assert.equal((await allPages(site, "")).pages, 10);

  const first = await site.request("GET", "ai-events?limit=200");
  await core.ask({ type: "events", opened: [openedAt(T0), openedAt(T0 + 1)], closed: [] });
  const rest = await allPages(site, "limit=200", first.body.next_cursor);
  assert.deepEqual(rest.ids, expected.slice(200));
});

test("an event that arrives late is found at its own time", async () => {
  await using site = await startAiSite();
  const core = await site.connectCore();
  const [late, early, middle] = [openedAt(T0 + 20), openedAt(T0), openedAt(T0 + 10)];
  await core.ask({ type: "events", opened: [late, early, middle], closed: [] });
  assert.deepEqual((await allPages(site, "limit=1")).ids, [late.event_id, middle.event_id, early.event_id]);
});

test("each filter narrows, and together they narrow further", async () => {
  await using site = await startAiSite();
  const core = await site.connectCore();
  const a = openedAt(T0, { label: "person", confidence: 0.5 });
  const b = openedAt(T0 + 1000, { label: "car & van", confidence: 0.75, camera_id: OTHER_CAMERA });
  const c = openedAt(T0 + 2000, { label: "person", confidence: 0.75, model_id: "second" });
  const d = openedAt(T0 + 3000, { label: "person", confidence: 1, camera_id: OTHER_CAMERA, model_id: "second" });
  await core.ask({ type: "events", opened: [a, b, c, d], closed: [] });
  const iso = (ms: number) => new Date(T0 + ms).toISOString();
  const cases: [string, (typeof a)[]][] = [
    ["", [d, c, b, a]],
    [`camera_id=${CAMERA}`, [c, a]],
    [`camera_id=${OTHER_CAMERA.toUpperCase()}`, [d, b]],
    [`camera_id=${crypto.randomUUID()}`, []],
    ["model_id=second", [d, c]],
    ["model_id=none", []],
    ["label=person", [d, c, a]],
    [`label=${encodeURIComponent("car & van")}`, [b]],
    ["label=Person", []],
    ["min_confidence=0.75", [d, c, b]],
    ["min_confidence=0.76", [d]],
    [`from=${iso(1000)}`, [d, c, b]],
    [`to=${iso(1000)}`, [a]],
    [`from=${iso(1000)}&to=${iso(3000)}`, [c, b]],
    ["from=2026-05-01T14:00:03%2B02:00", [d]],
    [`camera_id=${OTHER_CAMERA}&model_id=second&label=person&min_confidence=0.9&from=${iso(0)}&to=${iso(9000)}`, [d]],
  ];
  for (const [query, events] of cases)
    assert.deepEqual(
      (await allPages(site, query)).ids,
      events.map((event) => event.event_id),
      query,
    );
});

test("an event carries its closing, its newest picture and its clip", async () => {
  await using site = await startAiSite();
  const core = await site.connectCore();
  const event = openedAt(T0);
  const bare = openedAt(T0 + 1);
  await core.ask({ type: "events", opened: [event, bare], closed: [closedAt(event, T0 + 9000)] });
  const snapshots = [crypto.randomUUID(), crypto.randomUUID()] as const;
  for (const [index, id] of snapshots.entries())
    await site.backend.db
      .insertInto("snapshots")
      .values({
        id,
        camera_id: CAMERA,
        event_id: event.event_id,
        wall_ms: T0,
        pts90k: event.pts90k,
        width: 64,
        height: 48,
        size_bytes: 1,
        path: "p",
        created_at: T0 + index,
      })
      .execute();
  const clip = crypto.randomUUID();
  await site.backend.db
    .insertInto("clips")
    .values({
      id: clip,
      camera_id: CAMERA,
      event_id: event.event_id,
      label: null,
      start_wall_ms: T0,
      end_wall_ms: T0,
      size_bytes: 1,
      path: "p",
      thumbnail_path: "t",
      created_at: T0,
    })
    .execute();
  const { status, body } = await site.request("GET", `ai-events/${event.event_id.toUpperCase()}`);
  assert.equal(status, 200);
  const { created_at, ...fixed } = body;
  assert.ok(Number.isFinite(Date.parse(created_at)));
  assert.deepEqual(fixed, {
    id: event.event_id,
    camera_id: CAMERA,
    model_id: "person",
    timestamp: "2026-05-01T12:00:00.000Z",
    frame_id: event.frame_id,
    pts90k: event.pts90k,
    stream: "main",
    label: "person",
    detections: event.detections,
    confidence: 0.9,
    event_metadata: { zone: "gate" },
    ended_at: "2026-05-01T12:00:09.000Z",
    frames: 12,
    best_confidence: 0.95,
    best_frame_id: 7,
    snapshot_id: snapshots[1],
    clip_id: clip,
    review: null,
  });
  const list = await site.request("GET", "ai-events");
  assert.deepEqual(list.body.items[1], body);
  assert.equal(list.body.items[0].snapshot_id, null);
  assert.equal(list.body.items[0].ended_at, null);
});

test("what a model says of a detection comes back as it was said", async () => {
  await using site = await startAiSite();
  const core = await site.connectCore();
  const detections = [
    {
      class_id: 3,
      class_name: 'gauge \u2713 "q"',
      confidence: 1,
      bbox: [0, 0, 1, 0.333333333] as [number, number, number, number],
      track_id: "t-1",
      keypoints: [[0.5, 0.25, 1]] as [number, number, number][],
      polygon: [[0, 0.5]] as [number, number][],
      mask: { rle: [1, 2, { x: null }] },
      text: "12.5 bar",
      value: 12.5,
      unit: "bar",
    },
    {
      class_id: 0,
      class_name: "",
      confidence: 0,
      bbox: [0, 0, 0, 0] as [number, number, number, number],
      track_id: null,
    },
  ];
  const event_metadata = JSON.parse('{"__proto__":{"admin":true},"nested":{"a":[1,"b",null]},"empty":{}}');
  const event = openedAt(T0, { detections, event_metadata });
  await core.ask({ type: "events", opened: [event], closed: [] });
  const { body } = await site.request("GET", `ai-events/${event.event_id}`);
  assert.deepEqual(body.detections, detections);
  assert.equal(JSON.stringify(body.event_metadata), JSON.stringify(event_metadata));
});

test("a cursor, range or filter that makes no sense is refused", async () => {
  await using site = await startAiSite();
  const cursor = (text: string) => Buffer.from(text).toString("base64url");
  const cases: [string, number, string][] = [
    ["cursor=", 400, "cursor_invalid"],
    ["cursor=!", 400, "cursor_invalid"],
    [`cursor=${cursor("1")}`, 400, "cursor_invalid"],
    [`cursor=${cursor("1.2.3")}`, 400, "cursor_invalid"],
    [`cursor=${cursor("01.2")}`, 400, "cursor_invalid"],
    [`cursor=${cursor("1.2")}A`, 400, "cursor_invalid"],
    [`cursor=${cursor("9999999999999999.1")}`, 400, "cursor_invalid"],
    [`cursor=${cursor("1 OR 1=1")}`, 400, "cursor_invalid"],
    [`cursor=${"A".repeat(513)}`, 400, "bad_request"],
    ["from=2026-05-02T00:00:00Z&to=2026-05-01T00:00:00Z", 400, "range_invalid"],
    ["from=2026-06-30T23:59:60Z", 400, "bad_request"],
    ["from=yesterday", 400, "bad_request"],
    ["limit=0", 400, "bad_request"],
    ["limit=201", 400, "bad_request"],
    ["min_confidence=2", 400, "bad_request"],
    ["camera_id=1", 400, "bad_request"],
    ["order=asc", 400, "bad_request"],
  ];
  for (const [query, status, code] of cases) {
    const reply = await site.request("GET", `ai-events?${query}`);
    assert.deepEqual([reply.status, reply.body.error?.code], [status, code], query);
  }
  const unknown = await site.request("GET", `ai-events/${crypto.randomUUID()}`);
  assert.deepEqual([unknown.status, unknown.body.error.code], [404, "event_not_found"]);
});

test("events cannot be changed over HTTP", async () => {
  await using site = await startAiSite();
  const core = await site.connectCore();
  const event = openedAt(T0);
  await core.ask({ type: "events", opened: [event], closed: [] });
  for (const method of ["POST", "PUT", "PATCH", "DELETE"] as const)
    for (const path of ["ai-events", `ai-events/${event.event_id}`])
      assert.equal((await site.request(method, path, {})).status, 404, `${method} ${path}`);
  assert.equal((await site.request("GET", "ai-events", undefined, "core")).status, 401);
  assert.equal((await site.request("GET", "ai-events")).body.items.length, 1);
});

test("no page needs a sort or a scan of a whole table, whatever the filter", async () => {
  await using site = await startAiSite();
  const statements: string[] = [];
  const core = await site.connectCore();
  await core.ask({ type: "events", opened: [openedAt(T0), openedAt(T0)], closed: [] });
  const reader = new DatabaseSync(site.databasePath, { readOnly: true });
  const prepare = DatabaseSync.prototype.prepare;
  try {
    DatabaseSync.prototype.prepare = function (this: DatabaseSync, sql: string) {
      statements.push(sql);
      return prepare.call(this, sql);
    };
    const cursor = (await site.request("GET", "ai-events?limit=1")).body.next_cursor;
    for (const filter of ["", `camera_id=${CAMERA}`, "model_id=person", "label=person"])
      await site.request("GET", `ai-events?limit=1&cursor=${cursor}&${filter}`);
  } finally {
    DatabaseSync.prototype.prepare = prepare;
  }
  assert.equal(statements.length, 5, statements.join("\n"));
  for (const sql of statements) {
    const plan = reader.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[];
    const text = plan.map((row) => row.detail).join("\n");
    assert.match(text, /USING COVERING INDEX ai_events_by_/, text);
    assert.match(text, /USING INDEX snapshots_by_event/, text);
    assert.match(text, /USING INDEX clips_by_event/, text);
    // What is picked comes in order; the rows of one page, and the few pictures of one event, may be sorted.
    const picked = text.slice(text.indexOf("LIST SUBQUERY"), text.indexOf("CORRELATED"));
    assert.doesNotMatch(picked, /TEMP B-TREE/, text);
  }
  reader.close();
});

test("events are marked as reviewed and back, one or many, and every browser is told once", async () => {
  await using site = await startAiSite();
  const core = await site.connectCore();
  const [a, b, c] = [openedAt(T0), openedAt(T0 + 1, { camera_id: OTHER_CAMERA }), openedAt(T0 + 2)];
  await core.ask({ type: "events", opened: [a, b, c], closed: [] });
  site.notices.length = 0;
  const told = () =>
    site.notices.splice(0).flatMap((one) => (one.notice === "events_reviewed" ? [[one.camera_id, one.event_ids]] : []));

  const one = await site.request("PUT", `ai-events/${a.event_id.toUpperCase()}/review`);
  assert.equal(one.status, 200);
  assert.equal(one.body.review.by, "ada");
  assert.deepEqual(told(), [[CAMERA, [a.event_id]]]);
  const again = await site.request("PUT", `ai-events/${a.event_id}/review`);
  assert.deepEqual(again.body.review, one.body.review);
  assert.deepEqual(told(), [], "nothing changed");

  const ids = [a.event_id, b.event_id, c.event_id, crypto.randomUUID()];
  const many = await site.request("POST", "ai-events/reviews", { event_ids: ids, reviewed: true });
  assert.deepEqual(new Set(many.body.event_ids), new Set([b.event_id, c.event_id]));
  assert.equal(many.body.review.by, "ada");
  assert.deepEqual(new Set(told().map(String)), new Set([`${OTHER_CAMERA},${b.event_id}`, `${CAMERA},${c.event_id}`]));
  assert.deepEqual((await allPages(site, "reviewed=false")).ids, []);

  const back = await site.request("DELETE", `ai-events/${b.event_id}/review`);
  assert.equal(back.body.review, null);
  assert.deepEqual((await allPages(site, "reviewed=false")).ids, [b.event_id]);
  assert.deepEqual((await allPages(site, "reviewed=true&limit=1")).ids, [c.event_id, a.event_id]);

  assert.equal(
    (await site.request("PUT", `ai-events/${crypto.randomUUID()}/review`)).body.error.code,
    "event_not_found",
  );
  for (const body of [{ event_ids: [], reviewed: true }, { event_ids: ["x"], reviewed: true }, { event_ids: ids }])
    assert.equal((await site.request("POST", "ai-events/reviews", body)).status, 400);
});
