/** A real site whose store holds many events with pictures, for benches and looks at the events page. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Camera } from "@vas/contracts/http.ts";
import { type Site, startSite } from "@vas/testkit/site.ts";
import { closedAt, openedAt } from "../apps/vas/src/backend/testing/ai-site.ts";
import { storeEvents } from "../apps/vas/src/backend/store/ai-events.ts";
import { openDatabase } from "../apps/vas/src/backend/store/database.ts";
import { insertSnapshot } from "../apps/vas/src/backend/store/media.ts";

const CAMERAS = ["Front door", "Yard", "Garage"];
const LABELS = ["person", "person", "person", "car", "dog", "bicycle"];
/** Files; events share them. */
const PICTURES = 64;
const [WIDTH, HEIGHT] = [1280, 720];

/**
 * @param count of events, spread over three days up to now
 * @param source what FFmpeg makes the pictures of: a lavfi graph, or a file
 */
export async function siteWithEvents(count: number, source?: string): Promise<Site & { cameraIds: string[] }> {
  const site = await startSite({ start: { core: false, runtimes: false } });
  const api = await site.api();
  const cameraIds: string[] = [];
  for (const [index, name] of CAMERAS.entries()) {
    const wish = { name, rtsp_url: `rtsp://192.0.2.${index + 1}/`, start: false };
    cameraIds.push((await api.post<Camera>("cameras", wish)).id);
  }
  const folder = join(site.dataDir, "media", "snapshots", "of-events");
  mkdirSync(folder, { recursive: true });
  const input = source === undefined ? ["-f", "lavfi", "-i", `testsrc2=s=${WIDTH}x${HEIGHT}:r=1`] : ["-i", source];
  const scale = ["-vf", `fps=4,scale=${WIDTH}:${HEIGHT}`, "-frames:v", String(PICTURES), "-q:v", "4"];
  execFileSync("ffmpeg", ["-v", "error", ...input, ...scale, join(folder, "%d.jpg")]);
  const pictures = readdirSync(folder);

  const db = openDatabase(join(site.dataDir, "vas.sqlite"));
  const now = Date.now();
  const stepMs = (3 * 86_400_000) / count;
  for (let at = 0; at < count; at += 500) {
    const opened = Array.from({ length: Math.min(500, count - at) }, (_, index) => {
      const number = at + index;
      const left = ((number * 37) % 60) / 100;
      const label = LABELS[number % LABELS.length] ?? "person";
      const confidence = 0.5 + ((number * 13) % 50) / 100;
      const bbox: [number, number, number, number] = [left, 0.25, left + 0.2, 0.85];
      return openedAt(Math.round(now - (count - number) * stepMs), {
        camera_id: cameraIds[number % cameraIds.length] ?? "",
        label,
        confidence,
        detections: [{ class_id: 0, class_name: label, confidence, bbox }],
        event_metadata: {},
      });
    });
    const closed = opened.slice(0, at + 500 >= count ? -1 : undefined);
    await storeEvents(
      db,
      [{ opened, closed: closed.map((event) => closedAt(event, Date.parse(event.timestamp) + 7_000)) }],
      now,
    );
    for (const [index, event] of opened.entries()) {
      const path = join("snapshots", "of-events", pictures[(at + index) % pictures.length] ?? "");
      await insertSnapshot(db, {
        id: crypto.randomUUID(),
        camera_id: event.camera_id,
        event_id: event.event_id,
        label: null,
        wall_ms: Date.parse(event.timestamp),
        pts90k: event.pts90k,
        width: WIDTH,
        height: HEIGHT,
        size_bytes: statSync(join(site.dataDir, "media", path)).size,
        path,
        created_at: now,
      });
    }
  }
  await db.destroy();
  return Object.assign(site, { cameraIds });
}
