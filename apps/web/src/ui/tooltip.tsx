/** Words beside a control while the pointer or the focus is on it. What must be known belongs on the page instead. */
import { Tooltip as Radix } from "radix-ui";
import type { ReactElement, ReactNode } from "react";
import { layerHost } from "./portal.ts";

/** @param props.children one control that has a name of its own */
export function Tooltip(props: {
  words: ReactNode;
  children: ReactElement;
  side?: "top" | "bottom" | "left" | "right";
}) {
  return (
    <Radix.Provider delayDuration={400} disableHoverableContent>
      <Radix.Root>
        <Radix.Trigger asChild>{props.children}</Radix.Trigger>
        <Radix.Portal container={layerHost()}>
          <Radix.Content className="tooltip" side={props.side ?? "top"} sideOffset={6} collisionPadding={8}>
            {props.words}
          </Radix.Content>
        </Radix.Portal>
      </Radix.Root>
    </Radix.Provider>
  );
}
