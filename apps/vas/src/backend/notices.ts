/** One stream of notices to every logged-in browser. A slow browser loses notices; nobody waits for it. */
import { errorText, type Log } from "@vas/base/log.ts";
import type { LiveNotice } from "@vas/contracts/live.ts";
import type { Notices } from "./context.ts";
import type { Counters } from "./counters.ts";

export interface Subscriber {
  wants(notice: LiveNotice): boolean;
  /** @returns false where the notice was dropped because the subscriber is behind */
  take(json: string): boolean;
}

export class NoticeFeed implements Notices {
  readonly #subscribers = new Set<Subscriber>();
  readonly #counters: Counters;
  readonly #log: Log;

  constructor(counters: Counters, log: Log) {
    this.#counters = counters;
    this.#log = log;
  }

  /** @returns a function that ends the subscription */
  subscribe(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber);
    return () => void this.#subscribers.delete(subscriber);
  }

  publish(notice: LiveNotice): void {
    let json: string | undefined;
    for (const subscriber of this.#subscribers) {
      try {
        if (!subscriber.wants(notice)) continue;
        json ??= JSON.stringify(notice);
        if (!subscriber.take(json)) this.#counters.add("notices_dropped_total");
      } catch (error) {
        // Publishers are the kernel and the AI path; a broken subscriber must not reach them.
        this.#counters.add("notices_dropped_total");
        this.#log.error("a notice was not sent", { notice: notice.notice, error: errorText(error) });
      }
    }
  }
}
