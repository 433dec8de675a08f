/** The routes of VAS that the web uses, by name. */
import type {
  AiEvent,
  AiEventPage,
  AiHealth,
  AiModel,
  AiModelList,
  Assignment,
  AssignmentPage,
  AssignmentPut,
  Camera,
  CameraGroup,
  CameraGroupCreate,
  CameraGroupPatch,
  CameraCreate,
  CameraHoldings,
  CameraPatch,
  DetectionsPage,
  DetectionsQuery,
  EventReviewsReply,
  Health,
  Me,
  ProbeReply,
  ProbeRequest,
} from "@vas/contracts/http.ts";
import type { AuditPage } from "@vas/contracts/audit.ts";
import type { Flights } from "@vas/contracts/flights.ts";
import type { HealthHistory, HistoryRange, SystemHealth } from "@vas/contracts/health.ts";
import type { Timeline } from "@vas/contracts/timeline.ts";
import type { Client, Outcome, Query } from "./client.ts";
import { draftRoutes } from "../models/upload.ts";
import { peopleRoutes } from "../people/routes.ts";
import { playbackRoutes } from "../playback/routes.ts";
import { withQuery } from "./client.ts";

export type Vas = ReturnType<typeof createVas>;

const PAGE = 200;

export function createVas(call: Client) {
  const post = <T>(path: string, body?: unknown, signal?: AbortSignal) =>
    call<T>(path, { method: "POST", ...(body === undefined ? {} : { body }), ...(signal ? { signal } : {}) });
  return {
    health: () => call<Health>("/health"),
    me: () => call<Me>("auth/me"),
    login: (username: string, password: string) => post<Me>("auth/login", { username, password }),
    logout: () => post<void>("auth/logout"),
    ...peopleRoutes(call),
    ...draftRoutes(call),
    ...playbackRoutes(call),

    cameras: () => call<{ items: Camera[] }>("cameras"),
    createCamera: (camera: CameraCreate) => post<Camera>("cameras", camera),
    patchCamera: (id: string, patch: CameraPatch) => call<Camera>(`cameras/${id}`, { method: "PATCH", body: patch }),
    cameraHoldings: (id: string) => call<CameraHoldings>(`cameras/${id}/holdings`),
    deleteCamera: (id: string) => call<void>(`cameras/${id}`, { method: "DELETE" }),
    startCamera: (id: string) => post<unknown>(`cameras/${id}/start`),
    stopCamera: (id: string) => post<unknown>(`cameras/${id}/stop`),
    groups: () => call<{ items: CameraGroup[] }>("camera-groups"),
    createGroup: (group: CameraGroupCreate) => post<CameraGroup>("camera-groups", group),
    patchGroup: (id: string, patch: CameraGroupPatch) =>
      call<CameraGroup>(`camera-groups/${id}`, { method: "PATCH", body: patch }),
    deleteGroup: (id: string) => call<void>(`camera-groups/${id}`, { method: "DELETE" }),
    probe: (request: ProbeRequest, signal: AbortSignal) => post<ProbeReply>("cameras/probe", request, signal),

    detections: (id: string, query: DetectionsQuery, signal: AbortSignal) =>
      call<DetectionsPage>(`cameras/${id}/detections`, { query, signal }),

    events: (query: Query, signal?: AbortSignal) =>
      call<AiEventPage>("ai-events", { query, ...(signal ? { signal } : {}) }),
    event: (id: string) => call<AiEvent>(`ai-events/${encodeURIComponent(id)}`),
    reviewEvents: (event_ids: readonly string[], reviewed: boolean) =>
      post<EventReviewsReply>("ai-events/reviews", { event_ids, reviewed }),

    models: () => call<AiModelList>("ai-models"),
    enableModel: (id: string, enabled: boolean) =>
      call<AiModel>(`ai-models/${encodeURIComponent(id)}`, { method: "PATCH", body: { enabled } }),
    removeModel: (id: string) => call<void>(`ai-models/${encodeURIComponent(id)}`, { method: "DELETE" }),
    assignments: () =>
      everyPage<Assignment, AssignmentPage>((cursor) =>
        call("ai-model-assignments", { query: { limit: PAGE, cursor } }),
      ),
    putAssignment: (cameraId: string, modelId: string, put: AssignmentPut) =>
      call<Assignment>(`ai-model-assignments/${cameraId}/${encodeURIComponent(modelId)}`, { method: "PUT", body: put }),
    deleteAssignment: (cameraId: string, modelId: string) =>
      call<void>(`ai-model-assignments/${cameraId}/${encodeURIComponent(modelId)}`, { method: "DELETE" }),
    assignmentsOf: (cameraId: string) =>
      everyPage<Assignment, AssignmentPage>((cursor) =>
        call("ai-model-assignments", { query: { camera_id: cameraId, limit: PAGE, cursor } }),
      ),
    aiHealthOf: (cameraId: string) => call<AiHealth>(`ai-health/cameras/${cameraId}`),
    aiHealth: () => call<AiHealth>("ai-health"),
    flights: (cameraId: string, modelId: string) =>
      call<Flights>(`ai-health/cameras/${cameraId}/flights`, { query: { model_id: modelId } }),
    /** What is recorded of a stretch of time and what is not, in sums. */
    daySums: (id: string, from: string, to: string) =>
      call<Timeline>(`cameras/${id}/timeline`, { query: { from, to } }),
    healthHistory: (series: readonly string[], range: HistoryRange, signal?: AbortSignal) =>
      call<HealthHistory>("health/history", {
        query: { series: series.join(","), range },
        ...(signal ? { signal } : {}),
      }),
    systemHealth: () => call<SystemHealth>("health/system"),
    audit: (query: Query) => call<AuditPage>("audit", { query }),
  };
}

/** Follows `next_cursor` to the end or to so many pages, for lists that are small by nature. */
async function everyPage<T, P extends { items: T[]; next_cursor: string | null }>(
  page: (cursor: string | null) => Promise<Outcome<P>>,
  mostPages = Number.POSITIVE_INFINITY,
): Promise<Outcome<T[]>> {
  let pages = 0;
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const outcome: Outcome<P> = await page(cursor);
    if (!outcome.ok) return outcome;
    items.push(...outcome.value.items);
    cursor = outcome.value.next_cursor;
    pages += 1;
  } while (cursor !== null && pages < mostPages);
  return { ok: true, value: items };
}

// Addresses that elements load by themselves.
/** What the camera sees now; `turn` makes another address, so that it is asked for again. */
export const cameraPicture = (id: string, turn = 0): string => withQuery(`/api/v1/cameras/${id}/picture`, { turn });
export const snapshotImage = (id: string): string => `/api/v1/snapshots/${id}/image`;
export const clipVideo = (id: string): string => `/api/v1/clips/${id}/video`;
export const playlist = (cameraId: string, from: string, to: string): string =>
  withQuery(`/api/v1/cameras/${cameraId}/playlist.m3u8`, { from, to });
