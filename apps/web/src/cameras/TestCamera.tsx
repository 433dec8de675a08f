/** The way in for who has no camera at hand. */
import { useState } from "react";
import type { ApiError } from "../api/client.ts";
import { useSite } from "../site.ts";
import { cameraFormText as words } from "../strings/camera-form.ts";
import { navigate } from "../ui/hooks.ts";
import { Failure } from "../ui/parts.tsx";
import "./test-camera.css";

export function TestCamera() {
  const { vas, cameras } = useSite();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const make = async () => {
    setBusy(true);
    const outcome = await vas.createCamera({ name: words.testName, source: "test" });
    if (outcome.ok) await cameras.reload();
    setBusy(false);
    if (outcome.ok) navigate(`/cameras/${outcome.value.id}`);
    else setError(outcome.error);
  };
  return (
    <div className="test-camera">
      <span className="quiet">{words.tryTestWords}</span>
      <button type="button" disabled={isBusy} onClick={() => void make()}>
        {words.tryTest}
      </button>
      <Failure error={error} />
    </div>
  );
}
