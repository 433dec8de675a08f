/** Parts of one page beside each other. Tabs with addresses of their own are links: `LinkTabs`. */
import { Tabs as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { Link } from "./parts.tsx";

export function Tabs<T extends string>(props: {
  label: string;
  value: T;
  onChange: (value: T) => void;
  tabs: readonly { value: T; label: ReactNode; content: ReactNode }[];
}) {
  return (
    <Radix.Root
      className="tabs-box"
      value={props.value}
      activationMode="manual"
      onValueChange={(value) => props.onChange(value as T)}
    >
      <Radix.List className="tabs" aria-label={props.label}>
        {props.tabs.map((tab) => (
          <Radix.Trigger key={tab.value} value={tab.value} className="tab">
            {tab.label}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {props.tabs.map((tab) => (
        <Radix.Content key={tab.value} value={tab.value} className="tab-content">
          {tab.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}

/** @param props.current the address of the tab that is shown */
export function LinkTabs(props: { label: string; current: string; tabs: readonly { to: string; label: string }[] }) {
  return (
    <nav className="tabs" aria-label={props.label}>
      {props.tabs.map((tab) => (
        <Link key={tab.to} to={tab.to} className="tab" current={tab.to === props.current}>
          {tab.label}
        </Link>
      ))}
    </nav>
  );
}
