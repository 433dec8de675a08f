/** The event list: pages from the API, and what arrives meanwhile. */
import type { AiEvent, AiEventPage } from "@vas/contracts/http.ts";
import type { ApiError, Outcome } from "../api/client.ts";

export type FeedView = {
  items: AiEvent[];
  /** Arrived while the reader was further down; shown when asked for, so that nothing moves under the pointer. */
  waiting: AiEvent[];
  loading: boolean;
  /** No older events. */
  complete: boolean;
  error: ApiError | null;
};

type Options = {
  page: (cursor: string | null) => Promise<Outcome<AiEventPage>>;
  matches: (event: AiEvent) => boolean;
  onView: (view: FeedView) => void;
};

export class EventFeed {
  readonly #options: Options;
  #view: FeedView = { items: [], waiting: [], loading: false, complete: false, error: null };
  #cursor: string | null = null;
  #closed = false;

  constructor(options: Options) {
    this.#options = options;
  }

  get view(): FeedView {
    return this.#view;
  }

  /** Loads the next older page; does nothing while one is loading or where there is none. */
  async more(): Promise<void> {
    if (this.#view.loading || this.#view.complete || this.#closed) return;
    this.#show({ loading: true, error: null });
    const outcome = await this.#options.page(this.#cursor);
    if (!outcome.ok) {
      this.#show({ loading: false, error: outcome.error });
      return;
    }
    this.#cursor = outcome.value.next_cursor;
    const known = new Set([...this.#view.items, ...this.#view.waiting].map((event) => event.id));
    this.#show({
      items: [...this.#view.items, ...outcome.value.items.filter((event) => !known.has(event.id))],
      loading: false,
      complete: this.#cursor === null,
    });
  }

  /** @param atTop the reader sees the head of the list, so a new event may appear there */
  arrived(event: AiEvent, atTop: boolean): void {
    const replace = (list: AiEvent[]) => list.map((one) => (one.id === event.id ? event : one));
    const { items, waiting } = this.#view;
    if (items.some((one) => one.id === event.id)) this.#show({ items: replace(items) });
    else if (waiting.some((one) => one.id === event.id)) this.#show({ waiting: replace(waiting) });
    else if (!this.#options.matches(event) || this.#isOlderThanLoaded(event)) return;
    else if (atTop) this.#show({ items: newestFirst([event, ...items]) });
    else this.#show({ waiting: newestFirst([event, ...waiting]) });
  }

  showWaiting(): void {
    this.#show({ items: newestFirst([...this.#view.waiting, ...this.#view.items]), waiting: [] });
  }

  close(): void {
    this.#closed = true;
  }

  /** The close of an old event: its page is not loaded and will bring it. */
  #isOlderThanLoaded(event: AiEvent): boolean {
    const last = this.#view.items.at(-1);
    return !this.#view.complete && last !== undefined && event.timestamp < last.timestamp;
  }

  #show(change: Partial<FeedView>): void {
    if (this.#closed) return;
    this.#view = { ...this.#view, ...change };
    this.#options.onView(this.#view);
  }
}

function newestFirst(events: AiEvent[]): AiEvent[] {
  return events.sort((a, b) => (a.timestamp < b.timestamp ? 1 : a.timestamp > b.timestamp ? -1 : 0));
}
