/** The filters of the event list, as they stand in the address. */
import type { AiEvent } from "@vas/contracts/http.ts";
import type { Query } from "../api/client.ts";

/** Stretches that move with the clock, so that a kept address still means "yesterday" tomorrow. */
export const QUICK_TIMES = ["hour", "today", "yesterday", "week"] as const;
export type QuickTime = (typeof QUICK_TIMES)[number];
/** `custom`: from `from` to `to`, either of them open. */
export type TimeChoice = "any" | QuickTime | "custom";

export type EventFilters = {
  camera: string;
  model: string;
  label: string;
  /** 0 to 1. */
  minConfidence: number;
  reviewed: "any" | "yes" | "no";
  time: TimeChoice;
  /** ISO times, or empty; empty where `time` is not custom. */
  from: string;
  to: string;
};

export const NO_FILTERS: EventFilters = {
  camera: "",
  model: "",
  label: "",
  minConfidence: 0,
  reviewed: "any",
  time: "any",
  from: "",
  to: "",
};

const isoOr = (text: string | null): string => {
  const ms = Date.parse(text ?? "");
  return Number.isNaN(ms) ? "" : new Date(ms).toISOString();
};

function isQuick(text: string | null): text is QuickTime {
  return (QUICK_TIMES as readonly (string | null)[]).includes(text);
}

export function filtersOf(search: URLSearchParams): EventFilters {
  const confidence = Number(search.get("min_confidence") ?? "0");
  const time = search.get("time");
  const reviewed = search.get("reviewed");
  const from = isQuick(time) ? "" : isoOr(search.get("from"));
  const to = isQuick(time) ? "" : isoOr(search.get("to"));
  return {
    camera: search.get("camera") ?? "",
    model: search.get("model") ?? "",
    label: search.get("label") ?? "",
    minConfidence: confidence >= 0 && confidence <= 1 ? confidence : 0,
    reviewed: reviewed === "yes" || reviewed === "no" ? reviewed : "any",
    time: isQuick(time) ? time : from !== "" || to !== "" || time === "custom" ? "custom" : "any",
    from,
    to,
  };
}

/**
 * The page's address with these filters; those that filter nothing are left out.
 *
 * @param eventId the event that is open, or empty
 */
export function eventsPath(filters: EventFilters, eventId = ""): string {
  const search = new URLSearchParams();
  if (filters.camera !== "") search.set("camera", filters.camera);
  if (filters.model !== "") search.set("model", filters.model);
  if (filters.label !== "") search.set("label", filters.label);
  if (filters.minConfidence > 0) search.set("min_confidence", String(filters.minConfidence));
  if (filters.reviewed !== "any") search.set("reviewed", filters.reviewed);
  if (isQuick(filters.time) || (filters.time === "custom" && filters.from === "" && filters.to === ""))
    search.set("time", filters.time);
  if (filters.from !== "") search.set("from", filters.from);
  if (filters.to !== "") search.set("to", filters.to);
  if (eventId !== "") search.set("event", eventId);
  const text = search.toString();
  return text === "" ? "/events" : `/events?${text}`;
}

export function isFiltered(filters: EventFilters): boolean {
  const { camera, model, label, minConfidence, reviewed } = filters;
  const isTimed = isQuick(filters.time) || filters.from !== "" || filters.to !== "";
  return camera !== "" || model !== "" || label !== "" || minConfidence > 0 || reviewed !== "any" || isTimed;
}

/** The first moment and the first one after, as ISO times; empty where open. Days are those of the browser's time zone. */
export function timeRange(
  filters: Pick<EventFilters, "time" | "from" | "to">,
  now: Date,
): { from: string; to: string } {
  const dayStart = (daysAgo: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysAgo).toISOString();
  switch (filters.time) {
    case "hour":
      return { from: new Date(now.getTime() - 3_600_000).toISOString(), to: "" };
    case "today":
      return { from: dayStart(0), to: "" };
    case "yesterday":
      return { from: dayStart(1), to: dayStart(0) };
    case "week":
      return { from: dayStart(6), to: "" };
    case "custom":
      return { from: filters.from, to: filters.to };
    default:
      return { from: "", to: "" };
  }
}

export function eventQuery(filters: EventFilters, now: Date): Query {
  return {
    camera_id: filters.camera,
    model_id: filters.model,
    label: filters.label,
    min_confidence: filters.minConfidence > 0 ? filters.minConfidence : null,
    reviewed: filters.reviewed === "any" ? null : filters.reviewed === "yes",
    ...timeRange(filters, now),
  };
}

/** Whether an event that just came belongs into the list; decided as the API decides. */
export function matches(filters: EventFilters, event: AiEvent, now: Date): boolean {
  const at = Date.parse(event.timestamp);
  const { from, to } = timeRange(filters, now);
  return (
    (filters.camera === "" || event.camera_id === filters.camera) &&
    (filters.model === "" || event.model_id === filters.model) &&
    (filters.label === "" || event.label === filters.label) &&
    (filters.reviewed === "any" || (event.review !== null) === (filters.reviewed === "yes")) &&
    event.confidence >= filters.minConfidence &&
    (from === "" || at >= Date.parse(from)) &&
    (to === "" || at < Date.parse(to))
  );
}

/** An ISO time as a `datetime-local` field wants it, in the browser's zone, and back. */
export function localField(iso: string): string {
  if (iso === "") return "";
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function isoOfField(text: string): string {
  return text === "" ? "" : isoOr(new Date(text).toString());
}
