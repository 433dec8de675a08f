/** The page's one set of things that talk to VAS. */
import { createContext, useContext, useEffect, useSyncExternalStore } from "react";
import type { Camera } from "@vas/contracts/http.ts";
import type { LiveNotice } from "@vas/contracts/live.ts";
import { createClient } from "./api/client.ts";
import { createVas, type Vas } from "./api/vas.ts";
import { CameraList, type CamerasView } from "./cameras/list.ts";
import { GroupList, type GroupsView } from "./live/groups.ts";
import { LiveConnection, type Timers } from "./live/connection.ts";

export const browserTimers: Timers = {
  set: (run, ms) => setTimeout(run, ms),
  clear: (handle) => clearTimeout(handle as ReturnType<typeof setTimeout>),
};

export type Site = { vas: Vas; live: LiveConnection; cameras: CameraList; groups: GroupList };

/** @param onLoggedOut the session is over, wherever that was noticed */
export function createSite(onLoggedOut: () => void): Site {
  const vas = createVas(createClient((url, init) => fetch(url, init), onLoggedOut));
  const live = new LiveConnection({
    open: () => {
      const url = new URL("/api/v1/live", location.href);
      url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
      return new WebSocket(url);
    },
    timers: browserTimers,
    random: Math.random,
    // Where the session is over, this request's 401 says so.
    onRefused: () => void vas.me(),
  });
  const cameras = new CameraList(() => vas.cameras());
  const groups = new GroupList(() => vas.groups());
  live.onNotice((notice) => {
    cameras.notice(notice);
    groups.notice(notice);
  });
  live.onState(() => {
    // Notices were missed while it was away.
    if (live.state !== "open") return;
    void cameras.reload();
    void groups.reload();
  });
  return { vas, live, cameras, groups };
}

export const SiteContext = createContext<Site | null>(null);

export function useSite(): Site {
  const site = useContext(SiteContext);
  if (!site) throw new Error("useSite outside of SiteContext");
  return site;
}

export function useCameras(): CamerasView {
  const { cameras } = useSite();
  return useSyncExternalStore(cameras.subscribe, cameras.view);
}

export function useGroups(): GroupsView {
  const { groups } = useSite();
  return useSyncExternalStore(groups.subscribe, groups.view);
}

/** undefined while loading, null where there is no such camera. */
export function useCamera(id: string): Camera | null | undefined {
  const { cameras } = useCameras();
  return cameras === null ? undefined : (cameras.find((camera) => camera.id === id) ?? null);
}

export function useOnline(): boolean {
  const { live } = useSite();
  return useSyncExternalStore(
    (listener) => live.onState(listener),
    () => live.state === "open",
  );
}

/** Calls for every notice while the component is shown; `listen` must be stable. */
export function useNotices(listen: (notice: LiveNotice) => void): void {
  const { live } = useSite();
  useEffect(() => live.onNotice(listen), [live, listen]);
}
