/** The filters of the event list, as they stand in the address. */
import type { AiEvent } from "@vas/contracts/http.ts";
import type { Query } from "../api/client.ts";

export type EventFilters = {
  camera: string;
  model: string;
  label: string;
  /** 0 to 1. */
  minConfidence: number;
  /** ISO times, or empty. */
  from: string;
  to: string;
};

const isoOr = (text: string | null): string => {
  const ms = Date.parse(text ?? "");
  return Number.isNaN(ms) ? "" : new Date(ms).toISOString();
};

export function filtersOf(search: URLSearchParams): EventFilters {
  const confidence = Number(search.get("min_confidence") ?? "0");
  return {
    camera: search.get("camera") ?? "",
    model: search.get("model") ?? "",
    label: search.get("label") ?? "",
    minConfidence: confidence >= 0 && confidence <= 1 ? confidence : 0,
    from: isoOr(search.get("from")),
    to: isoOr(search.get("to")),
  };
}

/** The page's address with these filters; those that filter nothing are left out. */
export function eventsPath(filters: EventFilters): string {
  const search = new URLSearchParams();
  if (filters.camera !== "") search.set("camera", filters.camera);
  if (filters.model !== "") search.set("model", filters.model);
  if (filters.label !== "") search.set("label", filters.label);
  if (filters.minConfidence > 0) search.set("min_confidence", String(filters.minConfidence));
  if (filters.from !== "") search.set("from", filters.from);
  if (filters.to !== "") search.set("to", filters.to);
  const text = search.toString();
  return text === "" ? "/events" : `/events?${text}`;
}

export function isFiltered(filters: EventFilters): boolean {
  return eventsPath(filters) !== "/events";
}

export function eventQuery(filters: EventFilters): Query {
  return {
    camera_id: filters.camera,
    model_id: filters.model,
    label: filters.label,
    min_confidence: filters.minConfidence > 0 ? filters.minConfidence : null,
    from: filters.from,
    to: filters.to,
  };
}

/** Whether an event that just came belongs into the list; decided as the API decides. */
export function matches(filters: EventFilters, event: AiEvent): boolean {
  const at = Date.parse(event.timestamp);
  return (
    (filters.camera === "" || event.camera_id === filters.camera) &&
    (filters.model === "" || event.model_id === filters.model) &&
    (filters.label === "" || event.label === filters.label) &&
    event.confidence >= filters.minConfidence &&
    (filters.from === "" || at >= Date.parse(filters.from)) &&
    (filters.to === "" || at < Date.parse(filters.to))
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
