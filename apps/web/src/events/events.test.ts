import assert from "node:assert/strict";
import { test } from "node:test";
import type { AiEvent } from "@vas/contracts/http.ts";
import { EventFeed, type FeedView } from "./feed.ts";
import {
  eventQuery,
  eventsPath,
  filtersOf,
  isFiltered,
  isoOfField,
  localField,
  matches,
  NO_FILTERS,
  timeRange,
} from "./filters.ts";
import { understand } from "./search.ts";
import { whyEmpty } from "./why.ts";
import { aboutMoment } from "./words.ts";

const NOW = new Date(2026, 4, 20, 15, 30);

const event = (id: string, second: number, change: Partial<AiEvent> = {}) =>
  ({
    id,
    camera_id: "c1",
    model_id: "m",
    label: "person",
    confidence: 0.8,
    review: null,
    timestamp: new Date(second * 1000).toISOString(),
    ...change,
  }) as AiEvent;

test("filters survive the way through the address", () => {
  for (const path of [
    "/events?camera=c1&model=m&label=person&min_confidence=0.5&from=2026-01-02T00%3A00%3A00.000Z",
    "/events?label=person&reviewed=no&time=yesterday",
    "/events?time=custom",
    "/events",
  ]) {
    const filters = filtersOf(new URL(path, "http://x").searchParams);
    assert.equal(eventsPath(filters), path);
  }
  const open = filtersOf(new URLSearchParams("camera=c1&event=e7"));
  assert.equal(eventsPath(open, "e7"), "/events?camera=c1&event=e7");
  const none = filtersOf(new URLSearchParams("min_confidence=7&from=nonsense&reviewed=perhaps&time=always&event=e"));
  assert.deepEqual(none, NO_FILTERS);
  assert.equal(isFiltered(none), false);
});

test("quick times are days of the browser's zone, and stay what they say", () => {
  const at = (time: "hour" | "today" | "yesterday" | "week") => timeRange({ time, from: "", to: "" }, NOW);
  const midnight = (day: number) => new Date(2026, 4, day).toISOString();
  assert.deepEqual(at("hour"), { from: new Date(2026, 4, 20, 14, 30).toISOString(), to: "" });
  assert.deepEqual(at("today"), { from: midnight(20), to: "" });
  assert.deepEqual(at("yesterday"), { from: midnight(19), to: midnight(20) });
  assert.deepEqual(at("week"), { from: midnight(14), to: "" });
  const query = eventQuery({ ...NO_FILTERS, reviewed: "no", time: "yesterday", minConfidence: 0.5 }, NOW);
  assert.deepEqual([query.reviewed, query.min_confidence, query.from], [false, 0.5, midnight(19)]);
  assert.equal(eventQuery(NO_FILTERS, NOW).reviewed, null);
});

test("an arriving event is matched as the API would", () => {
  const filters = filtersOf(new URLSearchParams("label=person&min_confidence=0.5"));
  assert.equal(matches(filters, event("1", 1), NOW), true);
  assert.equal(matches(filters, event("1", 1, { confidence: 0.4 }), NOW), false);
  assert.equal(matches(filters, event("1", 1, { label: "dog" }), NOW), false);
  assert.equal(matches(filtersOf(new URLSearchParams("to=1970-01-01T00:00:05Z")), event("1", 5), NOW), false);
  const seen = event("1", 1, { review: { by: "ann", at: "" } });
  assert.equal(matches({ ...NO_FILTERS, reviewed: "no" }, seen, NOW), false);
  assert.equal(matches({ ...NO_FILTERS, reviewed: "yes" }, seen, NOW), true);
  assert.equal(matches({ ...NO_FILTERS, time: "today" }, event("1", NOW.getTime() / 1000 - 60), NOW), true);
});

test("a time field keeps its minute through the browser's zone", () => {
  const iso = "2026-01-02T03:04:00.000Z";
  assert.equal(isoOfField(localField(iso)), iso);
  assert.equal(isoOfField(""), "");
});

test("words become filters in any order, and what is not understood is said", () => {
  const known = {
    cameras: [
      { id: "d", name: "Front door" },
      { id: "y", name: "Yard" },
    ],
    labels: ["person", "cell phone", "car"],
  };
  const of = (text: string) => understand(text, known);
  assert.deepEqual(of("Person at the front door, yesterday!"), {
    filters: { camera: "d", label: "person", time: "yesterday", from: "", to: "" },
    unknown: [],
  });
  assert.deepEqual(of("yesterday someone door").filters.label, "person");
  assert.deepEqual(of("yesterday someone door").filters.camera, "d");
  assert.deepEqual(of("when was someone at the door yesterday?").unknown, []);
  assert.deepEqual(of("cars last 7 days yard not reviewed").filters, {
    camera: "y",
    label: "car",
    time: "week",
    from: "",
    to: "",
    reviewed: "no",
  });
  assert.equal(of("cell phone").filters.label, "cell phone");
  assert.deepEqual(of("purple elephants"), { filters: {}, unknown: ["purple", "elephants"] });
  assert.deepEqual(of("  "), { filters: {}, unknown: [] });
});

test("an event of the sub stream says that its picture is about this moment, one of the recorded stream says nothing", () => {
  assert.equal(aboutMoment(event("1", 1, { stream: "sub" })), "about this moment");
  assert.equal(aboutMoment(event("1", 1, { stream: "main" })), null);
  assert.equal(aboutMoment(event("1", 1)), null);
});

