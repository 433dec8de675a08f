/** At most so many at once of something costly; the others wait their turn, first come first served. */
import type { CodedError } from "@vas/contracts/errors.ts";

export class Slots {
  #free: number;
  readonly #maxWaiting: number;
  readonly #overflow: () => CodedError;
  readonly #waiting = new Set<() => void>();

  /** @param overflow what the one is told who finds the queue full */
  constructor(atOnce: number, maxWaiting: number, overflow: () => CodedError) {
    this.#free = atOnce;
    this.#maxWaiting = maxWaiting;
    this.#overflow = overflow;
  }

  /** @throws the overflow error, or the signal's reason where it aborts before the turn comes */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#turn(signal);
    try {
      return await work();
    } finally {
      const [next] = this.#waiting;
      if (next) next();
      else this.#free++;
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= this.#maxWaiting) throw this.#overflow();
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(go);
        signal.removeEventListener("abort", giveUp);
      };
      const go = () => {
        leave();
        resolve();
      };
      const giveUp = () => {
        leave();
        reject(signal.reason);
      };
      this.#waiting.add(go);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }
}
