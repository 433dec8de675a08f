/** The tiles of one page, and how the keyboard moves between them. */
import type { Camera } from "@vas/contracts/http.ts";
import { useEffect, useRef } from "react";
import type { OverlaySettings } from "../overlay/settings.ts";
import { liveText } from "../strings/live.ts";
import { useShortcuts } from "../ui/shortcuts.ts";
import { columnsOf, type Tiles, tileAfter, tileStream } from "./grid.ts";
import { gridLeft, leaveGrid } from "./place.ts";
import { Tile } from "./Tile.tsx";

const NONE: readonly Camera[] = [];

/** @param props.next cameras of the page that comes next, when it is near */
export function Grid(props: {
  shown: readonly Camera[];
  next?: readonly Camera[];
  tiles: Tiles;
  overlay: OverlaySettings;
}) {
  const { shown, tiles, overlay, next = NONE } = props;
  const list = useRef<HTMLUListElement>(null);
  const links = () => [...(list.current?.querySelectorAll<HTMLElement>("li:not(.warming) > a.tile") ?? [])];
  const move = ({ key }: KeyboardEvent) => {
    const all = links();
    const at = all.indexOf(document.activeElement as HTMLElement);
    // The first arrow chooses the first tile.
    const to = at < 0 && key.startsWith("Arrow") ? 0 : tileAfter(key, at, all.length, columnsOf(tiles));
    if (to !== null) all[to]?.focus();
  };
  useShortcuts(liveText.onThisPage, [
    { keys: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], words: liveText.keyMove, run: move },
    { keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"], words: liveText.keyNumber, run: move },
    { keys: ["Enter"], words: liveText.keyOpen },
  ]);
  // Back from a camera: its tile is where one was.
  useEffect(() => {
    const { camera } = gridLeft();
    if (camera === null) return undefined;
    // After the page's heading has had it.
    const frame = requestAnimationFrame(() => {
      leaveGrid(gridLeft().path, null);
      list.current?.querySelector<HTMLElement>(`[data-camera="${CSS.escape(camera)}"] > a.tile`)?.focus();
    });
    return () => cancelAnimationFrame(frame);
  }, []);
  return (
    <ul className={`grid tiles-${tiles}`} ref={list} aria-label={liveText.gridName}>
      {[...shown, ...next.filter((camera) => !shown.includes(camera))].map((camera) => (
        <Tile
          key={camera.id}
          camera={camera}
          stream={tileStream(camera, tiles, overlay.on)}
          overlay={overlay}
          isWarming={!shown.includes(camera)}
        />
      ))}
    </ul>
  );
}
