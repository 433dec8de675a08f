/** MPEG-TS counts presentation time in 33 bits, which is 26.5 hours; a run may be longer. */
const WRAP = 2 ** 33;

/**
 * Makes 33-bit times continuous. Each is placed nearest to the one before it, so steps back (B-frames, small repairs of the
 * camera's clock) stay steps back.
 *
 * @param expected roughly where the first one should come to lie, in ticks; right to within 13 hours
 */
export function createUnwrap(expected: number): (pts: number) => number {
  let last = expected;
  return (pts) => {
    const step = (((pts - last) % WRAP) + WRAP) % WRAP;
    last += step < WRAP / 2 ? step : step - WRAP;
    return last;
  };
}
