/** What is recorded: segments and gaps of a range, days, playlists and the files. */
import { CodedError } from "@vas/contracts/errors.ts";
import { CameraParams, type Gap, RangeQuery, RecordingDays, Recordings, type Segment } from "@vas/contracts/http.ts";
import {
  Calendar,
  CalendarQuery,
  FootageSize,
  MAX_BUCKETS,
  ThumbnailQuery,
  Timeline,
  TimelineQuery,
} from "@vas/contracts/timeline.ts";
import type { SegmentRecord } from "../../kernel/index.ts";
import { callerGone } from "../caller.ts";
import { Continuity } from "../continuity.ts";
import { mustExist } from "../cameras.ts";
import type { ObjectsOfCameras } from "../access.ts";
import type { App, Backend } from "../context.ts";
import { sendMedia } from "../files.ts";
import { hlsPlaylist } from "../playlist.ts";
import { gapsBetween, recordingDays } from "../store/recordings.ts";
import { footageSize, rangesWith } from "../store/timeline.ts";
import { Thumbnails } from "../thumbnails.ts";
import { mergeGaps, readSegment, readSegments, type TimelineGap } from "../timeline.ts";
import { isoTime, parseRange, parseTime } from "../validation.ts";
import { daysOfMonth } from "../zone.ts";

const HOUR_MS = 3_600_000;
/** Three years, and a little around them. */
const MAX_TIMELINE_MS = 1200 * 24 * HOUR_MS;
const THUMBNAIL_HEIGHT = 144;
const MAX_LIST_MS = 31 * 24 * HOUR_MS;
const MAX_PLAYLIST_MS = 24 * HOUR_MS;
const MAX_ROWS = 50_000;
const tags = ["recordings"];
const params = CameraParams;

export function registerRecordingRoutes(app: App, backend: Backend): void {
  const { db } = backend;
  const continuity = new Continuity(backend);
  const thumbnails = new Thumbnails(backend);
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
    "/api/v1/cameras/:id/timeline",
    {
      config: { access: { need: "view", of: { camera: "id" } } },
      schema: { tags, params, querystring: TimelineQuery, response: { 200: Timeline } },
    },
    async (request, reply) => {
      const camera = await mustExist(backend, request.params.id);
      const { fromWallMs: fromMs, toWallMs: toMs } = parseRange(request.query, MAX_TIMELINE_MS);
      const bucketMs = request.query.bucket_ms ?? toMs - fromMs;
      if ((toMs - fromMs) / bucketMs > MAX_BUCKETS)
        throw new CodedError("range_invalid", `So many buckets are too many [max:${MAX_BUCKETS}].`);
      return continuity.timeline(camera, { fromMs, toMs, bucketMs }, callerGone(reply));
    },
  );

  app.get(
    "/api/v1/cameras/:id/footage-size",
    {
      config: { access: { need: "view", of: { camera: "id" } } },
      schema: { tags, params, querystring: RangeQuery, response: { 200: FootageSize } },
    },
    async (request) => {
      const { id } = await mustExist(backend, request.params.id);
      const { fromWallMs: fromMs, toWallMs: toMs } = parseRange(request.query, MAX_PLAYLIST_MS);
      const { recordedMs, sizeBytes } = await footageSize(db, id, { fromMs, toMs });
      return { recorded_ms: recordedMs, size_bytes: sizeBytes };
    },
  );

  app.get(
    "/api/v1/cameras/:id/thumbnail",
    {
      config: { access: { need: "view", of: { camera: "id" } } },
      schema: { tags, params, querystring: ThumbnailQuery },
    },
    async (request, reply) => {
      const { id } = await mustExist(backend, request.params.id);
      const { at, height = THUMBNAIL_HEIGHT } = request.query;
      const { jpeg, wallMs, isFinal } = await thumbnails.at(id, parseTime("at", at), height, callerGone(reply));
      if (isFinal) void reply.header("cache-control", "private, max-age=600");
      return reply.header("x-picture-time", isoTime(wallMs)).type("image/jpeg").send(jpeg);
    },
  );

  app.get(
    "/api/v1/recording-calendar",
    {
      config: { access: { need: "view", of: "listed" } },
      schema: { tags, querystring: CalendarQuery, response: { 200: Calendar } },
    },
    async ({ query, caller }) => {
      const seen = caller.grants.cameraIds();
      const wanted = query.camera_id?.toLowerCase();
      const cameraIds = wanted === undefined ? seen : caller.grants.sees(wanted) ? [wanted] : [];
      const days = daysOfMonth(query.month, query.zone ?? "UTC");
      const found = await rangesWith(db, days, cameraIds);
      return {
        days: days.map(({ day, fromMs, toMs }, index) => ({
          day,
          from: isoTime(fromMs),
          to: isoTime(toMs),
          recorded: found[index]?.recorded ?? false,
          events: found[index]?.events ?? false,
        })),
      };
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
