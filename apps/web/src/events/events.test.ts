import assert from "node:assert/strict";
import { test } from "node:test";
import type { AiEvent } from "@vas/contracts/http.ts";
import { EventFeed, type FeedView } from "./feed.ts";
import { eventQuery, eventsPath, filtersOf, isFiltered, isoOfField, localField, matches } from "./filters.ts";

const event = (id: string, second: number, change: Partial<AiEvent> = {}) =>
  ({
    id,
    camera_id: "c1",
    model_id: "m",
    label: "person",
    confidence: 0.8,
    timestamp: new Date(second * 1000).toISOString(),
    ...change,
  }) as AiEvent;

test("filters survive the way through the address", () => {
  const path = "/events?camera=c1&model=m&label=person&min_confidence=0.5&from=2026-01-02T00%3A00%3A00.000Z";
  const filters = filtersOf(new URL(path, "http://x").searchParams);
  assert.equal(eventsPath(filters), path);
  assert.equal(eventQuery(filters).min_confidence, 0.5);
  const none = filtersOf(new URLSearchParams("min_confidence=7&from=nonsense"));
  assert.equal(isFiltered(none), false);
});

test("an arriving event is matched as the API would", () => {
  const filters = filtersOf(new URLSearchParams("label=person&min_confidence=0.5"));
  assert.equal(matches(filters, event("1", 1)), true);
  assert.equal(matches(filters, event("1", 1, { confidence: 0.4 })), false);
  assert.equal(matches(filters, event("1", 1, { label: "dog" })), false);
  assert.equal(matches(filtersOf(new URLSearchParams("to=1970-01-01T00:00:05Z")), event("1", 5)), false);
});

test("a time field keeps its minute through the browser's zone", () => {
  const iso = "2026-01-02T03:04:00.000Z";
  assert.equal(isoOfField(localField(iso)), iso);
  assert.equal(isoOfField(""), "");
});

function feed(pages: Record<string, { items: AiEvent[]; next_cursor: string | null }>) {
  const views: FeedView[] = [];
  const asked: (string | null)[] = [];
  const list = new EventFeed({
    page: async (cursor) => {
      asked.push(cursor);
      return { ok: true, value: pages[cursor ?? ""] as { items: AiEvent[]; next_cursor: string | null } };
    },
    matches: (one) => one.label === "person",
    onView: (view) => views.push(view),
  });
  return { list, views, asked };
}

test("pages follow each other by cursor until there are no more", async () => {
  const { list, asked } = feed({
    "": { items: [event("3", 3), event("2", 2)], next_cursor: "x" },
    x: { items: [event("1", 1)], next_cursor: null },
  });
  await Promise.all([list.more(), list.more()]);
  await list.more();
  await list.more();
  assert.deepEqual(asked, [null, "x"]);
  assert.deepEqual(
    list.view.items.map((one) => one.id),
    ["3", "2", "1"],
  );
  assert.equal(list.view.complete, true);
});

test("what arrives is shown at the top, or waits while the reader is further down", async () => {
  const { list } = feed({ "": { items: [event("1", 1)], next_cursor: null } });
  await list.more();
  list.arrived(event("2", 2), true);
  list.arrived(event("3", 3), false);
  list.arrived(event("x", 4, { label: "dog" }), true);
  assert.deepEqual(
    list.view.items.map((one) => one.id),
    ["2", "1"],
  );
  assert.deepEqual(
    list.view.waiting.map((one) => one.id),
    ["3"],
  );
  list.showWaiting();
  assert.deepEqual(
    list.view.items.map((one) => one.id),
    ["3", "2", "1"],
  );
});

test("a picture or an end that comes later replaces its event in place", async () => {
  const { list } = feed({ "": { items: [event("2", 2), event("1", 1)], next_cursor: null } });
  await list.more();
  list.arrived(event("1", 1, { snapshot_id: "s" }), false);
  assert.equal(list.view.items[1]?.snapshot_id, "s");
  assert.equal(list.view.waiting.length, 0);
});

test("the end of an event of a page that is not loaded changes nothing", async () => {
  const { list } = feed({ "": { items: [event("9", 9)], next_cursor: "x" } });
  await list.more();
  list.arrived(event("1", 1), true);
  assert.deepEqual(
    list.view.items.map((one) => one.id),
    ["9"],
  );
});
