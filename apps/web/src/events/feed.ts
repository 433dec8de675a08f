/** The event list: pages from the API, and what arrives and changes meanwhile. */
import type { AiEvent, AiEventPage, EventReview } from "@vas/contracts/http.ts";
import type { ApiError, Outcome } from "../api/client.ts";

export type FeedView = {
  items: readonly AiEvent[];
  /** Arrived while the reader was further down; shown when asked for, so that nothing moves under the pointer. */
  waiting: readonly AiEvent[];
  loading: boolean;
  /** No older events. */
  complete: boolean;
  /** Older ones may exist; so many are kept and no more. */
  full: boolean;
  error: ApiError | null;
};

export const NO_EVENTS: FeedView = {
  items: [],
  waiting: [],
  loading: true,
  complete: false,
  full: false,
  error: null,
};

/** Some 30 MB of events; whoever goes through more of them narrows the time. */
const MOST_EVENTS = 20_000;

type Options = {
  page: (cursor: string | null) => Promise<Outcome<AiEventPage>>;
  matches: (event: AiEvent) => boolean;
  onView: (view: FeedView) => void;
  /** How many are kept. */
  most?: number;
};

export class EventFeed {
  readonly #options: Options;
  #view: FeedView = { ...NO_EVENTS, loading: false };
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
    const { view } = this;
    if (view.loading || view.complete || view.full || this.#closed) return;
    this.#show({ loading: true, error: null });
    const outcome = await this.#options.page(this.#cursor);
    if (!outcome.ok) {
      this.#show({ loading: false, error: outcome.error });
      return;
    }
    this.#cursor = outcome.value.next_cursor;
    const known = new Set([...this.#view.items, ...this.#view.waiting].map((event) => event.id));
    const items = [...this.#view.items, ...outcome.value.items.filter((event) => !known.has(event.id))];
    const isLast = this.#cursor === null;
    const full = !isLast && items.length >= (this.#options.most ?? MOST_EVENTS);
    this.#show({ items, loading: false, complete: isLast, full });
  }

  /** @param atTop the reader sees the head of the list, so a new event may appear there */
  arrived(event: AiEvent, atTop: boolean): void {
    const { items, waiting } = this.#view;
    const replaced = replaceIn(items, event);
    if (replaced) return this.#show({ items: replaced });
    const replacedWaiting = replaceIn(waiting, event);
    if (replacedWaiting) return this.#show({ waiting: replacedWaiting });
    if (!this.#options.matches(event) || this.#isOlderThanLoaded(event)) return;
    if (atTop) this.#show({ items: merged([event], items) });
    else this.#show({ waiting: merged([event], waiting) });
  }

  /** Marks that were set or taken away, here or in another browser. An event stays in the list that it came into. */
  reviewed(ids: readonly string[], review: EventReview | null): void {
    const wanted = new Set(ids);
    const change = (list: readonly AiEvent[]) =>
      list.some((event) => wanted.has(event.id))
        ? list.map((event) => (wanted.has(event.id) ? { ...event, review } : event))
        : list;
    const items = change(this.#view.items);
    const waiting = change(this.#view.waiting);
    if (items !== this.#view.items || waiting !== this.#view.waiting) this.#show({ items, waiting });
  }

  /** The connection was away: what came and changed meanwhile is asked for. */
  async catchUp(atTop: boolean): Promise<void> {
    if (this.#closed || this.#view.loading || this.#view.items.length === 0) return this.more();
    const outcome = await this.#options.page(null);
    if (!outcome.ok || this.#closed) return;
    const { items: newest, next_cursor } = outcome.value;
    const known = new Set(this.#view.items.map((event) => event.id));
    if (next_cursor !== null && !newest.some((event) => known.has(event.id))) {
      // More came than a page holds: the list begins anew, so that it has no hole.
      this.#cursor = next_cursor;
      return this.#show({ items: newest, waiting: [], complete: false, full: false, error: null });
    }
    for (const event of newest.toReversed()) this.arrived(event, atTop);
  }

  showWaiting(): void {
    this.#show({ items: merged(this.#view.waiting, this.#view.items), waiting: [] });
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

/** @returns null where it is not in the list */
function replaceIn(list: readonly AiEvent[], event: AiEvent): AiEvent[] | null {
  const at = list.findIndex((one) => one.id === event.id);
  return at < 0 ? null : list.with(at, event);
}

/** Two lists of which each is newest first; of two at the same moment the fresh one comes first. */
function merged(fresh: readonly AiEvent[], list: readonly AiEvent[]): AiEvent[] {
  const all: AiEvent[] = [];
  let at = 0;
  for (const event of fresh) {
    for (let next = list[at]; next !== undefined && next.timestamp > event.timestamp; next = list[at]) {
      all.push(next);
      at += 1;
    }
    all.push(event);
  }
  return all.concat(list.slice(at));
}
