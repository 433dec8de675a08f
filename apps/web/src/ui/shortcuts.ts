/**
 * The keys of the page that is shown, with their words, so that `?` can list them and no two pages answer one key.
 * A key that means something to the focused element, or is pressed in a dialog or menu, never gets here.
 */
import { createContext, useContext, useEffect, useRef } from "react";
import { keyBelongsTo } from "./keys.ts";

export type Shortcut = {
  /** Alternatives. Each is a `KeyboardEvent.key`, `Space`, or two after each other such as `g l`. */
  keys: readonly string[];
  words: string;
  /** Absent where the key is answered elsewhere and is only to be listed. */
  run?: ((event: KeyboardEvent) => void) | undefined;
};
export type Section = { title: string; shortcuts: readonly Shortcut[] };

/** The second key of a pair comes within this time. */
const PAIR_MS = 1_500;

export class ShortcutBook {
  readonly #sections: { everywhere: boolean; read: () => Section }[] = [];
  #first: { key: string; atMs: number } | null = null;

  /**
   * @param read asked anew at every key, so that `run` is never a stale one
   * @param everywhere of no page: comes after those of pages, and yields to them
   * @returns what takes it out again
   */
  add(read: () => Section, everywhere = false): () => void {
    const entry = { everywhere, read };
    this.#sections.push(entry);
    return () => void this.#sections.splice(this.#sections.indexOf(entry), 1);
  }

  /** Sections with something in them; what was added last comes first, and one title appears once. */
  sections(): Section[] {
    const merged = new Map<string, Shortcut[]>();
    const ordered = this.#sections.toReversed().sort((a, b) => Number(a.everywhere) - Number(b.everywhere));
    for (const { read } of ordered) {
      const { title, shortcuts } = read();
      if (shortcuts.length > 0) merged.set(title, [...(merged.get(title) ?? []), ...shortcuts]);
    }
    return [...merged].map(([title, shortcuts]) => ({ title, shortcuts }));
  }

  /** @returns the shortcut that this key completes; null where it completes none */
  press(key: string, atMs: number): Shortcut | null {
    const pressed = key === " " ? "Space" : key;
    const first = this.#first !== null && atMs - this.#first.atMs <= PAIR_MS ? this.#first.key : null;
    this.#first = null;
    const all = this.sections().flatMap((section) => section.shortcuts);
    const found = (wanted: string) => all.find((one) => one.run !== undefined && one.keys.includes(wanted)) ?? null;
    const paired = first === null ? null : found(`${first} ${pressed}`);
    if (paired) return paired;
    const single = found(pressed);
    if (single) return single;
    if (all.some((one) => one.keys.some((keys) => keys.startsWith(`${pressed} `))))
      this.#first = { key: pressed, atMs };
    return null;
  }
}

export const ShortcutContext = createContext(new ShortcutBook());

/** Lists a page's keys and answers them while the component is shown. */
export function useShortcuts(title: string, shortcuts: readonly Shortcut[], everywhere = false): void {
  const book = useContext(ShortcutContext);
  const latest = useRef<Section>({ title, shortcuts });
  latest.current = { title, shortcuts };
  useEffect(() => book.add(() => latest.current, everywhere), [book, everywhere]);
}

const LAYERS = "[role=dialog], [role=alertdialog], [role=menu]";

/** The one listener. */
export function listenForShortcuts(book: ShortcutBook): () => void {
  const onKey = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = event.target as HTMLElement | null;
    if (target?.closest?.(LAYERS) || (target && keyBelongsTo(target, event.key))) return;
    const shortcut = book.press(event.key, event.timeStamp);
    if (!shortcut?.run) return;
    event.preventDefault();
    shortcut.run(event);
  };
  addEventListener("keydown", onKey);
  return () => removeEventListener("keydown", onKey);
}

const KEY_WORDS: Record<string, string> = {
  ArrowLeft: "Left",
  ArrowRight: "Right",
  ArrowUp: "Up",
  ArrowDown: "Down",
  Escape: "Esc",
  PageUp: "Page Up",
  PageDown: "Page Down",
};

/** What is written on the key. */
export function keyWords(key: string): string {
  return KEY_WORDS[key] ?? key;
}
