/**
 * Pixels that say which frame they belong to: frame `id` is `size` bytes of one noise, from `(id * STEP) mod WRAP` on. Two
 * frames differ nearly everywhere, so one byte of another frame is seen. The drivers in C and Python make the same noise.
 */
export const PATTERN_STEP = 37;
export const PATTERN_WRAP = 65_521;

export function patternNoise(size: number): Uint8Array<ArrayBuffer> {
  const noise = new Uint8Array(size + PATTERN_WRAP);
  let state = 1;
  for (let at = 0; at < noise.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    noise[at] = state >>> 24;
  }
  return noise;
}
