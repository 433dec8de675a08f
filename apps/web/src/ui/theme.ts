/** Light, dark, or as the system has it; kept on this device. `public/theme.js` does the same before the first paint. */
import { useSyncExternalStore } from "react";
import { keep, load } from "./stored.ts";

export type Theme = "light" | "dark" | "system";
export const THEMES: readonly Theme[] = ["system", "light", "dark"];
export const THEME_KEY = "vas.theme";

export function readTheme(kept: unknown): Theme {
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function isDark(theme: Theme, systemIsDark: boolean): boolean {
  return theme === "dark" || (theme === "system" && systemIsDark);
}

const listeners = new Set<() => void>();
let theme: Theme = "system";

function apply(): void {
  const { matches } = matchMedia("(prefers-color-scheme: dark)");
  document.documentElement.classList.toggle("dark", isDark(theme, matches));
  for (const listener of listeners) listener();
}

/** Called once; follows the system and other tabs of this browser from then on. */
export function startTheme(): void {
  const read = () => {
    theme = load(localStorage, THEME_KEY, readTheme);
    apply();
  };
  read();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
  addEventListener("storage", (event) => {
    if (event.key === THEME_KEY) read();
  });
}

export function setTheme(next: Theme): void {
  theme = next;
  keep(localStorage, THEME_KEY, next);
  apply();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The choice, which is `system` where none was made. */
export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, () => theme);
}

/** Whether the page is dark now; for what is drawn on a canvas with colours of its own. */
export function useDark(): boolean {
  return useSyncExternalStore(subscribe, () => document.documentElement.classList.contains("dark"));
}
