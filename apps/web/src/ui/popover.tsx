/** A small panel beside its button, for settings and facts that are looked at and left again. */
import { Popover as Radix } from "radix-ui";
import type { ReactElement, ReactNode } from "react";
import { layerHost } from "./portal.ts";

/** @param props.label names the panel; @param props.trigger the button that opens it */
export function Popover(props: {
  label: string;
  trigger: ReactElement;
  children: ReactNode;
  side?: "top" | "bottom" | "left" | "right";
  align?: "start" | "center" | "end";
}) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{props.trigger}</Radix.Trigger>
      <Radix.Portal container={layerHost()}>
        <Radix.Content
          className="popover"
          aria-label={props.label}
          side={props.side ?? "bottom"}
          align={props.align ?? "end"}
          sideOffset={6}
          collisionPadding={8}
        >
          {props.children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
