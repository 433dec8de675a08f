import type { Camera, CameraStatus } from "@vas/contracts/http.ts";
import { Fragment, lazy, type RefObject, Suspense, useEffect, useMemo, useRef, useState } from "react";
import type { ApiError, Outcome } from "../api/client.ts";
import { snapshotImage } from "../api/vas.ts";
import { gridLeft, leaveGrid } from "../live/place.ts";
import { Stage } from "../live/Stage.tsx";
import { useViewer } from "../live/useViewer.ts";
import { OverlayControls } from "../overlay/OverlayControls.tsx";
import { NO_REPORT } from "../overlay/report.ts";
import { useLiveDirector } from "../overlay/useLiveDirector.ts";
import { useOverlaySettings } from "../overlay/useOverlaySettings.ts";
import { May } from "../people/May.tsx";
import { useCamera, useCameras, useSite } from "../site.ts";
import { cameraFormText } from "../strings/camera-form.ts";
import { camerasText } from "../strings/cameras.ts";
import { liveText } from "../strings/live.ts";
import { navigate, useStored, useTitle } from "../ui/hooks.ts";
import { Badge, Empty, Facts, Failure, Link, Loading, Switch } from "../ui/parts.tsx";
import { useShortcuts } from "../ui/shortcuts.ts";
import { useToast } from "../ui/toast.tsx";
import { DeleteCamera } from "./DeleteCamera.tsx";
import { Detections } from "./Detections.tsx";
import { LastEvents } from "./LastEvents.tsx";
import { useAiOfCamera } from "./useAiOfCamera.ts";
import { cameraFacts, isSub, stateName, stateTone, streamFacts } from "./words.ts";

const StatsPanel = lazy(() => import("../live/StatsPanel.tsx").then((part) => ({ default: part.StatsPanel })));

export function CameraPage(props: { id: string }) {
  const { cameras } = useSite();
  const { error } = useCameras();
  const camera = useCamera(props.id);
  useTitle(camera?.name ?? camerasText.camera);
  if (camera === undefined)
    return error ? (
      <Failure error={error} retry={() => void cameras.reload()} />
    ) : (
      <Loading what={camerasText.theCamera} />
    );
  if (camera === null)
    return (
      <Empty title={camerasText.noSuchCamera} page>
        <Link to="/" className="button">
          {camerasText.allCameras}
        </Link>
      </Empty>
    );
  return <OneCamera key={camera.id} camera={camera} />;
}

function OneCamera(props: { camera: Camera }) {
  const { camera } = props;
  const video = useRef<HTMLVideoElement>(null);
  const stage = useRef<HTMLDivElement>(null);
  const { view, run } = useViewer(camera.id, video);
  const director = useLiveDirector(camera, run);
  const [settings, setSettings] = useOverlaySettings();
  const [hasStats, setStats] = useStored("vas.statistics", (kept) => kept === true);
  const [report, setReport] = useState(NO_REPORT);
  const known = useAiOfCamera(camera);
  const assigned = known.assignments;
  const zones = useMemo(
    () => (assigned ?? []).map((one) => ({ modelId: one.model_id, zones: one.zones ?? [] })),
    [assigned],
  );
  const names = useMemo(
    () => Object.fromEntries((known.models ?? []).map((model) => [model.model_id, model.name ?? model.model_id])),
    [known.models],
  );
  const models = new Set(report.models);
  for (const assignment of assigned ?? []) if (assignment.enabled) models.add(assignment.model_id);
  useEffect(() => leaveGrid(gridLeft().path, camera.id), [camera.id]);

  const fullScreen = () => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void stage.current?.requestFullscreen();
  };
  useShortcuts(liveText.onThisPage, [
    { keys: ["f"], words: liveText.keyFull, run: fullScreen },
    { keys: ["o"], words: liveText.keyOverlays, run: () => setSettings({ ...settings, on: !settings.on }) },
    {
      keys: ["Escape"],
      words: liveText.keyBack,
      run: () => !document.fullscreenElement && navigate(gridLeft().path),
    },
  ]);

  return (
    <section aria-label={camera.name}>
      <Actions camera={camera} video={video} onFullScreen={fullScreen} />
      <div className="split">
        <div>
          <Stage
            camera={camera}
            video={video}
            stage={stage}
            view={view}
            director={director}
            settings={settings}
            zones={zones}
            onReport={setReport}
          />
          <OverlayControls
            settings={settings}
            onChange={setSettings}
            models={[...models].sort()}
            names={names}
            hasZones={zones.some((one) => one.zones.length > 0)}
            report={settings.on ? report : NO_REPORT}
            isLive
          />
        </div>
        <div className="stack">
          <Detections known={known} />
          <LastEvents cameraId={camera.id} />
          <section className="panel" aria-label={camerasText.statistics}>
            <Switch label={camerasText.statistics} checked={hasStats} onChange={setStats} />
            {hasStats && (
              <Suspense fallback={null}>
                <StatsPanel
                  consumer={view.consumer}
                  video={video}
                  run={run}
                  wallOffsetMs={() => director.wallOffsetMs()}
                  report={settings.on ? report : null}
                />
              </Suspense>
            )}
          </section>
          <aside className="panel" aria-label={camerasText.factsName}>
            <h2>{camerasText.facts}</h2>
            <Facts facts={cameraFacts(camera)} />
            {(camera.status.streams ?? []).filter(isSub).map((sub) => (
              <Fragment key={sub.stream}>
                <h3>{cameraFormText.sub}</h3>
                <Facts facts={streamFacts(sub)} />
              </Fragment>
            ))}
          </aside>
        </div>
      </div>
    </section>
  );
}

