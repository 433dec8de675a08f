/** A draft run on the picture that a camera shows now, with what was found drawn on it. */
import type { Detection } from "@vas/contracts/inference.ts";
import type { ModelDraftSettings, ModelTrial } from "@vas/contracts/model-drafts.ts";
import { useState } from "react";
import type { ApiError } from "../api/client.ts";
import { useCameras, useSite } from "../site.ts";
import { addModelText } from "../strings/add-model.ts";
import { Failure, Field, Loading } from "../ui/parts.tsx";
import { colourOf } from "./draft.ts";
import { pictureAddress } from "./upload.ts";

type Shown = { trial: ModelTrial; turn: number; camera: string };

export function Trial(props: { draftId: string; settings: ModelDraftSettings; ready: boolean }) {
  const { vas } = useSite();
  const { cameras } = useCameras();
  const [cameraId, setCameraId] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const [shown, setShown] = useState<Shown | null>(null);
  const camera = cameras?.find(({ id }) => id === cameraId) ?? cameras?.[0];

  const run = async () => {
    if (!camera) return;
    setBusy(true);
    const outcome = await vas.tryModelDraft(props.draftId, camera.id, props.settings);
    setBusy(false);
    setError(outcome.ok ? null : outcome.error);
    if (outcome.ok) setShown({ trial: outcome.value, turn: (shown?.turn ?? 0) + 1, camera: camera.name });
  };

  return (
    <section className="panel stack" aria-label={addModelText.tryTitle}>
      <h2>{addModelText.tryTitle}</h2>
      <p className="quiet">{addModelText.tryWords}</p>
      {cameras?.length === 0 && <p>{addModelText.noCamera}</p>}
      {camera && (
        <div className="row trial-choice">
          <Field label={addModelText.camera}>
            <select value={camera.id} onChange={(event) => setCameraId(event.target.value)}>
              {cameras?.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name}
                </option>
              ))}
            </select>
          </Field>
          <button type="button" disabled={busy || !props.ready} aria-busy={busy} onClick={() => void run()}>
            {busy ? addModelText.trying : addModelText.tryNow}
          </button>
        </div>
      )}
      {busy && <Loading what={addModelText.trying} />}
      <Failure error={error} />
      {shown && !error && <Result draftId={props.draftId} shown={shown} />}
    </section>
  );
}

function Result(props: { draftId: string; shown: Shown }) {
  const { trial, turn, camera } = props.shown;
  const { detections, width, height } = trial;
  return (
    <>
      <p role="status">{addModelText.tried(detections.length, trial.took_ms)}</p>
      {detections.length === 0 && <p className="quiet">{addModelText.nothingWords}</p>}
      <div className="trial-picture">
        <img
          src={pictureAddress(props.draftId, turn)}
          width={width}
          height={height}
          alt={addModelText.pictureAlt(camera, detections.length)}
        />
        <svg viewBox={`0 0 ${width} ${height}`} aria-hidden>
          {detections.map((detection, at) => (
            <Box key={`${turn} ${at}`} detection={detection} width={width} height={height} />
          ))}
        </svg>
      </div>
      {detections.length > 0 && (
        <ul className="trial-found" aria-label={addModelText.found}>
          {detections.slice(0, 50).map(({ class_id, class_name, confidence }, at) => (
            <li key={`${turn} ${at}`}>
              <span className="swatch" style={{ background: colourOf(class_id) }} />
              {class_name} <span className="quiet">{Math.round(confidence * 100)} %</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Box(props: { detection: Detection; width: number; height: number }) {
  const { detection, width, height } = props;
  const [left, top, right, bottom] = detection.bbox;
  const colour = { stroke: colourOf(detection.class_id) };
  const points = detection.polygon?.map(([x, y]) => `${x * width},${y * height}`).join(" ");
  const size = Math.max(11, height / 30);
  const label = `${detection.class_name} ${Math.round(detection.confidence * 100)} %`;
  const [x, y] = [left * width, Math.max(size * 1.3, top * height)];
  return (
    <g>
      {points ? (
        <polygon points={points} style={colour} />
      ) : (
        <rect x={x} y={top * height} width={(right - left) * width} height={(bottom - top) * height} style={colour} />
      )}
      {detection.keypoints?.map(([px, py, sure], at) =>
        sure < 0.3 ? null : <circle key={at} cx={px * width} cy={py * height} r={size / 4} style={colour} />,
      )}
      <rect
        className="label-back"
        x={x}
        y={y - size * 1.3}
        width={label.length * size * 0.62 + size * 0.6}
        height={size * 1.3}
      />
      <text x={x + size * 0.3} y={y - size * 0.35} fontSize={size}>
        {label}
      </text>
    </g>
  );
}
