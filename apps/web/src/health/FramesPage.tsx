import type { Flight, Flights } from "@vas/contracts/flights.ts";
import { useState } from "react";
import { useCamera, useCameras, useSite } from "../site.ts";
import { healthText as text } from "../strings/health.ts";
import { navigate, useAddress, useLoad, useTitle, useWhileVisible } from "../ui/hooks.ts";
import { Failure, Link, Loading, Switch } from "../ui/parts.tsx";
import { FRAMES_PATH, framesPath } from "./address.ts";
import { FlightPicture } from "./FlightPicture.tsx";
import "./health.css";
import { HealthTabs } from "./HealthTabs.tsx";
import { Waterfall } from "./Waterfall.tsx";
import { clockOffset, outcomeOf, outcomeWords } from "./waterfall.ts";

const EVERY_MS = 2_000;

/** The flight recorder: the newest frames of one camera at one model, and each one's way. */
export function FramesPage() {
  useTitle(text.frames);
  const { vas } = useSite();
  const { cameras } = useCameras();
  const { searchParams } = useAddress();
  const ai = useLoad("ai health", () => vas.aiHealth());
  const subscriptions = ai.value?.subscriptions ?? [];
  const named = { camera_id: searchParams.get("camera"), model_id: searchParams.get("model") };
  const chosen =
    named.camera_id !== null && named.model_id !== null
      ? { camera_id: named.camera_id, model_id: named.model_id }
      : subscriptions[0];
  const nameOf = (id: string) => cameras?.find((camera) => camera.id === id)?.name ?? text.goneCamera;
  const isListed = subscriptions.some((one) => one.camera_id === chosen?.camera_id && one.model_id === chosen.model_id);
  const options = chosen && !isListed ? [chosen, ...subscriptions] : subscriptions;
  return (
    <section aria-label={text.frames} className="stack">
      <h1>{text.frames}</h1>
      <HealthTabs current={FRAMES_PATH} />
      <p className="quiet">{text.framesIntro}</p>
      <Failure error={ai.error} retry={ai.reload} />
      {chosen && cameras && (
        <select
          className="frames-choice"
          aria-label={text.chooseFrames}
          value={`${chosen.camera_id} ${chosen.model_id}`}
          onChange={(event) => {
            const [camera, model] = event.target.value.split(" ");
            navigate(framesPath(camera, model), true);
          }}
        >
          {options.map((one) => (
            <option key={`${one.camera_id} ${one.model_id}`} value={`${one.camera_id} ${one.model_id}`}>
              {text.pair(one.model_id, nameOf(one.camera_id))}
            </option>
          ))}
        </select>
      )}
      {chosen ? (
        <Recorder
          key={`${chosen.camera_id} ${chosen.model_id}`}
          cameraId={chosen.camera_id}
          modelId={chosen.model_id}
        />
      ) : ai.value ? (
        <p className="quiet">
          {text.noSubscriptions} <Link to="/models">{text.assign}</Link> {text.toBegin}
        </p>
      ) : (
        !ai.error && <Loading what={text.theAiHealth} />
      )}
    </section>
  );
}

type Kept = Flights & { addMs: number; withinMs: number };
const KINDS = ["all", "answered", "skipped"] as const;
type Kind = (typeof KINDS)[number];
const KIND_WORDS: Record<Kind, string> = {
  all: text.allFrames,
  answered: text.answeredOnly,
  skipped: text.skippedOnly,
};
const SHOWN = 60;

function Recorder(props: { cameraId: string; modelId: string }) {
  const { cameraId, modelId } = props;
  const { vas } = useSite();
  const camera = useCamera(cameraId);
  const [following, setFollowing] = useState(true);
  const [kind, setKind] = useState<Kind>("all");
  const [hasPicture, setPicture] = useState(false);
  const [picked, setPicked] = useState<number | null>(null);
  const flights = useLoad<Kept>(`flights ${cameraId} ${modelId}`, async () => {
    const askedMs = unixMs();
    const outcome = await vas.flights(cameraId, modelId);
    if (!outcome.ok) return outcome;
    return { ok: true, value: { ...outcome.value, ...clockOffset(askedMs, unixMs(), outcome.value.now_ms) } };
  });
  useWhileVisible(() => following && flights.reload(), EVERY_MS);
  const items = flights.value?.items ?? [];
  const fitting = items.filter((one) => kind === "all" || outcomeOf(one) === kind).slice(0, SHOWN);
  const selected = fitting.find((one) => one.frame_id === picked) ?? wholeOf(fitting) ?? fitting[0];
  const at = selected ? fitting.indexOf(selected) : -1;
  const pick = (index: number) => {
    const one = fitting[index];
    if (!one) return;
    // What a person looks at must not move away.
    setFollowing(false);
    setPicked(one.frame_id);
  };
  return (
    <>
      <div className="row wrap">
        <Switch label={text.follow} checked={following} onChange={setFollowing} />
        {camera && <Switch label={text.picture} checked={hasPicture} onChange={setPicture} />}
        {!following && (
          <button type="button" onClick={flights.reload}>
            {text.refresh}
          </button>
        )}
        <span className="spring" />
        <div className="segmented" role="group" aria-label={text.show}>
          {KINDS.map((one) => (
            <button key={one} type="button" aria-pressed={one === kind} onClick={() => setKind(one)}>
              {KIND_WORDS[one]}
            </button>
          ))}
        </div>
      </div>
      {hasPicture && camera && <FlightPicture camera={camera} />}
      <Failure error={flights.error} retry={flights.reload} />
      {flights.value === null && !flights.error && <Loading what={text.frames} />}
      {flights.value && fitting.length === 0 && <p className="quiet">{text.noFrames}</p>}
      {fitting.length > 0 && (
        <ul className="flight-strip">
          {fitting.map((one, index) => (
            <li key={`${one.frame_id} ${one.pts90k}`}>
              <button
                type="button"
                className={`flight ${outcomeOf(one).replace(" ", "-")}`}
                aria-pressed={one === selected}
                aria-label={`${text.frame(one.frame_id)}: ${outcomeWords(one)}`}
                title={`${text.frame(one.frame_id)}: ${outcomeWords(one)}`}
                onClick={() => pick(index)}
              />
            </li>
          ))}
        </ul>
      )}
      {selected && flights.value && (
        <section className="panel stack" aria-label={text.frame(selected.frame_id)} data-testid="flight">
          <div className="row head">
            <h2>{text.frame(selected.frame_id)}</h2>
            <span>{outcomeWords(selected)}</span>
            <span className="spring" />
            <button type="button" disabled={at >= fitting.length - 1} onClick={() => pick(at + 1)}>
              {text.older}
            </button>
            <button type="button" disabled={at <= 0} onClick={() => pick(at - 1)}>
              {text.newer}
            </button>
          </div>
          <Waterfall
            flight={selected}
            modelId={modelId}
            addMs={flights.value.addMs}
            withinMs={flights.value.withinMs}
          />
          {!hasPicture && outcomeOf(selected) === "answered" && <p className="quiet">{text.notDrawn}</p>}
        </section>
      )}
      <p className="quiet">{text.framesMeasured}</p>
    </>
  );
}

/** The newest frame that has gone all its way. */
function wholeOf(flights: readonly Flight[]): Flight | undefined {
  return flights.find((one) => one.outcome === "answered" && one.stored_ms !== null);
}

function unixMs(): number {
  return performance.timeOrigin + performance.now();
}
