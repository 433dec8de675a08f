/** Asks before a camera is deleted, and says what goes with it. */
import type { Camera, CameraHoldings } from "@vas/contracts/http.ts";
import { useEffect, useState } from "react";
import { useSite } from "../site.ts";
import { cameraFormText as words } from "../strings/camera-form.ts";
import { camerasText } from "../strings/cameras.ts";
import { ConfirmDialog } from "../ui/dialog.tsx";
import { navigate } from "../ui/hooks.ts";
import { lossWords } from "./streams.ts";

export function DeleteCamera(props: { camera: Camera; open: boolean; onClose: () => void }) {
  const { camera, open } = props;
  const { vas } = useSite();
  // undefined while it is asked for, null where that failed: then the general words have to do.
  const [held, setHeld] = useState<CameraHoldings | null | undefined>(undefined);
  useEffect(() => {
    if (!open) return undefined;
    let isWanted = true;
    setHeld(undefined);
    void vas.cameraHoldings(camera.id).then((outcome) => {
      if (isWanted) setHeld(outcome.ok ? outcome.value : null);
    });
    return () => {
      isWanted = false;
    };
  }, [camera.id, open, vas]);
  const remove = async () => {
    const outcome = await vas.deleteCamera(camera.id);
    if (!outcome.ok) return outcome.error;
    navigate("/");
    return null;
  };
  return (
    <ConfirmDialog
      open={open}
      onClose={props.onClose}
      title={camerasText.deleteAsk(camera.name)}
      action={camerasText.deleteCamera}
      cancel={camerasText.keepIt}
      danger
      onConfirm={remove}
    >
      <Losses held={held} />
    </ConfirmDialog>
  );
}

function Losses(props: { held: CameraHoldings | null | undefined }) {
  const { held } = props;
  if (held === undefined) return words.looking;
  if (held === null) return camerasText.deleteWords;
  const lines = lossWords(held);
  if (lines.length === 0) return words.lostNothing;
  return (
    <>
      {words.lost}
      <ul>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </>
  );
}
