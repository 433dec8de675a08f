/**
 * The newest frames of one subscription and what became of each, for the flight recorder. One ring of numbers that is
 * made once: a frame costs a few writes into it and nothing is allocated until somebody asks.
 */
import { type CoreFlight, FLIGHTS_KEPT } from "@vas/contracts/flights.ts";
import { SKIP_REASONS, type SkipReason } from "@vas/contracts/http.ts";
import type { FrameRef } from "./frame-watch.ts";

const OUTCOMES = [...SKIP_REASONS, "waiting", "sent", "answered"] as const;
type Outcome = (typeof OUTCOMES)[number];
const CODES = Object.fromEntries(OUTCOMES.map((outcome, code) => [outcome, code])) as Record<Outcome, number>;

/** Times are monotonic milliseconds; NaN is a step that was not taken. */
const COLUMN = {
  frameId: 0,
  pts90k: 1,
  outcome: 2,
  exported: 3,
  chosen: 4,
  sent: 5,
  answered: 6,
  inference: 7,
} as const;
const COLUMNS = 8;
const NS_PER_MS = 1e6;

/** A frame's place in the ring; 0 is none, and it is nobody's once so many later frames came. */
export type FlightNumber = number;

export class Flights {
  readonly #cells = new Float64Array(FLIGHTS_KEPT * COLUMNS);
  #newest: FlightNumber = 0;

  /** A frame that was looked at, with its outcome so far. */
  seen(frame: FrameRef, outcome: SkipReason | "waiting", nowMs: number): FlightNumber {
    const at = this.#begin(frame.frameId, outcome);
    this.#cells[at + COLUMN.pts90k] = frame.pts90k;
    this.#cells[at + COLUMN.exported] = Number(frame.timestampNs) / NS_PER_MS;
    if (outcome === "waiting") this.#cells[at + COLUMN.chosen] = nowMs;
    return this.#newest;
  }

  /** Frames of which nothing but the id is known: `count` of them up to and with `lastId`. */
  missed(lastId: number, count: number, outcome: SkipReason): void {
    const first = Math.max(1, lastId - Math.min(count, FLIGHTS_KEPT) + 1);
    for (let frameId = first; frameId <= lastId; frameId++) this.#begin(frameId, outcome);
  }

  sent(flight: FlightNumber, nowMs: number): void {
    const at = this.#at(flight);
    if (at < 0) return;
    this.#cells[at + COLUMN.outcome] = CODES.sent;
    this.#cells[at + COLUMN.sent] = nowMs;
  }

  answered(flight: FlightNumber, nowMs: number, inferenceMs: number | null): void {
    const at = this.#at(flight);
    if (at < 0) return;
    this.#cells[at + COLUMN.outcome] = CODES.answered;
    this.#cells[at + COLUMN.answered] = nowMs;
    if (inferenceMs !== null) this.#cells[at + COLUMN.inference] = inferenceMs;
  }

  /** @param nowMs where the end of the waiting for an answer is known */
  skipped(flight: FlightNumber, reason: SkipReason, nowMs?: number): void {
    const at = this.#at(flight);
    if (at < 0) return;
    this.#cells[at + COLUMN.outcome] = CODES[reason];
    if (nowMs !== undefined) this.#cells[at + COLUMN.answered] = nowMs;
  }

  /**
   * Newest first.
   *
   * @param wallOfMonoMs Unix milliseconds at monotonic 0
   */
  list(wallOfMonoMs: number): CoreFlight[] {
    const flights: CoreFlight[] = [];
    for (let flight = this.#newest; flight > 0 && this.#newest - flight < FLIGHTS_KEPT; flight--) {
      const at = this.#at(flight);
      const cell = (column: number) => this.#cells[at + column] as number;
      const known = (column: number) => (Number.isNaN(cell(column)) ? null : cell(column));
      const moment = (column: number) => (Number.isNaN(cell(column)) ? null : cell(column) + wallOfMonoMs);
      flights.push({
        frame_id: cell(COLUMN.frameId),
        pts90k: known(COLUMN.pts90k),
        outcome: OUTCOMES[cell(COLUMN.outcome)] as Outcome,
        exported_at: moment(COLUMN.exported),
        chosen_at: moment(COLUMN.chosen),
        sent_at: moment(COLUMN.sent),
        answered_at: moment(COLUMN.answered),
        inference_ms: known(COLUMN.inference),
      });
    }
    return flights;
  }

  #begin(frameId: number, outcome: Outcome): number {
    this.#newest++;
    const at = (this.#newest % FLIGHTS_KEPT) * COLUMNS;
    this.#cells.fill(Number.NaN, at, at + COLUMNS);
    this.#cells[at + COLUMN.frameId] = frameId;
    this.#cells[at + COLUMN.outcome] = CODES[outcome];
    return at;
  }

  /** Where the flight's cells begin; below 0 where later frames have taken them. */
  #at(flight: FlightNumber): number {
    return flight > 0 && this.#newest - flight < FLIGHTS_KEPT ? (flight % FLIGHTS_KEPT) * COLUMNS : -1;
  }
}
