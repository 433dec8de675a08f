/** A page that opens has its main heading focused, so that a screen reader reads it and Tab goes on from there. */
import { useEffect, useRef } from "react";

export const MAIN_ID = "main";

/** @param address changes when another page opens; the first page of a visit keeps the browser's own start */
export function useHeadingFocus(address: string): void {
  const shown = useRef(address);
  useEffect(() => {
    if (shown.current === address) return undefined;
    shown.current = address;
    const main = document.getElementById(MAIN_ID);
    if (!main) return undefined;
    // The heading may come with the page's code, or with what it loads; whoever moves on before that is left alone.
    const left = document.activeElement;
    const move = () => {
      const active = document.activeElement;
      const stillThere = active === left || active === document.body || active === null;
      if (!stillThere) return true;
      const heading = main.querySelector<HTMLElement>("h1");
      if (!heading) return false;
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
      return true;
    };
    if (move()) return undefined;
    const observer = new MutationObserver(() => {
      if (move()) observer.disconnect();
    });
    observer.observe(main, { childList: true, subtree: true });
    return () => observer.disconnect();
  }, [address]);
}
