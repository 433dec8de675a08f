/** Clips: cut from the recording without re-encoding, listed newest first. */
import { CodedError } from "@vas/contracts/errors.ts";
import { CameraParams, Clip, ClipCreate, ClipPage, MediaQuery } from "@vas/contracts/http.ts";
import { Rename } from "@vas/contracts/timeline.ts";
import { Type } from "typebox";
import { callerGone } from "../caller.ts";
import { mustExist } from "../cameras.ts";
import type { ObjectsOfCameras } from "../access.ts";
import type { App, Backend } from "../context.ts";
import { sendMedia } from "../files.ts";
import { makeClip, toClip } from "../media.ts";
import { keptPage, rename } from "./kept.ts";
import * as store from "../store/media.ts";
import { isoTime, parseTime } from "../validation.ts";

const tags = ["clips"];
const params = CameraParams;

export function registerClipRoutes(app: App, backend: Backend): void {
  const { db } = backend;
  const clips: ObjectsOfCameras = {
    cameraOf: async (id) => (await store.clipById(db, id))?.camera_id,
    missing: "clip_not_found",
  };
  const find = async (id: string) => {
    const row = await store.clipById(db, id);
    if (!row) throw new CodedError("clip_not_found");
    return row;
  };

  app.post(
    "/api/v1/cameras/:id/clips",
    {
      config: { access: { need: "operate", of: { camera: "id" } } },
      schema: { tags, params, body: ClipCreate, response: { 201: Clip } },
    },
    async (request, reply) => {
      const { id } = await mustExist(backend, request.params.id);
      const { from, to, label } = request.body;
      const clip = await makeClip(backend, {
        cameraId: id,
        fromWallMs: parseTime("from", from),
        toWallMs: parseTime("to", to),
        ...(label === undefined ? {} : { label }),
        signal: callerGone(reply),
      });
      return reply.code(201).send(clip);
    },
  );
  app.get(
    "/api/v1/clips",
    {
      config: { access: { need: "view", of: "listed" } },
      schema: { tags, querystring: MediaQuery, response: { 200: ClipPage } },
    },
    (request) => keptPage(db, "clips", request, toClip),
  );
  app.get(
    "/api/v1/clips/:id",
    { config: { access: { need: "view", of: clips } }, schema: { tags, params, response: { 200: Clip } } },
    async (request) => toClip(await find(request.params.id)),
  );
  app.get(
    "/api/v1/clips/:id/video",
    { config: { access: { need: "view", of: clips } }, schema: { tags, params } },
    async (request, reply) => {
      const row = await find(request.params.id);
      // Only characters that every file system takes; the label is a person's text and stays out of the header.
      const name = `clip-${isoTime(row.start_wall_ms).slice(0, 19).replace(/[T:]/g, "-")}.mp4`;
      void reply.header("content-disposition", `inline; filename="${name}"`);
      return sendMedia(backend, reply, row.path, "video/mp4", "clip_not_found");
    },
  );
  app.get(
    "/api/v1/clips/:id/thumbnail",
    { config: { access: { need: "view", of: clips } }, schema: { tags, params } },
    async (request, reply) => {
      const row = await find(request.params.id);
      return sendMedia(backend, reply, row.thumbnail_path, "image/jpeg", "clip_not_found");
    },
  );
  app.patch(
    "/api/v1/clips/:id",
    {
      config: { access: { need: "operate", of: clips } },
      schema: { tags, params, body: Rename, response: { 200: Clip } },
    },
    async ({ params: { id }, body: { label } }) =>
      toClip(await rename(db, "clips", { id, label, missing: "clip_not_found" })),
  );
  app.delete(
    "/api/v1/clips/:id",
    {
      config: { access: { need: "operate", of: clips } },
      schema: { tags, params, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      const row = await store.deleteClip(db, request.params.id);
      if (!row) throw new CodedError("clip_not_found");
      await backend.kernel.deleteFiles([row.path, row.thumbnail_path].filter((path) => path !== ""));
      return reply.code(204).send(null);
    },
  );
}
