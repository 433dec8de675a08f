/** Layers that ask for attention: they keep the focus inside, close with Escape, and give the focus back. */
import { AlertDialog, Dialog as Radix } from "radix-ui";
import { type ReactNode, useState } from "react";
import type { ApiError } from "../api/client.ts";
import { uiText } from "../strings/ui.ts";
import { CloseIcon } from "./icons.tsx";
import { Failure } from "./parts.tsx";
import { layerHost } from "./portal.ts";

type DialogProps = {
  open: boolean;
  /** Called when a person closes it: Escape, the cross, or a press beside it. */
  onClose: () => void;
  title: string;
  /** A sentence below the title that a screen reader reads first. */
  description?: ReactNode;
  /** Buttons, in a row at the end. */
  actions?: ReactNode;
  /** `wide` for pictures and forms with two columns. */
  size?: "small" | "wide";
  children?: ReactNode;
};

export function Dialog(props: DialogProps) {
  return (
    <Radix.Root open={props.open} onOpenChange={(open) => !open && props.onClose()}>
      <Radix.Portal container={layerHost()}>
        <Radix.Overlay className="shade" />
        <Radix.Content
          className={`dialog ${props.size ?? "small"}`}
          {...(props.description === undefined ? { "aria-describedby": undefined } : {})}
        >
          <div className="dialog-head">
            <Radix.Title asChild>
              <h2>{props.title}</h2>
            </Radix.Title>
            <Radix.Close className="icon-button" aria-label={uiText.close}>
              <CloseIcon />
            </Radix.Close>
          </div>
          {props.description !== undefined && (
            <Radix.Description className="quiet">{props.description}</Radix.Description>
          )}
          <div className="dialog-body">{props.children}</div>
          {props.actions && <div className="dialog-actions">{props.actions}</div>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

type ConfirmProps = {
  open: boolean;
  onClose: () => void;
  /** The question: `Delete Yard?` */
  title: string;
  /** What will happen and what will be lost. */
  children: ReactNode;
  /** What the button does: `Delete the camera`. */
  action: string;
  /** While it runs, in place of `action`: `Deleting…`. */
  busyWords?: string;
  /** `Keep it`; `Cancel` where absent. */
  cancel?: string;
  danger?: boolean;
  /** @returns the error that is shown in the dialog, which then stays; null closes it */
  onConfirm: () => Promise<ApiError | null>;
};

/** Asks before something is done. The safe answer has the focus; a press beside it does not close it. */
export function ConfirmDialog(props: ConfirmProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const close = () => {
    setError(null);
    props.onClose();
  };
  const confirm = async () => {
    setBusy(true);
    const failed = await props.onConfirm();
    setBusy(false);
    if (failed) setError(failed);
    else close();
  };
  return (
    <AlertDialog.Root open={props.open} onOpenChange={(open) => !open && !busy && close()}>
      <AlertDialog.Portal container={layerHost()}>
        <AlertDialog.Overlay className="shade" />
        <AlertDialog.Content className="dialog small">
          <AlertDialog.Title asChild>
            <h2>{props.title}</h2>
          </AlertDialog.Title>
          <AlertDialog.Description asChild>
            <div className="dialog-body">{props.children}</div>
          </AlertDialog.Description>
          <Failure error={error} />
          <div className="dialog-actions">
            <AlertDialog.Cancel disabled={busy}>{props.cancel ?? uiText.cancel}</AlertDialog.Cancel>
            <button
              type="button"
              className={props.danger ? "danger-solid" : "primary"}
              disabled={busy}
              aria-busy={busy}
              onClick={() => void confirm()}
            >
              {busy ? (props.busyWords ?? uiText.busy) : props.action}
            </button>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
