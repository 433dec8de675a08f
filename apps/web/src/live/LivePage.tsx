import type { Camera, CameraGroup } from "@vas/contracts/http.ts";
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from "react";
import { useOverlaySettings } from "../overlay/useOverlaySettings.ts";
import { May } from "../people/May.tsx";
import { useMay } from "../people/me.ts";
import { useCameras, useGroups, useSite } from "../site.ts";
import { liveText } from "../strings/live.ts";
import { navigate, useAddress, useStored, useTitle } from "../ui/hooks.ts";
import { Empty, Failure, Link, Loading, Switch } from "../ui/parts.tsx";
import { useShortcuts } from "../ui/shortcuts.ts";
import { Grid } from "./Grid.tsx";
import { gridPage, readTiles, TILE_CHOICES, TILES_KEY, tilesFor } from "./grid.ts";
import { camerasOf } from "./groups.ts";
import { MoreButton, type Opened } from "./MoreButton.tsx";
import { gridLeft, GROUP_KEY, leaveGrid, type Place, placePath, readGroup, readPlace } from "./place.ts";

const LiveMenu = lazy(() => import("./LiveMenu.tsx").then((part) => ({ default: part.LiveMenu })));
const TestCamera = lazy(() => import("../cameras/TestCamera.tsx").then((part) => ({ default: part.TestCamera })));
const GroupDialog = lazy(() => import("./GroupDialog.tsx").then((part) => ({ default: part.GroupDialog })));
const WallDialog = lazy(() => import("./WallDialog.tsx").then((part) => ({ default: part.WallDialog })));
const Arrange = lazy(() => import("./Arrange.tsx").then((part) => ({ default: part.Arrange })));

export function LivePage() {
  useTitle(liveText.title);
  const { cameras: list } = useSite();
  const { cameras, error } = useCameras();
  const { groups } = useGroups();
  const mayAdd = useMay("administer");
  // The groups come with the cameras: shown before them, the grid would open every camera and close it again.
  if (cameras === null || groups === null)
    return error ? <Failure error={error} retry={() => void list.reload()} /> : <Loading what={liveText.cameras} />;
  if (cameras.length > 0) return <Cameras cameras={cameras} groups={groups} />;
  return (
    <Empty title={liveText.noCameras} page>
      <p>{mayAdd ? liveText.noCamerasAdd : liveText.noCamerasGranted}</p>
      {mayAdd && (
        <>
          <Link to="/cameras/new" className="button primary">
            {liveText.addCamera}
          </Link>
          <Suspense>
            <TestCamera />
          </Suspense>
        </>
      )}
    </Empty>
  );
}

function Cameras(props: { cameras: Camera[]; groups: CameraGroup[] }) {
  const { groups } = props;
  const { cameras: list } = useSite();
  const { error } = useCameras();
  const [overlay, setOverlay] = useOverlaySettings();
  const [keptTiles, setTiles] = useStored(TILES_KEY, readTiles);
  const [keptGroup, keepGroup] = useStored(GROUP_KEY, readGroup);
  const [opened, setOpened] = useState<Opened>(null);
  const screen = useRef<HTMLElement>(null);
  const place = readPlace(useAddress().searchParams);

  const wanted = place.group === undefined ? keptGroup : place.group;
  const group = groups.find(({ id }) => id === wanted) ?? null;
  const cameras = camerasOf(props.cameras, group);
  const tiles = place.tiles ?? keptTiles ?? tilesFor(cameras.length);
  const { shown, page, pages } = gridPage(cameras, tiles, place.page);
  const path = placePath("/", { ...place, page });
  useEffect(() => leaveGrid(path, gridLeft().camera), [path]);

  const go = (change: Partial<Place>) => navigate(placePath("/", { ...place, ...change }), true);
  const choose = (id: string | null) => {
    keepGroup(id);
    go({ group: id, page: 0 });
  };
  const full = useCallback(() => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void screen.current?.requestFullscreen();
  }, []);
  useShortcuts(liveText.onThisPage, [
    { keys: ["f"], words: liveText.keyFull, run: full },
    { keys: ["o"], words: liveText.keyOverlays, run: () => setOverlay({ ...overlay, on: !overlay.on }) },
    { keys: ["PageDown"], words: liveText.keyNextPage, run: () => page < pages - 1 && go({ page: page + 1 }) },
    { keys: ["PageUp"], words: liveText.keyPreviousPage, run: () => page > 0 && go({ page: page - 1 }) },
  ]);

  if (opened === "arrange" && group)
    return (
      <Suspense fallback={<Loading what={liveText.cameras} />}>
        <Arrange group={group} cameras={cameras} tiles={tiles} onDone={() => setOpened(null)} />
      </Suspense>
    );

  return (
    <section aria-label={liveText.gridName} className="live-screen" ref={screen}>
      <div className="toolbar">
        <h1>{liveText.title}</h1>
        {groups.length > 0 && (
          <select
            className="group-choice"
            aria-label={liveText.group}
            value={group?.id ?? ""}
            onChange={(event) => choose(event.target.value === "" ? null : event.target.value)}
          >
            <option value="">{liveText.allCameras}</option>
            {groups.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        )}
        <div className="segmented" role="group" aria-label={liveText.tiles}>
          {TILE_CHOICES.map((choice) => (
            <button
              key={choice}
              type="button"
              aria-pressed={choice === tiles}
              aria-label={liveText.tilesOf(choice)}
              onClick={() => {
                setTiles(choice);
                go({ tiles: null, page: 0 });
              }}
            >
              {choice}
            </button>
          ))}
        </div>
        {pages > 1 && (
          <div className="row" role="group" aria-label={liveText.pages}>
            <button type="button" disabled={page === 0} onClick={() => go({ page: page - 1 })}>
              {liveText.previous}
            </button>
            <span className="quiet number">{liveText.pageOf(page + 1, pages)}</span>
            <button type="button" disabled={page === pages - 1} onClick={() => go({ page: page + 1 })}>
              {liveText.next}
            </button>
          </div>
        )}
        <span className="spring" />
        <Switch label={liveText.overlays} checked={overlay.on} onChange={(on) => setOverlay({ ...overlay, on })} />
        <button type="button" className="wide-only" onClick={full}>
          {liveText.fullScreen}
        </button>
        <May need="administer">
          <Link to="/cameras/new" className="button">
            {liveText.addCamera}
          </Link>
        </May>
        <Suspense fallback={<MoreButton disabled />}>
          <LiveMenu hasGroup={group !== null} open={setOpened} />
        </Suspense>
      </div>
      <Failure error={error} retry={() => void list.reload()} />
      {cameras.length === 0 ? (
        <Empty title={liveText.emptyGroup}>
          <p>{liveText.emptyGroupWords}</p>
          <button type="button" onClick={() => choose(null)}>
            {liveText.showAll}
          </button>
        </Empty>
      ) : (
        <Grid shown={shown} tiles={tiles} overlay={overlay} />
      )}
      <Suspense>
        {opened === "new group" && (
          <GroupDialog group={null} cameras={props.cameras} onClose={() => setOpened(null)} onStored={choose} />
        )}
        {opened === "edit group" && group && (
          <GroupDialog group={group} cameras={props.cameras} onClose={() => setOpened(null)} onStored={choose} />
        )}
        {opened === "wall" && (
          <WallDialog
            place={{ ...place, group: group?.id ?? null, tiles, page: 0 }}
            pages={pages}
            onClose={() => setOpened(null)}
          />
        )}
      </Suspense>
    </section>
  );
}
