/** What would happen, said before it is saved: the rates that are asked of a model beside what it was measured to serve. */
import { assignmentText } from "../strings/assignments.ts";
import { rate } from "../ui/format.ts";

/** Frames a second that one camera asks of the model. */
export type Asked = { cameraId: string; fps: number };

export type Forecast = {
  verdict: "unmeasured" | "fits" | "just" | "over";
  /** Frames a second that the model can serve; null where it was not measured. */
  capacity: number | null;
  asked: number;
  words: string;
};

/** Above this part of its capacity a model has no room for a slow moment. */
const ROOM = 0.9;

/**
 * @param serviceMs measured time that the model needs for one request, over all its cameras; null before the first
 * @param asked what every camera would ask of it, the one being edited with its new rate
 */
export function forecast(serviceMs: number | null, asked: readonly Asked[]): Forecast {
  const total = asked.reduce((sum, { fps }) => sum + fps, 0);
  const askedWords = assignmentText.youAsk(rate(total), rates(asked));
  if (serviceMs === null || serviceMs <= 0)
    return {
      verdict: "unmeasured",
      capacity: null,
      asked: total,
      words: `${assignmentText.unmeasured} ${assignmentText.nowAsked(rate(total), rates(asked))}`,
    };
  const capacity = 1000 / serviceMs;
  const verdict = total > capacity ? "over" : total > capacity * ROOM ? "just" : "fits";
  const measured = `${assignmentText.measured(rate(serviceMs), whole(capacity))}; ${askedWords}`;
  const end =
    verdict === "over"
      ? assignmentText.over(rate(total - capacity))
      : verdict === "just"
        ? assignmentText.just
        : assignmentText.fits;
  return { verdict, capacity, asked: total, words: `${measured} ${end}` };
}

/** A capacity is no more exact than to a frame. */
function whole(fps: number): string {
  return rate(fps < 10 ? fps : Math.floor(fps));
}

/** `3 cameras at 10`, `2 cameras at 10 and 1 at 5`; the most frequent rate first. */
function rates(asked: readonly Asked[]): string {
  const counts = new Map<number, number>();
  for (const { fps } of asked) counts.set(fps, (counts.get(fps) ?? 0) + 1);
  const parts = [...counts]
    .sort(([fpsA, a], [fpsB, b]) => b - a || fpsB - fpsA)
    .map(([fps, count], at) => assignmentText.camerasAt(count, rate(fps), at === 0));
  const last = parts.pop() ?? assignmentText.noCamera;
  return parts.length === 0 ? last : `${parts.join(", ")} ${assignmentText.and} ${last}`;
}
