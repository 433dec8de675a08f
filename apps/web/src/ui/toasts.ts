/** The short sentences that say what has just been done. At most three stay; each goes by itself unless it is looked at. */
import type { Timers } from "../live/connection.ts";

export type Toast = {
  id: number;
  tone: "good" | "bad" | "plain";
  words: string;
  /** One thing that can be done about it, such as `Undo` or `Show the picture`. */
  action: { words: string; run: () => void } | null;
};
export type ToastWish = Pick<Toast, "words"> & Partial<Pick<Toast, "tone" | "action">>;

const MOST = 3;
/** Long enough to read twice; errors stay until they are closed. */
const SHOWN_MS = 6_000;

export class Toasts {
  #shown: readonly Toast[] = [];
  #next = 1;
  #held = false;
  readonly #timers: Timers;
  readonly #ends = new Map<number, unknown>();
  readonly #listeners = new Set<() => void>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  shown = (): readonly Toast[] => this.#shown;

  show = (wish: ToastWish): void => {
    const toast: Toast = { tone: "good", action: null, ...wish, id: this.#next++ };
    const kept = [...this.#shown, toast];
    for (const gone of kept.slice(0, -MOST)) this.#forget(gone.id);
    this.#set(kept.slice(-MOST));
    if (!this.#held) this.#arm(toast);
  };

  close = (id: number): void => {
    this.#forget(id);
    this.#set(this.#shown.filter((toast) => toast.id !== id));
  };

  /** None goes while one is looked at: the pointer or the focus is on them. */
  hold = (on: boolean): void => {
    if (on === this.#held) return;
    this.#held = on;
    for (const toast of this.#shown) {
      if (on) this.#forget(toast.id);
      else this.#arm(toast);
    }
  };

  #arm(toast: Toast): void {
    if (toast.tone === "bad") return;
    this.#ends.set(
      toast.id,
      this.#timers.set(() => this.close(toast.id), SHOWN_MS),
    );
  }

  #forget(id: number): void {
    const end = this.#ends.get(id);
    if (end !== undefined) this.#timers.clear(end);
    this.#ends.delete(id);
  }

  #set(shown: readonly Toast[]): void {
    this.#shown = shown;
    for (const listener of this.#listeners) listener();
  }
}
