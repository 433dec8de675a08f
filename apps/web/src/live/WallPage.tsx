/** The grid alone on a screen that nobody sits at: no bars, no pointer, no sleep, and pages that turn by themselves. */
import type { Camera } from "@vas/contracts/http.ts";
import { useEffect, useState } from "react";
import { useOverlaySettings } from "../overlay/useOverlaySettings.ts";
import { useCameras, useGroups, useSite } from "../site.ts";
import { liveText } from "../strings/live.ts";
import { navigate, useAddress, useStored, useTitle } from "../ui/hooks.ts";
import { Empty, Failure, Link, Loading } from "../ui/parts.tsx";
import { useShortcuts } from "../ui/shortcuts.ts";
import { Grid } from "./Grid.tsx";
import { gridPage, readTiles, TILES_KEY, tilesFor } from "./grid.ts";
import { camerasOf } from "./groups.ts";
import { GROUP_KEY, placePath, readGroup, readPlace } from "./place.ts";
import { useWakeLock } from "./wake.ts";

const POINTER_MS = 2_000;
/** A page's pictures are asked for so long before it is shown, that no tile is empty when it comes. */
const WARM_S = 5;

export function WallPage() {
  useTitle(liveText.wallTitle);
  useWakeLock();
  const { cameras: list } = useSite();
  const { cameras, error } = useCameras();
  const { groups } = useGroups();
  const place = readPlace(useAddress().searchParams);
  const [keptGroup] = useStored(GROUP_KEY, readGroup);
  const [keptTiles] = useStored(TILES_KEY, readTiles);
  const [overlay, setOverlay] = useOverlaySettings();
  const isPointed = usePointer();

  const wanted = place.group === undefined ? keptGroup : place.group;
  const group = groups?.find(({ id }) => id === wanted) ?? null;
  const shown = cameras && groups ? camerasOf(cameras, group) : null;
  const tiles = place.tiles ?? keptTiles ?? tilesFor(shown?.length ?? 0);
  const back = placePath("/", { group: group?.id ?? null, page: 0, tiles: null, every: null });
  useShortcuts(liveText.wallTitle, [
    { keys: ["Escape"], words: liveText.keyLeaveWall, run: () => !document.fullscreenElement && navigate(back) },
    { keys: ["f"], words: liveText.keyFull, run: toggleFullScreen },
    { keys: ["o"], words: liveText.keyOverlays, run: () => setOverlay({ ...overlay, on: !overlay.on }) },
  ]);

  return (
    <main className={isPointed ? "wall" : "wall unpointed"}>
      <h1 className="visually-hidden">{group?.name ?? liveText.allCameras}</h1>
      {shown === null &&
        (error ? <Failure error={error} retry={() => void list.reload()} /> : <Loading what={liveText.cameras} />)}
      {shown?.length === 0 && (
        <Empty title={group ? liveText.emptyGroup : liveText.noCameras}>
          <Link to={back} className="button">
            {liveText.title}
          </Link>
        </Empty>
      )}
      {shown && shown.length > 0 && (
        <Pages cameras={shown} tiles={tiles} first={place.page} every={place.every} overlay={overlay} />
      )}
    </main>
  );
}

function toggleFullScreen(): void {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void document.documentElement.requestFullscreen();
}

function Pages(props: {
  cameras: readonly Camera[];
  tiles: Parameters<typeof Grid>[0]["tiles"];
  first: number;
  every: number | null;
  overlay: Parameters<typeof Grid>[0]["overlay"];
}) {
  const { cameras, tiles, every } = props;
  const [turn, setTurn] = useState(props.first);
  const [isWarm, setWarm] = useState(false);
  const { pages } = gridPage(cameras, tiles, 0);
  const turns = every !== null && pages > 1;
  useEffect(() => {
    if (!turns) return undefined;
    const warm = setTimeout(() => setWarm(true), Math.max(0, every - WARM_S) * 1_000);
    const next = setTimeout(() => {
      setWarm(false);
      setTurn(turn + 1);
    }, every * 1_000);
    return () => {
      clearTimeout(warm);
      clearTimeout(next);
    };
  }, [turns, every, turn]);
  const at = gridPage(cameras, tiles, turns ? turn % pages : props.first);
  const next = turns && isWarm ? gridPage(cameras, tiles, (turn + 1) % pages).shown : [];
  return <Grid shown={at.shown} next={next} tiles={tiles} overlay={props.overlay} />;
}

/** False once the pointer has rested. */
function usePointer(): boolean {
  const [isPointed, setPointed] = useState(true);
  useEffect(() => {
    let timer = setTimeout(() => setPointed(false), POINTER_MS);
    const onMove = () => {
      clearTimeout(timer);
      timer = setTimeout(() => setPointed(false), POINTER_MS);
      setPointed(true);
    };
    addEventListener("pointermove", onMove);
    return () => {
      clearTimeout(timer);
      removeEventListener("pointermove", onMove);
    };
  }, []);
  return isPointed;
}
