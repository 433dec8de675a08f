/** Which labels each model has given, so that a person can hide some of them. */
import type { FrameResult } from "./declared.ts";

/** More than a person would go through; a model of text may make up a label for every word. */
const MOST_LABELS = 40;
const MOST_MODELS = 64;

export class LabelBook {
  readonly #byModel = new Map<string, Set<string>>();

  add({ model_id, detections }: FrameResult): void {
    let labels = this.#byModel.get(model_id);
    if (!labels) {
      if (this.#byModel.size >= MOST_MODELS) return;
      labels = new Set();
      this.#byModel.set(model_id, labels);
    }
    for (const { class_name } of detections) if (labels.size < MOST_LABELS) labels.add(class_name);
  }

  /** By model, sorted. */
  all(): Record<string, string[]> {
    return Object.fromEntries([...this.#byModel].map(([model, labels]) => [model, [...labels].sort()]));
  }
}
