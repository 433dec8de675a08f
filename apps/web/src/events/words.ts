/** What is said of one event. */
import type { AiEvent } from "@vas/contracts/http.ts";
import { eventsText } from "../strings/events.ts";
import { clockTime, duration, localDay } from "../ui/format.ts";

/** `Today 10:32:05`, `Yesterday 10:32:05`, else with the date. */
export function dayTime(iso: string, now: Date): string {
  const at = new Date(iso);
  const day = localDay(at);
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  const said =
    day === localDay(now) ? eventsText.times.today : day === localDay(yesterday) ? eventsText.times.yesterday : day;
  return `${said} ${clockTime(at)}`;
}

/** Null while it goes on. */
export function lasted(event: Pick<AiEvent, "timestamp" | "ended_at">): string | null {
  if (event.ended_at === null) return null;
  return duration((Date.parse(event.ended_at) - Date.parse(event.timestamp)) / 1000);
}

/** Said of a sub stream's frame: the recording is of the main stream. Null where the picture is of the very frame. */
export function aboutMoment(event: Pick<AiEvent, "stream">): string | null {
  return event.stream === "sub" ? eventsText.aboutMoment : null;
}

export function sure(event: Pick<AiEvent, "confidence" | "best_confidence">): string {
  const percent = (fraction: number) => Math.round(fraction * 100);
  return eventsText.sure(
    percent(event.confidence),
    event.best_confidence === null ? null : percent(event.best_confidence),
  );
}

const MOST_FACTS = 12;
const LONGEST_FACT = 120;

/** What the model or Core wrote beside the event, where it is short enough to be read. */
export function extraFacts(metadata: Record<string, unknown>): { name: string; value: string }[] {
  return Object.entries(metadata)
    .flatMap(([key, value]) => {
      const text = Array.isArray(value) ? value.filter(isPlain).join(", ") : isPlain(value) ? String(value) : "";
      const name = key.replaceAll("_", " ");
      return text === "" ? [] : [{ name: capital(name).slice(0, 40), value: text.slice(0, LONGEST_FACT) }];
    })
    .slice(0, MOST_FACTS);
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A name for a file that every system takes. */
export function fileName(event: Pick<AiEvent, "label" | "timestamp">, camera: string, ending: string): string {
  const clean = (text: string) => text.replaceAll(/[^\p{L}\p{N}]+/gu, "-").replaceAll(/^-|-$/g, "");
  const at = new Date(event.timestamp);
  return `${clean(camera)}-${clean(event.label)}-${localDay(at)}-${clockTime(at).replaceAll(":", "")}.${ending}`;
}
