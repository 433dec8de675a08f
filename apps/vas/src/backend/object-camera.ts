/** Whose an object is: everything that was recorded, kept or seen belongs to the camera it came from. */
import type { CameraOfObject, ObjectKind } from "./access.ts";
import type { Backend } from "./context.ts";
import { eventsById } from "./store/ai-events.ts";
import { clipById, snapshotById } from "./store/media.ts";
import { readSegment } from "./timeline.ts";

export function cameraOfObject(backend: Backend): CameraOfObject {
  const { db } = backend;
  const find: Record<ObjectKind, (id: string) => Promise<string | undefined>> = {
    segment: async (id) => (await readSegment(backend, id))?.cameraId,
    snapshot: async (id) => (await snapshotById(db, id))?.camera_id,
    clip: async (id) => (await clipById(db, id))?.camera_id,
    event: async (id) => (await eventsById(db, [id]))[0]?.camera_id,
  };
  return (kind, id) => find[kind](id);
}