function Actions(props: { camera: Camera; video: RefObject<HTMLVideoElement | null>; onFullScreen: () => void }) {
  const { camera, video } = props;
  const { status } = camera;
  const { vas } = useSite();
  const toast = useToast();
  const [error, setError] = useState<ApiError | null>(null);
  const [isAsking, setAsking] = useState(false);
  const did = <T,>(outcome: Outcome<T>): outcome is { ok: true; value: T } => {
    setError(outcome.ok ? null : outcome.error);
    return outcome.ok;
  };
  const snapshot = async () => {
    const outcome = await vas.takeSnapshot(camera.id);
    if (!did(outcome)) return;
    const { id } = outcome.value;
    const show = () => void open(snapshotImage(id), "_blank", "noreferrer");
    toast({ words: camerasText.snapshotTaken, action: { words: camerasText.showPicture, run: show } });
  };
  const startOrStop = async (state: CameraStatus["state"]) => {
    if (state === "stopped") did(await vas.startCamera(camera.id));
    else did(await vas.stopCamera(camera.id));
  };
  const smallWindow = () => {
    if (document.pictureInPictureElement) void document.exitPictureInPicture();
    // Refused where there is no picture yet.
    else video.current?.requestPictureInPicture().catch(() => {});
  };
  return (
    <>
      <div className="toolbar">
        <h1>{camera.name}</h1>
        <Badge tone={stateTone(status.state)}>{stateName(status.state)}</Badge>
        <span className="spring" />
        <May need="operate">
          <button type="button" onClick={() => void snapshot()}>
            {camerasText.takeSnapshot}
          </button>
        </May>
        <button type="button" onClick={props.onFullScreen}>
          {camerasText.fullScreen}
        </button>
        {document.pictureInPictureEnabled && (
          <button type="button" title={camerasText.pictureInPictureWords} onClick={smallWindow}>
            {camerasText.pictureInPicture}
          </button>
        )}
        <May need="operate">
          <button type="button" onClick={() => void startOrStop(status.state)}>
            {status.state === "stopped" ? camerasText.start : camerasText.stop}
          </button>
        </May>
        <Link to={`/recordings?camera=${camera.id}`} className="button">
          {camerasText.recordings}
        </Link>
        <May need="administer">
          <Link to={`/cameras/${camera.id}/edit`} className="button">
            {camerasText.edit}
          </Link>
          <button type="button" className="danger" onClick={() => setAsking(true)}>
            {camerasText.delete}
          </button>
        </May>
      </div>
      <Failure error={error} />
      <DeleteCamera camera={camera} open={isAsking} onClose={() => setAsking(false)} />
    </>
  );
}
