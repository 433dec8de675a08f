/** When this browser first drew each of the newest results, for the flight recorder. Bounded; the oldest go. */
const MOST = 512;

const drawn = new Map<string, number>();

const keyOf = (modelId: string, pts90k: number) => `${modelId} ${pts90k}`;

/** @param unixMs of this browser's clock, with fractions */
export function noteDrawn(modelId: string, pts90k: number, unixMs: number): void {
  const key = keyOf(modelId, pts90k);
  if (drawn.has(key)) return;
  drawn.set(key, unixMs);
  const [oldest] = drawn.keys();
  if (drawn.size > MOST && oldest !== undefined) drawn.delete(oldest);
}

export function drawnAt(modelId: string, pts90k: number): number | null {
  return drawn.get(keyOf(modelId, pts90k)) ?? null;
}