test("an empty list names its cause", () => {
  const facts = {
    assignments: [{ camera_id: "c1", model_id: "m", enabled: true }],
    models: [{ model_id: "m", enabled: true, class_names: ["person"] }],
    coreConnected: true,
  };
  const because = (change: object, more: object = {}) => whyEmpty({ ...NO_FILTERS, ...change }, { ...facts, ...more });
  assert.equal(because({}), "nothing_yet");
  assert.equal(because({}, { assignments: [] }), "no_model");
  assert.equal(because({}, { models: [{ model_id: "m", enabled: false, class_names: [] }] }), "no_model");
  assert.equal(because({ camera: "c2" }), "no_model_here");
  assert.equal(because({}, { coreConnected: false }), "core_away");
  assert.equal(because({ time: "yesterday" }, { coreConnected: false }), "filters");
  assert.equal(because({ label: "dog" }), "never_found");
  assert.equal(because({ label: "dog" }, { models: [{ model_id: "m", enabled: true, class_names: [] }] }), "filters");
  assert.equal(because({ label: "person" }), "filters");
  assert.equal(because({ reviewed: "no" }), "all_reviewed");
  assert.equal(because({}, { assignments: null, models: null, coreConnected: null }), "nothing_yet");
});

type Page = { items: AiEvent[]; next_cursor: string | null };
function feed(pages: Record<string, Page>, most = 1000) {
  const views: FeedView[] = [];
  const asked: (string | null)[] = [];
  const list = new EventFeed({
    page: async (cursor) => {
      asked.push(cursor);
      return { ok: true, value: pages[cursor ?? ""] as Page };
    },
    matches: (one) => one.label === "person",
    onView: (view) => views.push(view),
    most,
  });
  const ids = () => list.view.items.map((one) => one.id);
  const waiting = () => list.view.waiting.map((one) => one.id);
  return { list, views, asked, ids, waiting };
}

test("pages follow each other by cursor until there are no more", async () => {
  const { list, asked, ids } = feed({
    "": { items: [event("3", 3), event("2", 2)], next_cursor: "x" },
    x: { items: [event("1", 1)], next_cursor: null },
  });
  await Promise.all([list.more(), list.more()]);
  await list.more();
  await list.more();
  assert.deepEqual(asked, [null, "x"]);
  assert.deepEqual(ids(), ["3", "2", "1"]);
  assert.equal(list.view.complete, true);
});

test("so many events are kept and no more", async () => {
  const { list, asked } = feed({ "": { items: [event("3", 3), event("2", 2)], next_cursor: "x" } }, 2);
  await list.more();
  await list.more();
  assert.deepEqual([list.view.full, list.view.complete, asked.length], [true, false, 1]);
});

test("what arrives is shown at the top, or waits while the reader is further down", async () => {
  const { list, ids, waiting } = feed({ "": { items: [event("1", 1)], next_cursor: null } });
  await list.more();
  list.arrived(event("2", 2), true);
  list.arrived(event("3", 3), false);
  list.arrived(event("x", 4, { label: "dog" }), true);
  assert.deepEqual(ids(), ["2", "1"]);
  assert.deepEqual(waiting(), ["3"]);
  list.showWaiting();
  assert.deepEqual(ids(), ["3", "2", "1"]);
});

test("a picture or an end that comes later replaces its event in place", async () => {
  const { list } = feed({ "": { items: [event("2", 2), event("1", 1)], next_cursor: null } });
  await list.more();
  list.arrived(event("1", 1, { snapshot_id: "s" }), false);
  assert.equal(list.view.items[1]?.snapshot_id, "s");
  assert.equal(list.view.waiting.length, 0);
});

test("the end of an event of a page that is not loaded changes nothing", async () => {
  const { list, ids } = feed({ "": { items: [event("9", 9)], next_cursor: "x" } });
  await list.more();
  list.arrived(event("1", 1), true);
  assert.deepEqual(ids(), ["9"]);
});

test("a late event takes its own place", async () => {
  const { list, ids } = feed({ "": { items: [event("9", 9), event("5", 5), event("1", 1)], next_cursor: null } });
  await list.more();
  list.arrived(event("7", 7), true);
  assert.deepEqual(ids(), ["9", "7", "5", "1"]);
});

test("marks of another browser are shown where the event stands, and nothing else is made anew", async () => {
  const { list, views } = feed({ "": { items: [event("2", 2), event("1", 1)], next_cursor: null } });
  await list.more();
  const untouched = list.view.items[0];
  const review = { by: "ann", at: "2026-05-20T15:30:00.000Z" };
  list.reviewed(["1", "unknown"], review);
  assert.deepEqual(list.view.items[1]?.review, review);
  assert.equal(list.view.items[0], untouched);
  const before = views.length;
  list.reviewed(["unknown"], review);
  assert.equal(views.length, before);
});

test("after a lost connection what came meanwhile is there, and a list with a hole begins anew", async () => {
  const pages: Record<string, Page> = { "": { items: [event("2", 2), event("1", 1)], next_cursor: null } };
  const { list, ids, waiting } = feed(pages);
  await list.more();
  pages[""] = { items: [event("3", 3), event("2", 2, { snapshot_id: "s" }), event("1", 1)], next_cursor: null };
  await list.catchUp(false);
  assert.deepEqual([ids(), waiting()], [["2", "1"], ["3"]]);
  assert.equal(list.view.items[0]?.snapshot_id, "s");
  pages[""] = { items: [event("9", 9), event("8", 8)], next_cursor: "y" };
  pages.y = { items: [event("7", 7)], next_cursor: null };
  await list.catchUp(true);
  await list.more();
  assert.deepEqual([ids(), waiting()], [["9", "8", "7"], []]);
});
