/** Footage as spans of time. Times are Unix ms. */
import type { Segment } from "@vas/contracts/http.ts";
import type { Span } from "./view.ts";

/** Footage without the seams between segments. */
export function footage(segments: readonly Pick<Segment, "start" | "end">[], joinMs = 1_000): Span[] {
  const spans: Span[] = [];
  const ordered = segments
    .map((segment) => ({ fromMs: Date.parse(segment.start), toMs: Date.parse(segment.end) }))
    .sort((a, b) => a.fromMs - b.fromMs);
  for (const span of ordered) {
    const last = spans.at(-1);
    if (last && span.fromMs < last.toMs + joinMs) last.toMs = Math.max(last.toMs, span.toMs);
    else spans.push({ ...span });
  }
  return spans;
}
