import { useMay } from "../people/me.ts";
import { liveText } from "../strings/live.ts";
import { Menu, MenuItem, MenuLine } from "../ui/menu.tsx";
import { MoreButton, type Opened } from "./MoreButton.tsx";

export function LiveMenu(props: { hasGroup: boolean; open: (what: Opened) => void }) {
  const { hasGroup, open } = props;
  const mayOperate = useMay("operate");
  return (
    <Menu trigger={<MoreButton />}>
      <MenuItem onSelect={() => open("wall")}>{liveText.wall}</MenuItem>
      {mayOperate && (
        <>
          <MenuLine />
          <MenuItem onSelect={() => open("new group")}>{liveText.newGroup}</MenuItem>
          {hasGroup && <MenuItem onSelect={() => open("edit group")}>{liveText.editGroup}</MenuItem>}
          {hasGroup && <MenuItem onSelect={() => open("arrange")}>{liveText.arrange}</MenuItem>}
        </>
      )}
    </Menu>
  );
}
