import { uiText } from "../strings/ui.ts";
import { AccountButton } from "./AccountButton.tsx";
import { Menu, MenuChoice, MenuItem, MenuLabel, MenuLine, MenuLink } from "./menu.tsx";
import { ACCOUNT_PATH } from "./route.ts";
import { setTheme, THEMES, useTheme } from "./theme.ts";

const THEME_OPTIONS = THEMES.map((theme) => ({ value: theme, label: uiText.themes[theme] }));

export function AccountMenu(props: { username: string; onShortcuts: () => void; onLogOut: () => void }) {
  const theme = useTheme();
  return (
    <Menu trigger={<AccountButton username={props.username} />}>
      <MenuLabel>{props.username}</MenuLabel>
      <MenuLink to={ACCOUNT_PATH}>{uiText.myAccount}</MenuLink>
      <MenuItem onSelect={props.onShortcuts}>{uiText.shortcuts}</MenuItem>
      <MenuLine />
      <MenuChoice label={uiText.theme} value={theme} onChange={setTheme} options={THEME_OPTIONS} />
      <MenuLine />
      <MenuItem onSelect={props.onLogOut}>{uiText.logOut}</MenuItem>
    </Menu>
  );
}
