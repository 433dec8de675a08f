/** What is kept, as rows of one kind of list: named, dated, sized, whatever it is. */
import type { Clip, Export, Snapshot } from "@vas/contracts/http.ts";
import { clipVideo, snapshotImage } from "../api/vas.ts";
import { playbackText } from "../strings/playback.ts";
import { lengthWords } from "./lengths.ts";
import { clipThumbnail, exportFile, type Kind, thumbnailAt } from "./routes.ts";

export const KINDS: readonly Kind[] = ["exports", "clips", "snapshots"];

export type KeptItem = {
  kind: Kind;
  id: string;
  cameraId: string;
  /** What a person called it; null where nobody did. */
  label: string | null;
  /** In its place, where it has no name. */
  title: string;
  /** The moment it begins, or shows. */
  at: string;
  lengthMs: number | null;
  sizeBytes: number | null;
  details: string[];
  picture: string;
  /** What is played or shown in place; null where it is not there. */
  media: string | null;
  downloads: { words: string; href: string }[];
  state: Export["state"];
  /** 0 to 1. */
  progress: number;
  error: string | null;
};

const PICTURE_PX = 144;

export function exportItem(made: Export): KeptItem {
  const isDone = made.state === "done";
  return {
    kind: "exports",
    id: made.id,
    cameraId: made.camera_id,
    label: made.label,
    title: playbackText.unnamed,
    at: made.from,
    lengthMs: Date.parse(made.to) - Date.parse(made.from),
    sizeBytes: made.size_bytes,
    details: made.boxes ? [playbackText.withBoxes] : [],
    picture: thumbnailAt(made.camera_id, made.from, PICTURE_PX),
    media: isDone ? exportFile(made.id, "video") : null,
    downloads: isDone
      ? [
          { words: playbackText.video, href: exportFile(made.id, "video") },
          { words: playbackText.json, href: exportFile(made.id, "detections.json") },
          { words: playbackText.vtt, href: exportFile(made.id, "detections.vtt") },
        ]
      : [],
    state: made.state,
    progress: made.progress,
    error: made.error,
  };
}

export function clipItem(clip: Clip): KeptItem {
  return {
    kind: "clips",
    id: clip.id,
    cameraId: clip.camera_id,
    label: clip.label,
    title: clip.event_id ? playbackText.ofEvent : playbackText.unnamed,
    at: clip.start,
    lengthMs: Date.parse(clip.end) - Date.parse(clip.start),
    sizeBytes: clip.size_bytes,
    details: clip.event_id && clip.label ? [playbackText.ofEvent] : [],
    picture: clipThumbnail(clip.id),
    media: clipVideo(clip.id),
    downloads: [{ words: playbackText.video, href: clipVideo(clip.id) }],
    state: "done",
    progress: 1,
    error: null,
  };
}

export function snapshotItem(snapshot: Snapshot): KeptItem {
  return {
    kind: "snapshots",
    id: snapshot.id,
    cameraId: snapshot.camera_id,
    label: snapshot.label,
    title: snapshot.event_id ? playbackText.ofEvent : playbackText.unnamed,
    at: snapshot.timestamp,
    lengthMs: null,
    sizeBytes: snapshot.size_bytes,
    details: [`${snapshot.width} × ${snapshot.height}`],
    picture: snapshotImage(snapshot.id),
    media: snapshotImage(snapshot.id),
    downloads: [{ words: playbackText.picture, href: snapshotImage(snapshot.id) }],
    state: "done",
    progress: 1,
    error: null,
  };
}

/** Its name to a person: the one it was given, or what it is and of which moment. */
export function nameOf(item: KeptItem, moment: string): string {
  return item.label ?? `${item.title}, ${moment}`;
}

/** `12 s`, where it has a length. */
export function lengthOfItem({ lengthMs }: KeptItem): string | null {
  return lengthMs === null ? null : lengthWords(lengthMs);
}

/** Newer rows of the same items replace older ones; new ones come first, in the order of the fresh page. */
export function merged(known: readonly KeptItem[], fresh: readonly KeptItem[]): KeptItem[] {
  const byId = new Map(fresh.map((item) => [item.id, item]));
  const knownIds = new Set(known.map(({ id }) => id));
  return [...fresh.filter(({ id }) => !knownIds.has(id)), ...known.map((item) => byId.get(item.id) ?? item)];
}

/** A further page at the end; what was shown already is not shown twice. */
export function appended(known: readonly KeptItem[], page: readonly KeptItem[]): KeptItem[] {
  const ids = new Set(known.map(({ id }) => id));
  return [...known, ...page.filter(({ id }) => !ids.has(id))];
}

export const isGoingOn = (item: KeptItem): boolean => item.state === "queued" || item.state === "running";
