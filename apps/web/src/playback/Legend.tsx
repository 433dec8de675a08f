import { playbackText } from "../strings/playback.ts";
import { lookOf, type Shape } from "./marks.ts";
import type { Summary } from "./summary.ts";

const MOST = 10;

/** Which mark is which label, the most frequent first. */
export function Legend(props: { summaries: readonly (Summary | null)[] }) {
  const counts = new Map<string, number>();
  for (const summary of props.summaries)
    for (const { label, count } of summary?.labels ?? []) counts.set(label, (counts.get(label) ?? 0) + count);
  const labels = [...counts].sort(([, a], [, b]) => b - a).slice(0, MOST);
  if (labels.length === 0) return null;
  return (
    <ul className="legend" aria-label={playbackText.legend}>
      {labels.map(([label]) => {
        const { colour, shape } = lookOf(label);
        return (
          <li key={label}>
            <svg viewBox="-7 -7 14 14" width="12" height="12" aria-hidden="true">
              <path d={PATHS[shape]} style={{ fill: `var(--series-${colour})` }} />
            </svg>
            {label}
          </li>
        );
      })}
    </ul>
  );
}

const PATHS: Record<Shape, string> = {
  circle: "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0",
  square: "M-5.400-5.400h10.800v10.800h-10.800z",
  diamond: "M0-7 7 0 0 7-7 0z",
  triangle: "M0-6.600 6.900 5.400h-13.800z",
};
