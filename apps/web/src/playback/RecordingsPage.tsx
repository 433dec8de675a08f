import type { AiEvent } from "@vas/contracts/http.ts";
import type { LiveNotice } from "@vas/contracts/live.ts";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Overlay } from "../overlay/Overlay.tsx";
import { OverlayControls } from "../overlay/OverlayControls.tsx";
import { RecordedDirector } from "../overlay/recorded-director.ts";
import { NO_REPORT } from "../overlay/report.ts";
import { useOverlaySettings } from "../overlay/useOverlaySettings.ts";
import { May } from "../people/May.tsx";
import { useCameras, useNotices, useSite } from "../site.ts";
import { fullTime, localDay } from "../ui/format.ts";
import { navigate, useAddress, useLoad, useTitle, useWhileVisible } from "../ui/hooks.ts";
import { keyBelongsTo } from "../ui/keys.ts";
import { Empty, Failure, Link, Loading } from "../ui/parts.tsx";
import { ClipMaker } from "./ClipMaker.tsx";
import { MediaLists } from "./MediaLists.tsx";
import { type PlayerState, RecordingPlayer } from "./player.ts";
import { Timeline } from "./Timeline.tsx";
import { daySpan, footage, localDays, NOTHING, playableFrom, zoomed, zoomFor } from "./timeline.ts";
import { Track } from "./track.ts";

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];
/** Hours of the timeline that are shown. */
const ZOOMS = [24, 6, 1, 0.25];
/** A moment this young may still be on its way into a segment. */
const ARRIVING_MS = 60_000;

export function RecordingsPage() {
  useTitle("Recordings");
  const { cameras: list } = useSite();
  const { cameras, error } = useCameras();
  const address = useAddress();
  if (cameras === null)
    return error ? <Failure error={error} retry={() => void list.reload()} /> : <Loading what="the cameras" />;
  const first = cameras[0];
  if (!first)
    return (
      <Empty title="No cameras yet" page>
        <p>Recordings appear here once a camera is added.</p>
        <Link to="/cameras/new" className="button primary">
          Add a camera
        </Link>
      </Empty>
    );
  const asked = address.searchParams.get("camera");
  const camera = cameras.find((one) => one.id === asked) ?? (asked === null ? first : null);
  if (!camera)
    return (
      <Empty title="There is no such camera" page>
        <Link to="/recordings" className="button">
          Recordings of the other cameras
        </Link>
      </Empty>
    );
  const at = Date.parse(address.searchParams.get("at") ?? "");
  return (
    <Recordings
      key={camera.id}
      cameraId={camera.id}
      cameras={cameras.map((one) => ({ id: one.id, name: one.name }))}
      atMs={Number.isNaN(at) ? null : at}
    />
  );
}

