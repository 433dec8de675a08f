import { uiText } from "../strings/ui.ts";
import { DownIcon, PersonIcon } from "./icons.tsx";

/** Shown disabled until the menu's code has come. */
export function AccountButton(props: { username: string; disabled?: boolean }) {
  const { username, ...rest } = props;
  return (
    <button type="button" className="plain account" aria-label={uiText.accountOf(username)} {...rest}>
      <PersonIcon />
      <span className="account-name">{username}</span>
      <DownIcon />
    </button>
  );
}
