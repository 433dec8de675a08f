/** A menu behind a button: arrows and first letters choose, Escape closes. */
import { DropdownMenu } from "radix-ui";
import type { ReactElement, ReactNode } from "react";
import { navigate } from "./hooks.ts";
import { CheckIcon } from "./icons.tsx";
import { layerHost } from "./portal.ts";

/** @param props.trigger the button; it needs a name of its own */
export function Menu(props: {
  trigger: ReactElement;
  children: ReactNode;
  align?: "start" | "center" | "end";
  /** For a menu that is opened by the page itself. */
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
}) {
  const controlled = props.open === undefined ? {} : { open: props.open };
  return (
    <DropdownMenu.Root
      modal={false}
      {...controlled}
      {...(props.onOpenChange ? { onOpenChange: props.onOpenChange } : {})}
    >
      <DropdownMenu.Trigger asChild>{props.trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal container={layerHost()}>
        <DropdownMenu.Content className="menu" align={props.align ?? "end"} sideOffset={6} collisionPadding={8}>
          {props.children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

export function MenuItem(props: {
  children: ReactNode;
  onSelect: () => void;
  danger?: boolean;
  disabled?: boolean;
  icon?: ReactNode;
}) {
  return (
    <DropdownMenu.Item
      className={props.danger ? "menu-item danger" : "menu-item"}
      disabled={props.disabled ?? false}
      onSelect={props.onSelect}
    >
      <span className="menu-mark">{props.icon}</span>
      {props.children}
    </DropdownMenu.Item>
  );
}

/** Goes to a page of the app; a real link, so that it can be opened in a new tab. */
export function MenuLink(props: { to: string; children: ReactNode; icon?: ReactNode }) {
  return (
    <DropdownMenu.Item className="menu-item" asChild>
      <a
        href={props.to}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey) return;
          event.preventDefault();
          navigate(props.to);
        }}
      >
        <span className="menu-mark">{props.icon}</span>
        {props.children}
      </a>
    </DropdownMenu.Item>
  );
}

/** An item that is on or off; the menu stays open for the next one. */
export function MenuCheck(props: { checked: boolean; onChange: (checked: boolean) => void; children: ReactNode }) {
  return (
    <DropdownMenu.CheckboxItem
      className="menu-item"
      checked={props.checked}
      onCheckedChange={props.onChange}
      onSelect={(event) => event.preventDefault()}
    >
      <Mark />
      {props.children}
    </DropdownMenu.CheckboxItem>
  );
}

/** One of a few; the menu stays open, so that what a choice does can be seen. */
export function MenuChoice<T extends string>(props: {
  label: string;
  value: T;
  onChange: (value: T) => void;
  options: readonly { value: T; label: string }[];
}) {
  return (
    <>
      <DropdownMenu.Label className="menu-label">{props.label}</DropdownMenu.Label>
      <DropdownMenu.RadioGroup
        value={props.value}
        aria-label={props.label}
        onValueChange={(value) => props.onChange(value as T)}
      >
        {props.options.map((option) => (
          <DropdownMenu.RadioItem
            key={option.value}
            value={option.value}
            className="menu-item"
            onSelect={(event) => event.preventDefault()}
          >
            <Mark />
            {option.label}
          </DropdownMenu.RadioItem>
        ))}
      </DropdownMenu.RadioGroup>
    </>
  );
}

export function MenuLabel(props: { children: ReactNode }) {
  return <DropdownMenu.Label className="menu-label">{props.children}</DropdownMenu.Label>;
}

export function MenuLine() {
  return <DropdownMenu.Separator className="menu-line" />;
}

function Mark() {
  return (
    <span className="menu-mark">
      <DropdownMenu.ItemIndicator>
        <CheckIcon />
      </DropdownMenu.ItemIndicator>
    </span>
  );
}
