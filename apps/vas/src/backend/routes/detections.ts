/** `/api/v1/cameras/{id}/detections`: the track, every result kept. Which frame a result belongs to is its pts90k. */
import { CodedError } from "@vas/contracts/errors.ts";
import { CameraParams, DetectionsPage, DetectionsQuery } from "@vas/contracts/http.ts";
import { mustExist } from "../cameras.ts";
import type { App, Backend } from "../context.ts";
import { parseRange } from "../validation.ts";

const PAGE = 1000;
const MAX_RANGE_MS = 31 * 24 * 3_600_000;
/** A page ends early where its results hold very many detections: it is made on the thread that viewers are on. */
const MAX_DETECTIONS = 50_000;

export function registerDetectionRoutes(app: App, backend: Backend): void {
  app.get(
    "/api/v1/cameras/:id/detections",
    {
      config: { access: { need: "view", of: { camera: "id" } } },
      schema: {
        tags: ["detections"],
        params: CameraParams,
        querystring: DetectionsQuery,
        response: { 200: DetectionsPage },
      },
    },
    async (request) => {
      const { id } = await mustExist(backend, request.params.id);
      const { model_id, cursor, limit } = request.query;
      const { results, more } = await backend.track.read(
        id,
        {
          ...parseRange(request.query, MAX_RANGE_MS),
          ...(model_id === undefined ? {} : { modelId: model_id }),
          ...(cursor === undefined ? {} : { after: decodeCursor(cursor) }),
        },
        { results: limit ?? PAGE, detections: MAX_DETECTIONS },
      );
      const last = results.at(-1);
      return { items: results, next_cursor: more && last ? encodeCursor(last.pts90k, last.model_id) : null };
    },
  );
}

function encodeCursor(pts90k: number, modelId: string): string {
  return Buffer.from(`${pts90k} ${modelId}`).toString("base64url");
}

/** @throws CodedError cursor_invalid */
function decodeCursor(cursor: string): { pts90k: number; modelId: string } {
  const [, pts, modelId = ""] = /^(\d{1,16}) ([a-z0-9._-]+)$/.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  const pts90k = Number(pts);
  if (!Number.isSafeInteger(pts90k) || encodeCursor(pts90k, modelId) !== cursor) throw new CodedError("cursor_invalid");
  return { pts90k, modelId };
}
