/** The achieved rates of the last minutes, as far as this page has seen them. */
import type { SubscriptionMetrics } from "@vas/contracts/http.ts";

/** Two seconds apart: five minutes. */
export const SAMPLES = 150;

export type Rates = ReadonlyMap<string, readonly number[]>;

export const rateKey = (one: Pick<SubscriptionMetrics, "camera_id" | "model_id">): string =>
  `${one.camera_id} ${one.model_id}`;

/** Adds one sample per subscription; subscriptions that are gone are forgotten. */
export function withSample(rates: Rates, subscriptions: readonly SubscriptionMetrics[]): Rates {
  return new Map(
    subscriptions.map((one) => {
      const key = rateKey(one);
      return [key, [...(rates.get(key) ?? []), one.achieved_fps].slice(-SAMPLES)];
    }),
  );
}

/**
 * A line through the samples, the newest at the right edge.
 *
 * @param most the value at the top edge; higher ones are cut
 * @returns the points of an SVG polyline; empty for fewer than two samples
 */
export function linePoints(samples: readonly number[], most: number, width: number, height: number): string {
  if (samples.length < 2 || most <= 0) return "";
  const step = width / (SAMPLES - 1);
  const start = width - (samples.length - 1) * step;
  return samples
    .map((value, index) => {
      const y = height - (Math.min(Math.max(value, 0), most) / most) * height;
      return `${Math.round((start + index * step) * 10) / 10},${Math.round(y * 10) / 10}`;
    })
    .join(" ");
}
