import { createContext, type ReactNode, useContext, useState, useSyncExternalStore } from "react";
import { uiText } from "../strings/ui.ts";
import { CloseIcon } from "./icons.tsx";
import { Toasts, type ToastWish } from "./toasts.ts";

const ToastContext = createContext<Toasts | null>(null);

const timers = {
  set: (run: () => void, ms: number) => setTimeout(run, ms),
  clear: (handle: unknown) => clearTimeout(handle as ReturnType<typeof setTimeout>),
};

export function ToastProvider(props: { children: ReactNode }) {
  const [toasts] = useState(() => new Toasts(timers));
  return (
    <ToastContext value={toasts}>
      {props.children}
      <ToastList toasts={toasts} />
    </ToastContext>
  );
}

/** `toast({ words: "Clip saved.", action: { words: "Show", run } })`; what failed is said where it failed instead. */
export function useToast(): (wish: ToastWish) => void {
  const toasts = useContext(ToastContext);
  if (!toasts) throw new Error("useToast outside of ToastProvider");
  return toasts.show;
}

function ToastList(props: { toasts: Toasts }) {
  const { toasts } = props;
  const shown = useSyncExternalStore(toasts.subscribe, toasts.shown);
  // The list is always there: a screen reader reads what comes into it, not what comes with it.
  return (
    <div
      className="toasts"
      role="status"
      onPointerEnter={() => toasts.hold(true)}
      onPointerLeave={() => toasts.hold(false)}
      onFocus={() => toasts.hold(true)}
      onBlur={() => toasts.hold(false)}
    >
      {shown.map((toast) => (
        <div key={toast.id} className={`toast ${toast.tone}`}>
          <span>{toast.words}</span>
          {toast.action && (
            <button
              type="button"
              onClick={() => {
                toast.action?.run();
                toasts.close(toast.id);
              }}
            >
              {toast.action.words}
            </button>
          )}
          <button
            type="button"
            className="icon-button"
            aria-label={uiText.close}
            onClick={() => toasts.close(toast.id)}
          >
            <CloseIcon />
          </button>
        </div>
      ))}
    </div>
  );
}
