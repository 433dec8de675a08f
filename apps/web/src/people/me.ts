/** Who uses this page, so that nothing is shown that may not be used. VAS decides; this only spares people refusals. */
import { createContext, useContext } from "react";
import type { Me, Permission } from "@vas/contracts/http.ts";

export const MeContext = createContext<Me | null>(null);

export function useMe(): Me {
  const me = useContext(MeContext);
  if (!me) throw new Error("useMe outside of MeContext");
  return me;
}

export function useMay(need: Permission): boolean {
  return useMe().permissions.includes(need);
}
