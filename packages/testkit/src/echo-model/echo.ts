/**
 * What the echo model says of a picture with the burned frame number `n`: the number itself, and a box whose place tells
 * `n` modulo 64 again, so that a test can read the number from drawn pixels.
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** To be given to a site as one of its model folders' parents. */
export const ECHO_MODELS_DIR = dirname(fileURLToPath(import.meta.url));
export const ECHO_MODEL = "echo";

/** Places of the box; neighbouring frames differ by one place. */
export const ECHO_PLACES = 64;
const LEFT = 0.02;
const SPAN = 0.8;
const TOP = 0.6;
const BOTTOM = 0.92;
const WIDTH = 0.12;

/** [x_min, y_min, x_max, y_max] as fractions of the picture. */
export function echoBox(frame: number): [number, number, number, number] {
  const left = LEFT + (SPAN * (frame % ECHO_PLACES)) / ECHO_PLACES;
  return [left, TOP, left + WIDTH, BOTTOM];
}

/** The frame number modulo `ECHO_PLACES` of a box whose left edge was found there. */
export function echoPlace(left: number): number {
  return Math.round(((left - LEFT) / SPAN) * ECHO_PLACES);
}
