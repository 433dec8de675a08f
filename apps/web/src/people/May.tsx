import type { Permission } from "@vas/contracts/http.ts";
import type { ReactNode } from "react";
import { useMay } from "./me.ts";

/** Shows its children to those who may use them. */
export function May(props: { need: Permission; children: ReactNode }) {
  return useMay(props.need) ? props.children : null;
}
