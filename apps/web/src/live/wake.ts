import { useEffect } from "react";

/** Keeps the screen awake while the page is seen, where the browser can: only over HTTPS or on localhost. */
export function useWakeLock(): void {
  useEffect(() => {
    let over = false;
    let lock: WakeLockSentinel | null = null;
    const ask = async () => {
      if (document.visibilityState !== "visible" || !("wakeLock" in navigator) || lock?.released === false) return;
      try {
        lock = await navigator.wakeLock.request("screen");
        if (over) await lock.release();
      } catch {
        // Refused, such as by a nearly empty battery: the screen follows the machine's own settings.
      }
    };
    void ask();
    // The browser takes it back when the page is hidden.
    document.addEventListener("visibilitychange", ask);
    return () => {
      over = true;
      document.removeEventListener("visibilitychange", ask);
      void lock?.release();
    };
  }, []);
}
