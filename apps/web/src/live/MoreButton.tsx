import type { ComponentProps } from "react";
import { liveText } from "../strings/live.ts";
import { MoreIcon } from "../ui/icons.tsx";

/** What the grid has opened beside itself. */
export type Opened = "new group" | "edit group" | "arrange" | "wall" | null;

/** The button in front of the menu, there before the menu's code is. */
export function MoreButton(props: ComponentProps<"button">) {
  return (
    <button {...props} type="button" className="icon-button" aria-label={liveText.more}>
      <MoreIcon />
    </button>
  );
}