function Recordings(props: { cameraId: string; cameras: { id: string; name: string }[]; atMs: number | null }) {
  const { cameraId, cameras, atMs } = props;
  const { vas } = useSite();
  const video = useRef<HTMLVideoElement>(null);
  const player = useRef<RecordingPlayer | null>(null);
  const [settings, setSettings] = useOverlaySettings();
  const [report, setReport] = useState(NO_REPORT);
  const [director, setDirector] = useState<RecordedDirector | null>(null);
  const [state, setState] = useState<PlayerState>({ phase: "idle" });
  const [playingMs, setPlayingMs] = useState<number | null>(null);
  const [paused, setPaused] = useState(true);
  const [speed, setSpeed] = useState(1);
  const [chosenZoom, setZoom] = useState<number | null>(null);
  const [marks, setMarks] = useState<{ fromMs: number | null; toMs: number | null }>({ fromMs: null, toMs: null });
  const [made, setMade] = useState(0);

  const days = useLoad(`days ${cameraId}`, () => vas.recordingDays(cameraId));
  const known = useMemo(() => localDays(days.value?.days ?? []), [days.value]);
  const [chosenDay, setChosenDay] = useState<string | null>(null);
  const day =
    atMs !== null && chosenDay === null ? localDay(new Date(atMs)) : (chosenDay ?? known[0] ?? localDay(new Date()));
  const span = useMemo(() => daySpan(day), [day]);
  const range = { from: new Date(span.fromMs).toISOString(), to: new Date(span.toMs).toISOString() };
  const recordings = useLoad(`recordings ${cameraId} ${day}`, () => vas.recordings(cameraId, range.from, range.to));
  const events = useLoad(`marks ${cameraId} ${day}`, () => vas.eventMarks(cameraId, range.from, range.to));
  const [arrived, setArrived] = useState<AiEvent[]>([]);
  const { segments, gaps } = recordings.value ?? NOTHING;
  const spans = useMemo(() => footage(segments), [segments]);
  const today = day === localDay(new Date());
  const arriving = atMs !== null && playableFrom(spans, atMs) === null && Date.now() - atMs < ARRIVING_MS;

  useWhileVisible(() => today && recordings.reload(), arriving ? 3_000 : 15_000);
  useNotices(
    useCallback(
      (notice: LiveNotice) => {
        if (notice.notice !== "event" || notice.event.camera_id !== cameraId) return;
        const { event } = notice;
        setArrived((old) => [...old.filter((one) => one.id !== event.id), event]);
      },
      [cameraId],
    ),
  );

  const seek = useCallback(
    (to: number) => {
      setChosenDay(null);
      navigate(`/recordings?${new URLSearchParams({ camera: cameraId, at: new Date(to).toISOString() })}`, true);
    },
    [cameraId],
  );

  const { reload } = recordings;
  const browsing = useRef(false);
  browsing.current = chosenDay !== null;
  const playOn = useCallback(
    (next: number) => {
      // Whoever looks at another day is not pulled back to the one that played.
      if (browsing.current) return;
      seek(next);
      // What was written while the last stretch played is not in the list yet.
      reload();
    },
    [seek, reload],
  );
  useEffect(() => {
    const element = video.current;
    if (!element) return undefined;
    const made = new RecordingPlayer(element, {
      onState: setState,
      onWindowEnd: playOn,
      recordings: (id, from, to) => vas.recordings(id, from, to),
    });
    player.current = made;
    const track = new Track(
      (query, signal) => vas.detections(cameraId, query, signal),
      () => Date.now(),
    );
    setDirector(new RecordedDirector({ frames: made.frames, track, speed: () => element.playbackRate }));
    const timer = setInterval(() => setPlayingMs(made.playingMs()), 200);
    return () => {
      clearInterval(timer);
      made.close();
      player.current = null;
    };
  }, [cameraId, playOn, vas]);

  // The address decides what is played; a moment is opened once its day's recordings are known.
  const opened = useRef<number | null>(null);
  const loaded = recordings.value !== null;
  const from = atMs === null || !loaded ? null : playableFrom(spans, atMs);
  useEffect(() => {
    if (atMs === null || from === null || opened.current === atMs || chosenDay !== null) return;
    opened.current = atMs;
    void player.current?.open(cameraId, from);
  }, [atMs, from, cameraId, chosenDay]);

  useEffect(() => {
    if (video.current) video.current.playbackRate = speed;
  }, [speed, state]);

  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      const element = video.current;
      const target = event.target as HTMLInputElement;
      if (!element || event.ctrlKey || event.metaKey || keyBelongsTo(target, event.key)) return;
      if (event.key === " ") {
        event.preventDefault();
        togglePlay(element);
      } else if (event.key === "," || event.key === ".") {
        player.current?.step(event.key === "." ? 1 : -1);
      } else if (event.key === "o") {
        setSettings({ ...settings, on: !settings.on });
      }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [settings, setSettings]);

  const shown = playingMs ?? atMs;
  const zoom = chosenZoom ?? zoomFor(spans, ZOOMS);
  const newest = spans.at(-1)?.toMs ?? null;
  const view = zoomed(span, zoom, shown ?? newest ?? (span.fromMs + span.toMs) / 2);
  const move = (seconds: number) => {
    if (shown !== null) seek(shown + seconds * 1000);
  };
  const words = stateWords(state, {
    loaded,
    empty: spans.length === 0,
    atMs,
    from,
    arriving,
    chosen: chosenDay !== null,
  });

  return (
    <section aria-label="Recordings">
      <div className="toolbar">
        <h1>Recordings</h1>
        <select
          aria-label="Camera"
          value={cameraId}
          onChange={(event) =>
            navigate(
              `/recordings?${new URLSearchParams({ camera: event.target.value, ...(shown === null ? {} : { at: new Date(shown).toISOString() }) })}`,
            )
          }
        >
          {cameras.map((camera) => (
            <option key={camera.id} value={camera.id}>
              {camera.name}
            </option>
          ))}
        </select>
        <select aria-label="Day" value={day} onChange={(event) => setChosenDay(event.target.value)}>
          {[...new Set([day, ...known])]
            .sort()
            .toReversed()
            .map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
        </select>
        <div className="segmented" role="group" aria-label="Shown time">
          {ZOOMS.map((hours) => (
            <button key={hours} type="button" aria-pressed={zoom === hours} onClick={() => setZoom(hours)}>
              {hours < 1 ? `${hours * 60} min` : `${hours} h`}
            </button>
          ))}
        </div>
      </div>
      <Failure error={days.error} retry={days.reload} />
      <Failure error={recordings.error} retry={recordings.reload} />
      <Timeline
        view={view}
        spans={spans}
        gaps={gaps}
        events={marksOf(events.value ?? [], arrived)}
        playingMs={shown}
        marks={marks}
        onSeek={seek}
      />
      <div className="split wide-side">
        <div>
          <div className="stage" data-phase={state.phase}>
            <video
              ref={video}
              muted
              playsInline
              data-testid="recording-video"
              onPlay={() => setPaused(false)}
              onPause={() => setPaused(true)}
              onClick={(event) => togglePlay(event.currentTarget)}
            />
            {settings.on && director && (
              <Overlay video={video} director={director} settings={settings} onReport={setReport} />
            )}
            {words !== null && (
              <p className="stage-words" role="status">
                {words}
              </p>
            )}
          </div>
          <div className="row wrap player-bar">
            <button
              type="button"
              onClick={() => video.current && togglePlay(video.current)}
              disabled={playingMs === null}
            >
              {paused ? "Play" : "Pause"}
            </button>
            <button
              type="button"
              onClick={() => player.current?.step(-1)}
              disabled={playingMs === null}
              aria-label="Previous frame"
              title="Previous frame (,)"
            >
              Frame -
            </button>
            <button
              type="button"
              onClick={() => player.current?.step(1)}
              disabled={playingMs === null}
              aria-label="Next frame"
              title="Next frame (.)"
            >
              Frame +
            </button>
            <button type="button" onClick={() => move(-10)} disabled={shown === null} aria-label="Back 10 s">
              -10 s
            </button>
            <button type="button" onClick={() => move(10)} disabled={shown === null} aria-label="Forward 10 s">
              +10 s
            </button>
            <label className="row">
              <span className="quiet">Speed</span>
              <select aria-label="Speed" value={speed} onChange={(event) => setSpeed(Number(event.target.value))}>
                {SPEEDS.map((one) => (
                  <option key={one} value={one}>
                    {one}x
                  </option>
                ))}
              </select>
            </label>
            <span className="spring" />
            <time
              className="number playing-time"
              data-testid="recording-time"
              dateTime={playingMs === null ? "" : new Date(playingMs).toISOString()}
            >
              {playingMs === null ? "" : fullTime(new Date(playingMs))}
            </time>
          </div>
          <OverlayControls
            settings={settings}
            onChange={setSettings}
            models={report.models}
            report={settings.on ? report : NO_REPORT}
            isLive={false}
          />
        </div>
        <div className="stack">
          <May need="operate">
            <ClipMaker
              cameraId={cameraId}
              playingMs={playingMs}
              marks={marks}
              onMarks={setMarks}
              onMade={() => setMade(made + 1)}
            />
          </May>
          <MediaLists cameraId={cameraId} turn={made} />
        </div>
      </div>
    </section>
  );
}

/** What was loaded and what came since, each event once. */
function marksOf(loaded: readonly AiEvent[], arrived: readonly AiEvent[]): AiEvent[] {
  return [...new Map([...loaded, ...arrived].map((event) => [event.id, event])).values()];
}

function togglePlay(element: HTMLVideoElement): void {
  if (element.paused) void element.play().catch(() => {});
  else element.pause();
}

type Situation = {
  loaded: boolean;
  empty: boolean;
  atMs: number | null;
  from: number | null;
  arriving: boolean;
  chosen: boolean;
};

function stateWords(state: PlayerState, now: Situation): string | null {
  if (state.phase === "failed") return state.message;
  if (state.phase === "ready") return null;
  if (!now.loaded) return "Loading what is recorded on this day.";
  if (now.arriving) return "This moment is still being written. It plays as soon as it is there.";
  if (now.atMs !== null && now.from === null && !now.chosen)
    return "Nothing is recorded at this moment or after it on this day.";
  if (state.phase === "loading") return "Loading the recording.";
  if (state.phase === "ended") return "This is the end of what is recorded.";
  return now.empty ? "Nothing is recorded on this day." : "Click the timeline to play from a moment.";
}
