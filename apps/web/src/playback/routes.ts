/** The routes of recordings and of what is kept of them. */
import type {
  Clip,
  ClipPage,
  Export,
  ExportCreate,
  ExportPage,
  Recordings,
  Snapshot,
  SnapshotPage,
} from "@vas/contracts/http.ts";
import type { Calendar, FootageSize, Timeline } from "@vas/contracts/timeline.ts";
import { type Client, type Query, withQuery } from "../api/client.ts";

/** What is kept: the name of its routes. */
export type Kind = "exports" | "clips" | "snapshots";

export function playbackRoutes(call: Client) {
  const post = <T>(path: string, body: unknown) => call<T>(path, { method: "POST", body });
  return {
    recordings: (id: string, from: string, to: string) =>
      call<Recordings>(`cameras/${id}/recordings`, { query: { from, to } }),
    timeline: (id: string, range: { from: string; to: string; bucketMs?: number | undefined }, signal?: AbortSignal) =>
      call<Timeline>(`cameras/${id}/timeline`, {
        query: { from: range.from, to: range.to, bucket_ms: range.bucketMs },
        ...(signal ? { signal } : {}),
      }),
    footageSize: (id: string, from: string, to: string) =>
      call<FootageSize>(`cameras/${id}/footage-size`, { query: { from, to } }),
    calendar: (query: { month: string; zone: string; camera_id?: string | undefined }) =>
      call<Calendar>("recording-calendar", { query }),

    takeSnapshot: (id: string, at?: string) => post<Snapshot>(`cameras/${id}/snapshots`, at ? { at } : {}),
    createClip: (id: string, from: string, to: string, label?: string) =>
      post<Clip>(`cameras/${id}/clips`, label ? { from, to, label } : { from, to }),
    createExport: (id: string, wish: ExportCreate) => post<Export>(`cameras/${id}/exports`, wish),

    snapshots: (query: Query) => call<SnapshotPage>("snapshots", { query }),
    clips: (query: Query) => call<ClipPage>("clips", { query }),
    exports: (query: Query) => call<ExportPage>("exports", { query }),
    export: (id: string) => call<Export>(`exports/${id}`),
    renameKept: (kind: Kind, id: string, label: string) =>
      call<{ label: string | null }>(`${kind}/${id}`, { method: "PATCH", body: { label } }),
    deleteKept: (kind: Kind, id: string) => call<void>(`${kind}/${id}`, { method: "DELETE" }),
  };
}

// Addresses that elements load by themselves.
export const thumbnailAt = (cameraId: string, at: string, height?: number): string =>
  withQuery(`/api/v1/cameras/${cameraId}/thumbnail`, { at, height });
export const clipThumbnail = (id: string): string => `/api/v1/clips/${id}/thumbnail`;
export const exportFile = (id: string, file: "video" | "detections.json" | "detections.vtt"): string =>
  `/api/v1/exports/${id}/${file}`;
