/** What is recorded: segments and gaps of a range, days, playlists and the files. */
import { CodedError } from "@vas/contracts/errors.ts";
import { CameraParams, type Gap, RangeQuery, RecordingDays, Recordings, type Segment } from "@vas/contracts/http.ts";
import type { SegmentRecord } from "../../kernel/index.ts";
import { mustExist } from "../cameras.ts";
import type { ObjectsOfCameras } from "../access.ts";
import type { App, Backend } from "../context.ts";
import { sendMedia } from "../files.ts";
import { hlsPlaylist } from "../playlist.ts";
import { gapsBetween, recordingDays } from "../store/recordings.ts";
import { mergeGaps, readSegment, readSegments, type TimelineGap } from "../timeline.ts";
import { isoTime, parseRange } from "../validation.ts";

const HOUR_MS = 3_600_000;
const MAX_LIST_MS = 31 * 24 * HOUR_MS;
const MAX_PLAYLIST_MS = 24 * HOUR_MS;
const MAX_ROWS = 50_000;
const tags = ["recordings"];
const params = CameraParams;

export function registerRecordingRoutes(app: App, backend: Backend): void {
  const { db } = backend;
  const segments: ObjectsOfCameras = {
    cameraOf: async (id) => (await readSegment(backend, id))?.cameraId,
    missing: "segment_not_found",
  };

  app.get(
    "/api/v1/cameras/:id/recordings",
    {
      config: { access: { need: "view", of: { camera: "id" } } },
      schema: { tags, params, querystring: RangeQuery, response: { 200: Recordings } },
    },
    async (request) => {
      const { id } = await mustExist(backend, request.params.id);
      const range = parseRange(request.query, MAX_LIST_MS);
      const segments = await segmentsOf(id, range);
      const gaps = await gapsBetween(db, id, range.fromWallMs, range.toWallMs, MAX_ROWS);
      return { segments: segments.map(toSegment), gaps: mergeGaps(segments, gaps).map(toGap) };
    },
  );

  app.get(
    "/api/v1/cameras/:id/recording-days",
    {
      config: { access: { need: "view", of: { camera: "id" } } },
      schema: { tags, params, response: { 200: RecordingDays } },
    },
    async (request) => {
      const { id } = await mustExist(backend, request.params.id);
      return { days: await recordingDays(db, id) };
    },
  );

  app.get(
    "/api/v1/cameras/:id/playlist.m3u8",
    { config: { access: { need: "view", of: { camera: "id" } } }, schema: { tags, params, querystring: RangeQuery } },
    async (request, reply) => {
      const { id } = await mustExist(backend, request.params.id);
      const segments = await segmentsOf(id, parseRange(request.query, MAX_PLAYLIST_MS));
      if (segments.length === 0) throw new CodedError("not_recorded");
      return reply.type("application/vnd.apple.mpegurl").send(hlsPlaylist(segments));
    },
  );

  app.get(
    "/api/v1/segments/:id",
    { config: { access: { need: "view", of: segments } }, schema: { tags, params } },
    async (request, reply) => {
      const segment = await readSegment(backend, request.params.id);
      if (!segment) throw new CodedError("segment_not_found");
      return sendMedia(backend, reply, segment.path, "video/mp4", "segment_not_found");
    },
  );

  async function segmentsOf(
    cameraId: string,
    range: { fromWallMs: number; toWallMs: number },
  ): Promise<SegmentRecord[]> {
    const segments = await readSegments(backend, cameraId, range, MAX_ROWS + 1);
    if (segments.length > MAX_ROWS)
      throw new CodedError(
        "range_invalid",
        `The range holds too many segments [max:${MAX_ROWS}]; ask for a shorter one.`,
      );
    return segments;
  }
}

function toSegment(segment: SegmentRecord): Segment {
  return {
    id: segment.id,
    start: isoTime(segment.startWallMs),
    end: isoTime(segment.endWallMs),
    start_pts90k: segment.startPts90k,
    end_pts90k: segment.endPts90k,
    size_bytes: segment.sizeBytes,
    codec: segment.codec,
    open: segment.open,
  };
}

function toGap(gap: TimelineGap): Gap {
  return {
    start: isoTime(gap.startWallMs),
    end: gap.endWallMs === null ? null : isoTime(gap.endWallMs),
    reason: gap.reason,
    message: gap.message,
  };
}
