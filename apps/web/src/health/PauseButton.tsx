import { useState } from "react";
import type { ApiError } from "../api/client.ts";
import { useSite } from "../site.ts";
import { healthText as text } from "../strings/health.ts";
import { ConfirmDialog } from "../ui/dialog.tsx";
import { Failure } from "../ui/parts.tsx";
import { useToast } from "../ui/toast.tsx";

type Props = { cameraId: string; modelId: string; camera: string; onChanged: () => void };

/** Stops a model on a camera after a question; the wish is switched off and everything else of it is kept. */
export function PauseButton(props: Props) {
  const { cameraId, modelId, camera, onChanged } = props;
  const { vas } = useSite();
  const toast = useToast();
  const [asking, setAsking] = useState(false);
  const pause = async () => {
    const outcome = await vas.putAssignment(cameraId, modelId, { enabled: false });
    if (!outcome.ok) return outcome.error;
    toast({ words: text.pausedNow(modelId, camera) });
    onChanged();
    return null;
  };
  return (
    <>
      <button type="button" aria-label={text.pauseOne(modelId, camera)} onClick={() => setAsking(true)}>
        {text.pause}
      </button>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={text.pauseTitle(modelId, camera)}
        action={text.pause}
        busyWords={text.pausing}
        cancel={text.keepRunning}
        onConfirm={pause}
      >
        <p>{text.pauseStops}</p>
        <p>{text.pauseStays}</p>
        <p className="quiet">{text.pauseWritten}</p>
      </ConfirmDialog>
    </>
  );
}

/** Resuming takes nothing away, so it is done at once. */
export function ResumeButton(props: Props) {
  const { cameraId, modelId, camera, onChanged } = props;
  const { vas } = useSite();
  const toast = useToast();
  const [error, setError] = useState<ApiError | null>(null);
  const resume = async () => {
    const outcome = await vas.putAssignment(cameraId, modelId, { enabled: true });
    setError(outcome.ok ? null : outcome.error);
    if (!outcome.ok) return;
    toast({ words: text.resumedNow(modelId, camera) });
    onChanged();
  };
  return (
    <>
      <button
        type="button"
        className="primary"
        aria-label={text.resumeOne(modelId, camera)}
        onClick={() => void resume()}
      >
        {text.resume}
      </button>
      <Failure error={error} />
    </>
  );
}
