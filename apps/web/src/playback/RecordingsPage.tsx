import "./playback.css";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { OverlayControls } from "../overlay/OverlayControls.tsx";
import { NO_REPORT, type OverlayReport } from "../overlay/report.ts";
import { useOverlaySettings } from "../overlay/useOverlaySettings.ts";
import { May } from "../people/May.tsx";
import { useMay } from "../people/me.ts";
import { useCameras, useSite } from "../site.ts";
import { playbackText } from "../strings/playback.ts";
import { navigate, useAddress, useTitle } from "../ui/hooks.ts";
import { Empty, Failure, Link, Loading } from "../ui/parts.tsx";
import { KEPT_PATH } from "../ui/route.ts";
import { useShortcuts } from "../ui/shortcuts.ts";
import { useToast } from "../ui/toast.tsx";
import { chosenCameras, MOST_CAMERAS, readWatch, watchPath } from "./address.ts";
import { ContinuityLine } from "./ContinuityLine.tsx";
import { ControlBar, JUMP_S, LEAP_S, SPEEDS } from "./ControlBar.tsx";
import { Deck } from "./deck.ts";
import { Legend } from "./Legend.tsx";
import { Pane } from "./Pane.tsx";
import { CameraPicker, DayPicker } from "./Pickers.tsx";
import { RangePanel } from "./RangePanel.tsx";
import { RecordingTabs } from "./RecordingTabs.tsx";
import { thumbnailAt } from "./routes.ts";
import { Thumbnails } from "./thumbs.ts";
import { type Range, TimelineView } from "./TimelineView.tsx";
import { useTimeline } from "./useTimeline.ts";
import { around, DAY_MS, held, type Span, zoomed } from "./view.ts";

type Camera = { id: string; name: string };

/** So long before the end of the footage there surely is a picture. */
const NEWEST_MS = 4_000;

const PRESETS: [keyof typeof playbackText.spans, number][] = [
  ["minute", 60_000],
  ["hour", 3_600_000],
  ["day", DAY_MS],
  ["week", 7 * DAY_MS],
  ["month", 31 * DAY_MS],
  ["year", 366 * DAY_MS],
];

export function RecordingsPage() {
  useTitle(playbackText.title);
  const { cameras: list } = useSite();
  const { cameras, error } = useCameras();
  const address = useAddress();
  if (cameras === null)
    return error ? (
      <Failure error={error} retry={() => void list.reload()} />
    ) : (
      <Loading what={playbackText.theCameras} />
    );
  if (cameras.length === 0)
    return (
      <Empty title={playbackText.noCameras} page>
        <p>{playbackText.noCamerasHint}</p>
        <May need="administer">
          <Link to="/cameras/new" className="button primary">
            {playbackText.addCamera}
          </Link>
        </May>
      </Empty>
    );
  const watch = readWatch(address.searchParams);
  const shown = chosenCameras(cameras, watch.cameraIds);
  if (shown.length === 0)
    return (
      <Empty title={playbackText.noSuchCamera} page>
        <Link to="/recordings" className="button">
          {playbackText.otherCameras}
        </Link>
      </Empty>
    );
  return (
    <Recordings
      cameras={shown.map(({ id, name }) => ({ id, name }))}
      all={cameras.map(({ id, name }) => ({ id, name }))}
      atMs={watch.atMs}
    />
  );
}

function useDeck(): Deck | null {
  const { vas } = useSite();
  const [deck, setDeck] = useState<Deck | null>(null);
  useEffect(() => {
    const made = new Deck({
      recordings: (id, from, to) => vas.recordings(id, from, to),
      timeline: (id, from, to) => vas.timeline(id, { from, to }),
    });
    setDeck(made);
    return () => made.close();
  }, [vas]);
  return deck;
}

function useThumbnails(): Thumbnails {
  const [thumbnails] = useState(
    () =>
      new Thumbnails(
        async (cameraId, at, signal) => {
          try {
            const reply = await fetch(thumbnailAt(cameraId, at), { signal });
            return reply.ok ? await reply.blob() : null;
          } catch {
            return null; // given up, or no connection: there is no picture to show
          }
        },
        { make: (blob) => URL.createObjectURL(blob), free: (url) => URL.revokeObjectURL(url) },
      ),
  );
  useEffect(() => () => thumbnails.close(), [thumbnails]);
  return thumbnails;
}

function Recordings(props: { cameras: Camera[]; all: Camera[]; atMs: number | null }) {
  const deck = useDeck();
  return deck && <Watching {...props} deck={deck} />;
}

