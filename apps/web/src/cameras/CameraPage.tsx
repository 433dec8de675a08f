import type { Camera } from "@vas/contracts/http.ts";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { ApiError } from "../api/client.ts";
import { snapshotImage } from "../api/vas.ts";
import { followDetections } from "../live/detections.ts";
import { useViewer } from "../live/useViewer.ts";
import { LiveDirector } from "../overlay/live-director.ts";
import { Overlay } from "../overlay/Overlay.tsx";
import { OverlayControls } from "../overlay/OverlayControls.tsx";
import { NO_REPORT } from "../overlay/report.ts";
import { OVERLAY_KEY, readOverlaySettings } from "../overlay/settings.ts";
import { May } from "../people/May.tsx";
import { useCamera, useCameras, useOnline, useSite } from "../site.ts";
import { navigate, useLoad, useStored, useTitle, useWhileVisible } from "../ui/hooks.ts";
import { keyBelongsTo } from "../ui/keys.ts";
import { Badge, Empty, Facts, Failure, Link, Loading } from "../ui/parts.tsx";
import { cameraFacts, pictureWords, stateTone } from "./words.ts";

export function CameraPage(props: { id: string }) {
  const { cameras } = useSite();
  const { error } = useCameras();
  const camera = useCamera(props.id);
  useTitle(camera?.name ?? "Camera");
  if (camera === undefined)
    return error ? <Failure error={error} retry={() => void cameras.reload()} /> : <Loading what="the camera" />;
  if (camera === null)
    return (
      <Empty title="There is no such camera" page>
        <Link to="/" className="button">
          All cameras
        </Link>
      </Empty>
    );
  return <OneCamera key={camera.id} camera={camera} />;
}

function OneCamera(props: { camera: Camera }) {
  const { camera } = props;
  const { status } = camera;
  const { vas, live } = useSite();
  const online = useOnline();
  const video = useRef<HTMLVideoElement>(null);
  const stage = useRef<HTMLDivElement>(null);
  const { view, run } = useViewer(camera.id, video);
  const fps = useRef(status.fps);
  fps.current = status.fps;
  const director = useMemo(
    () =>
      new LiveDirector({
        run: () => run.current,
        fps: () => fps.current,
        follow: (onResult, onError) => followDetections(live, camera.id, onResult, onError),
        nowMs: () => performance.now(),
        unixMs: () => Date.now(),
      }),
    [camera.id, live, run],
  );
  const [settings, setSettings] = useStored(OVERLAY_KEY, readOverlaySettings);
  const [report, setReport] = useState(NO_REPORT);
  const [done, setDone] = useState<{ error: ApiError | null; words: string; snapshot: string | null } | null>(null);
  const [asking, setAsking] = useState(false);
  const assigned = useLoad(`assigned ${camera.id}`, () => vas.assignments());
  useWhileVisible(() => settings.on && assigned.reload(), 10_000);
  const words = pictureWords(status, view, online);

  const models = new Set(report.models);
  for (const assignment of assigned.value ?? []) {
    if (assignment.camera_id === camera.id && assignment.enabled) models.add(assignment.model_id);
  }

  const act = async (
    words: string,
    run: () => Promise<{ ok: true; value: unknown } | { ok: false; error: ApiError }>,
  ) => {
    setDone(null);
    const outcome = await run();
    const snapshot = outcome.ok && words === "Snapshot taken." ? (outcome.value as { id: string }).id : null;
    setDone({ error: outcome.ok ? null : outcome.error, words, snapshot });
    return outcome.ok;
  };
  const remove = async () => {
    if (await act("Deleted.", () => vas.deleteCamera(camera.id))) navigate("/");
    setAsking(false);
  };
  const fullScreen = useCallback(() => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void stage.current?.requestFullscreen();
  }, []);

  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      const target = event.target as HTMLInputElement;
      if (event.ctrlKey || event.metaKey || event.altKey || keyBelongsTo(target, event.key)) return;
      if (event.key === "f") fullScreen();
      else if (event.key === "o") setSettings({ ...settings, on: !settings.on });
      else if (event.key === "Escape" && !document.fullscreenElement) navigate("/");
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [fullScreen, settings, setSettings]);

  return (
    <section aria-label={camera.name}>
      <div className="toolbar">
        <h1>{camera.name}</h1>
        <Badge tone={stateTone(status.state)}>{status.state}</Badge>
        <span className="spring" />
        <May need="operate">
          <button type="button" onClick={() => void act("Snapshot taken.", () => vas.takeSnapshot(camera.id))}>
            Take snapshot
          </button>
        </May>
        <button type="button" onClick={fullScreen}>
          Full screen
        </button>
        <May need="operate">
          {status.state === "stopped" ? (
            <button type="button" onClick={() => void act("Started.", () => vas.startCamera(camera.id))}>
              Start
            </button>
          ) : (
            <button type="button" onClick={() => void act("Stopped.", () => vas.stopCamera(camera.id))}>
              Stop
            </button>
          )}
        </May>
        <Link to={`/recordings?camera=${camera.id}`} className="button">
          Recordings
        </Link>
        <May need="administer">
          <Link to={`/cameras/${camera.id}/edit`} className="button">
            Edit
          </Link>
          <button type="button" className="danger" onClick={() => setAsking(true)}>
            Delete
          </button>
        </May>
      </div>
      {asking && (
        <div className="notice warn" role="alertdialog" aria-label={`Delete ${camera.name}`}>
          <span>
            Delete {camera.name}? Its recordings, snapshots, clips and events go with it. This cannot be undone.
          </span>
          <button type="button" className="danger" onClick={() => void remove()}>
            Delete the camera
          </button>
          <button type="button" onClick={() => setAsking(false)}>
            Keep it
          </button>
        </div>
      )}
      {done?.error && <Failure error={done.error} />}
      {done && !done.error && (
        <div className="notice good" role="status">
          <span>{done.words}</span>
          {done.snapshot && (
            <a href={snapshotImage(done.snapshot)} target="_blank" rel="noreferrer">
              Show the picture
            </a>
          )}
        </div>
      )}
      <div className="split">
        <div>
          <div className="stage" ref={stage} data-phase={view.phase}>
            <video
              ref={video}
              muted
              playsInline
              autoPlay
              data-testid="live-video"
              className={words === null ? "" : "behind"}
            />
            {settings.on && <Overlay video={video} director={director} settings={settings} onReport={setReport} />}
            {words !== null && (
              <p className="stage-words" role="status">
                {words}
              </p>
            )}
          </div>
          <OverlayControls
            settings={settings}
            onChange={setSettings}
            models={[...models].sort()}
            report={settings.on ? report : NO_REPORT}
            isLive
          />
        </div>
        <aside className="panel" aria-label="Camera facts">
          <h2>Facts</h2>
          <Facts facts={cameraFacts(camera)} />
        </aside>
      </div>
    </section>
  );
}
