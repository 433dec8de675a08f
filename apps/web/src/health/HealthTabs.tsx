import { useMay } from "../people/me.ts";
import { healthText as text } from "../strings/health.ts";
import { LinkTabs } from "../ui/tabs.tsx";
import { AUDIT_PATH, FRAMES_PATH, SITE_PATH } from "./address.ts";

export function HealthTabs(props: { current: string }) {
  const mayAudit = useMay("administer");
  const tabs = [
    { to: SITE_PATH, label: text.now },
    { to: FRAMES_PATH, label: text.frames },
    ...(mayAudit ? [{ to: AUDIT_PATH, label: text.audit }] : []),
  ];
  return <LinkTabs label={text.pages} current={props.current} tabs={tabs} />;
}