function Watching(props: { cameras: Camera[]; all: Camera[]; atMs: number | null; deck: Deck }) {
  const { cameras, all, atMs, deck } = props;
  const { vas } = useSite();
  const toast = useToast();
  const mayOperate = useMay("operate");
  const state = useSyncExternalStore(deck.subscribe, deck.state);
  const [settings, setSettings] = useOverlaySettings();
  const [reports, setReports] = useState<ReadonlyMap<string, OverlayReport>>(new Map());
  const [speed, setSpeedState] = useState(1);
  const [range, setRange] = useState<Range>({ fromMs: null, toMs: null });
  const [isChoosing, setChoosing] = useState(false);
  const stages = useRef<HTMLDivElement>(null);
  const ids = cameras.map(({ id }) => id);
  const key = ids.join();
  const timeline = useTimeline(ids, atMs, state.playingMs);
  const { view, setView } = timeline;
  const thumbnails = useThumbnails();
  const shownMs = state.playingMs ?? atMs;

  // The address decides what is played; what was opened from here is in the address already.
  const opened = useRef<number | null>(null);
  useEffect(() => {
    if (atMs === null || opened.current === atMs) return;
    opened.current = atMs;
    void deck.open(atMs);
  }, [deck, atMs]);

  // Without a moment in the address the newest picture is shown, and nothing plays.
  const { newestMs } = timeline;
  useEffect(() => {
    if (newestMs !== null && opened.current === null) void deck.open(newestMs - NEWEST_MS, false);
  }, [deck, newestMs]);

  const seek = useCallback(
    (toMs: number) => {
      const rounded = Math.round(toMs);
      opened.current = rounded;
      navigate(watchPath(key.split(","), rounded), true);
      void deck.open(rounded);
    },
    [deck, key],
  );
  const move = (seconds: number) => {
    if (shownMs !== null) seek(shownMs + seconds * 1000);
  };
  const setSpeed = (next: number) => {
    setSpeedState(next);
    deck.setSpeed(next);
  };
  const show = (next: string[]) => {
    if (next.length === 0 || next.length > MOST_CAMERAS) return;
    const at = deck.state().playingMs ?? atMs;
    opened.current = at === null ? null : Math.round(at);
    navigate(watchPath(next, opened.current), true);
  };
  const copyLink = async () => {
    if (shownMs === null) return;
    opened.current = Math.round(shownMs);
    navigate(watchPath(ids, opened.current), true);
    try {
      await navigator.clipboard.writeText(location.href);
      toast({ words: playbackText.linkCopied });
    } catch {
      toast({ words: playbackText.linkNotCopied });
    }
  };
  const snapshot = async () => {
    if (state.playingMs === null) return;
    const outcomes = await Promise.all(
      ids.map((id) => vas.takeSnapshot(id, new Date(state.playingMs as number).toISOString())),
    );
    const failed = outcomes.find((outcome) => !outcome.ok);
    toast(
      failed && !failed.ok
        ? { words: failed.error.message }
        : {
            words: playbackText.snapshotTaken,
            action: { words: playbackText.show, run: () => navigate(`${KEPT_PATH}?kind=snapshots`) },
          },
    );
  };
  const mark = (edge: "fromMs" | "toMs") => {
    if (shownMs === null || !mayOperate) return;
    const next = { ...range, [edge]: shownMs };
    if (next.fromMs !== null && next.toMs !== null && next.toMs <= next.fromMs)
      setRange(edge === "fromMs" ? { fromMs: shownMs, toMs: null } : { fromMs: null, toMs: shownMs });
    else setRange(next);
  };
  const zoom = (factor: number) =>
    setView(zoomed(view, factor, shownIn(view, shownMs) ?? (view.fromMs + view.toMs) / 2, Date.now()));
  const quicker = (by: 1 | -1) => {
    const next = SPEEDS[SPEEDS.indexOf(speed) + by];
    if (next !== undefined) setSpeed(next);
  };
  const goToNow = () => {
    const length = view.toMs - view.fromMs;
    setView(held({ fromMs: Date.now() - length * 0.9, toMs: Date.now() + length * 0.1 }, Date.now()));
  };
  const { keys } = playbackText;
  useShortcuts(playbackText.title, [
    { keys: ["Space"], words: keys.toggle, run: () => deck.toggle() },
    { keys: [",", "."], words: keys.frame, run: (event) => deck.step(event.key === "." ? 1 : -1) },
    {
      keys: ["ArrowLeft", "ArrowRight"],
      words: keys.jump,
      run: (event) => move((event.key === "ArrowRight" ? 1 : -1) * (event.shiftKey ? LEAP_S : JUMP_S)),
    },
    { keys: ["j", "l"], words: keys.leap, run: (event) => move(event.key === "l" ? LEAP_S : -LEAP_S) },
    { keys: ["[", "]"], words: keys.slower, run: (event) => quicker(event.key === "]" ? 1 : -1) },
    ...(mayOperate
      ? [
          {
            keys: ["i", "o"],
            words: keys.range,
            run: (event: KeyboardEvent) => mark(event.key === "i" ? "fromMs" : "toMs"),
          },
          { keys: ["Escape"], words: keys.clearRange, run: () => setRange({ fromMs: null, toMs: null }) },
        ]
      : []),
    { keys: ["+", "-"], words: keys.zoom, run: (event) => zoom(event.key === "+" ? 0.5 : 2) },
    { keys: ["n"], words: keys.now, run: goToNow },
    { keys: ["b"], words: keys.overlay, run: () => setSettings({ ...settings, on: !settings.on }) },
  ]);

  const lanes = useMemo(
    () => cameras.map(({ id, name }) => ({ cameraId: id, name, summary: timeline.byCamera.get(id) ?? null })),
    // By their ids and names: the list itself is another one at every notice.
    [cameras.map(({ id, name }) => `${id} ${name}`).join(), timeline.byCamera],
  );
  const several = cameras.length > 1;
  const hasRange = range.fromMs !== null || range.toMs !== null;

  return (
    <section aria-label={playbackText.title} className="recordings">
      <div className="toolbar">
        <h1>{playbackText.title}</h1>
        <RecordingTabs current="/recordings" />
        <span className="spring" />
        <CameraPicker all={all} shown={ids} onShow={show} />
        <DayPicker
          cameraIds={ids}
          atMs={shownIn(view, shownMs) ?? (view.fromMs + view.toMs) / 2}
          onDay={(day) => {
            setView(held(day, Date.now()));
            seek(day.fromMs);
          }}
        />
        <Link to={several ? "/" : `/cameras/${ids[0]}`} className="button">
          {playbackText.goLive}
        </Link>
      </div>
      <Failure error={timeline.error} retry={timeline.retry} />
      <div className="panes-box">
        <div ref={stages} className={`panes of-${cameras.length <= 1 ? 1 : cameras.length <= 4 ? 4 : 9}`}>
          {cameras.map((camera) => (
            <Pane
              key={camera.id}
              deck={deck}
              camera={camera}
              state={state.panes.get(camera.id)}
              words={state.words}
              isNamed={several}
              settings={settings}
              onReport={(id, report) => setReports((old) => new Map([...old, [id, report]]))}
            />
          ))}
        </div>
        {hasRange && (
          <May need="operate">
            <RangePanel cameras={cameras} range={range} onRange={setRange} onPlay={seek} />
          </May>
        )}
      </div>
      <ControlBar deck={deck} state={state} shownMs={shownMs} speed={speed} onSpeed={setSpeed} onMove={move}>
        <button type="button" disabled={shownMs === null} onClick={() => void copyLink()}>
          {playbackText.copyLink}
        </button>
        <May need="operate">
          <button type="button" disabled={state.playingMs === null} onClick={() => void snapshot()}>
            {playbackText.snapshot}
          </button>
        </May>
        <button type="button" onClick={() => void stages.current?.requestFullscreen()}>
          {playbackText.fullScreen}
        </button>
      </ControlBar>
      <div className="panel timeline-panel">
        <div className="row wrap">
          <div className="segmented" role="group" aria-label={playbackText.shownTime}>
            {PRESETS.map(([name, length]) => (
              <button
                key={name}
                type="button"
                aria-pressed={Math.abs(view.toMs - view.fromMs - length) < length * 0.02}
                onClick={() =>
                  setView(
                    around(
                      shownIn(view, shownMs) ?? Math.min(Date.now(), (view.fromMs + view.toMs) / 2),
                      length,
                      Date.now(),
                    ),
                  )
                }
              >
                {playbackText.spans[name]}
              </button>
            ))}
          </div>
          <div className="segmented" role="group" aria-label={playbackText.keys.zoom}>
            <button type="button" aria-label={playbackText.zoomOut} onClick={() => zoom(2)}>
              −
            </button>
            <button type="button" aria-label={playbackText.zoomIn} onClick={() => zoom(0.5)}>
              +
            </button>
          </div>
          <button type="button" onClick={goToNow}>
            {playbackText.now}
          </button>
          <span className="spring" />
          <May need="operate">
            <button type="button" aria-pressed={isChoosing} onClick={() => setChoosing(!isChoosing)}>
              {playbackText.chooseRange}
            </button>
          </May>
        </div>
        <TimelineView
          view={view}
          onView={setView}
          lanes={lanes}
          playingMs={shownMs}
          range={range}
          onRange={mayOperate ? setRange : () => {}}
          isChoosing={isChoosing && mayOperate}
          onSeek={seek}
          thumbnails={thumbnails}
        />
        <Legend summaries={lanes.map(({ summary }) => summary)} />
        {cameras.map((camera) => (
          <ContinuityLine key={camera.id} camera={camera} isNamed={several} />
        ))}
      </div>
      <OverlayControls
        settings={settings}
        onChange={setSettings}
        models={modelsOf(ids, reports)}
        report={settings.on ? (reports.get(ids[0] ?? "") ?? NO_REPORT) : NO_REPORT}
        isLive={false}
      />
    </section>
  );
}

const shownIn = (view: Span, atMs: number | null): number | null =>
  atMs !== null && atMs >= view.fromMs && atMs <= view.toMs ? atMs : null;

function modelsOf(ids: readonly string[], reports: ReadonlyMap<string, OverlayReport>): string[] {
  return [...new Set(ids.flatMap((id) => reports.get(id)?.models ?? []))].sort();
}
