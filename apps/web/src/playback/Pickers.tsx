/** Which cameras, and which day. */
import { playbackText } from "../strings/playback.ts";
import { localDay } from "../ui/format.ts";
import { DownIcon } from "../ui/icons.tsx";
import { Menu, MenuCheck, MenuLabel } from "../ui/menu.tsx";
import { Popover } from "../ui/popover.tsx";
import { MOST_CAMERAS } from "./address.ts";
import { CalendarPage } from "./CalendarPage.tsx";
import type { Span } from "./view.ts";

type Camera = { id: string; name: string };

export function CameraPicker(props: { all: Camera[]; shown: string[]; onShow: (ids: string[]) => void }) {
  const { all, shown, onShow } = props;
  const names = shown.map((id) => all.find((camera) => camera.id === id)?.name ?? "");
  return (
    <Menu
      trigger={
        <button type="button" aria-label={`${playbackText.cameras}: ${names.join(", ")}`}>
          {playbackText.camerasShown(names)}
          <DownIcon />
        </button>
      }
    >
      <MenuLabel>{playbackText.mostCameras(MOST_CAMERAS)}</MenuLabel>
      {all.map((camera) => (
        <MenuCheck
          key={camera.id}
          checked={shown.includes(camera.id)}
          onChange={(on) => onShow(on ? [...shown, camera.id] : shown.filter((id) => id !== camera.id))}
        >
          {camera.name}
        </MenuCheck>
      ))}
    </Menu>
  );
}

export function DayPicker(props: { cameraIds: string[]; atMs: number; onDay: (day: Span) => void }) {
  return (
    <Popover
      label={playbackText.day}
      trigger={
        <button type="button" aria-label={`${playbackText.day}: ${localDay(new Date(props.atMs))}`} className="number">
          {localDay(new Date(props.atMs))}
          <DownIcon />
        </button>
      }
    >
      <CalendarPage {...props} />
    </Popover>
  );
}
