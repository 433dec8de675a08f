import { playbackText } from "../strings/playback.ts";
import { KEPT_PATH } from "../ui/route.ts";
import { LinkTabs } from "../ui/tabs.tsx";

/** @param props.current the address of the page that is shown */
export function RecordingTabs(props: { current: string }) {
  return (
    <LinkTabs
      label={playbackText.tabs}
      current={props.current}
      tabs={[
        { to: "/recordings", label: playbackText.timeline },
        { to: KEPT_PATH, label: playbackText.kept },
      ]}
    />
  );
}
