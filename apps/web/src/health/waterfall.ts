/** One frame's way as steps with their times and lengths, and what is said of it. Pure. */
import type { Flight } from "@vas/contracts/flights.ts";
import { healthText as text } from "../strings/health.ts";

export type StepName = keyof typeof text.steps;
/** `atMs` after the frame was captured, `tookMs` since the step before. */
export type Step = { name: StepName; atMs: number; tookMs: number };

/** In the order in which they happen; a browser gets a result before the disk has it. */
const STEPS: readonly [StepName, (flight: Flight, drawnMs: number | null) => number | null][] = [
  ["captured", (flight) => (flight.captured_at === null ? null : 0)],
  ["exported", (flight) => flight.exported_ms],
  ["chosen", (flight) => flight.chosen_ms],
  ["sent", (flight) => flight.sent_ms],
  ["answered", (flight) => flight.answered_ms],
  ["delivered", (flight) => flight.delivered_ms],
  ["drawn", (_flight, drawnMs) => drawnMs],
  ["stored", (flight) => flight.stored_ms],
];

/**
 * The steps that were taken, by time. Processes read one clock, but a step is written down a little after it was taken: one
 * that seems to lie before the step that it follows lies with it.
 *
 * @param drawnMs when this browser drew the frame's result, after the frame was captured
 */
export function stepsOf(flight: Flight, drawnMs: number | null): Step[] {
  const taken = STEPS.flatMap(([name, at]) => {
    const atMs = at(flight, drawnMs);
    return atMs === null ? [] : [{ name, atMs }];
  });
  const steps: Step[] = [];
  for (const { name, atMs } of taken) {
    const before = steps.at(-1)?.atMs ?? 0;
    // Drawn and stored both follow delivered, each in its own time.
    const isAside = name === "stored" || name === "drawn";
    const from = isAside ? (steps.find((step) => step.name === "delivered")?.atMs ?? before) : before;
    const at = Math.max(atMs, from);
    steps.push({ name, atMs: at, tookMs: at - from });
  }
  return steps.sort((a, b) => a.atMs - b.atMs);
}

/** Where a step's bar begins and how wide it is, as fractions of the whole. */
export function barOf(step: Step, steps: readonly Step[]): { left: number; width: number } {
  const whole = Math.max(...steps.map(({ atMs }) => atMs), 1);
  return { left: (step.atMs - step.tookMs) / whole, width: step.tookMs / whole };
}

export type Outcome = "answered" | "under way" | "skipped";

export function outcomeOf({ outcome }: Flight): Outcome {
  if (outcome === "answered") return "answered";
  return outcome === "waiting" || outcome === "sent" ? "under way" : "skipped";
}

export function outcomeWords({ outcome }: Flight): string {
  if (outcome === "answered") return text.answered;
  if (outcome === "sent") return text.outcomeSent;
  return outcome === "waiting" ? text.outcomeWaiting : text.skippedFor(outcome);
}

/** How far this browser's clock is from VAS's: what must be added to it, and by how much that may be wrong. */
export function clockOffset(askedMs: number, answeredMs: number, vasMs: number): { addMs: number; withinMs: number } {
  return { addMs: vasMs - (askedMs + answeredMs) / 2, withinMs: (answeredMs - askedMs) / 2 };
}
