/** Snapshots: taken of now or of a recorded moment, listed newest first. */
import { CodedError } from "@vas/contracts/errors.ts";
import { CameraParams, MediaQuery, Snapshot, SnapshotCreate, SnapshotPage } from "@vas/contracts/http.ts";
import { Rename } from "@vas/contracts/timeline.ts";
import { Type } from "typebox";
import { callerGone } from "../caller.ts";
import { mustExist } from "../cameras.ts";
import type { ObjectsOfCameras } from "../access.ts";
import type { App, Backend } from "../context.ts";
import { sendMedia } from "../files.ts";
import { pictureNow, takeSnapshot, toSnapshot } from "../media.ts";
import { keptPage, rename } from "./kept.ts";
import * as store from "../store/media.ts";
import { isoTime, parseTime } from "../validation.ts";

const tags = ["snapshots"];
const params = CameraParams;
/** `turn` is nothing but another address, for elements that keep what they loaded. */
const PictureQuery = Type.Object(
  { turn: Type.Optional(Type.Integer({ minimum: 0 })) },
  { additionalProperties: false },
);

export function registerSnapshotRoutes(app: App, backend: Backend): void {
  const { db } = backend;
  const snapshots: ObjectsOfCameras = {
    cameraOf: async (id) => (await store.snapshotById(db, id))?.camera_id,
    missing: "snapshot_not_found",
  };
  const find = async (id: string) => {
    const row = await store.snapshotById(db, id);
    if (!row) throw new CodedError("snapshot_not_found");
    return row;
  };

  app.post(
    "/api/v1/cameras/:id/snapshots",
    {
      config: { access: { need: "operate", of: { camera: "id" } } },
      schema: { tags, params, body: SnapshotCreate, response: { 201: Snapshot } },
    },
    async (request, reply) => {
      const { id } = await mustExist(backend, request.params.id);
      const { at } = request.body;
      const signal = callerGone(reply);
      const moment = at === undefined ? {} : { moment: { wallMs: parseTime("at", at) } };
      return reply.code(201).send(await takeSnapshot(backend, { cameraId: id, ...moment, signal }));
    },
  );
  app.get(
    "/api/v1/cameras/:id/picture",
    {
      config: { access: { need: "view", of: { camera: "id" } } },
      schema: { tags, params, querystring: PictureQuery },
    },
    async (request, reply) => {
      const { id } = await mustExist(backend, request.params.id);
      const { jpeg, wallMs } = await pictureNow(backend, id, callerGone(reply));
      return reply
        .header("x-picture-time", isoTime(Math.round(wallMs)))
        .type("image/jpeg")
        .send(jpeg);
    },
  );
  app.get(
    "/api/v1/snapshots",
    {
      config: { access: { need: "view", of: "listed" } },
      schema: { tags, querystring: MediaQuery, response: { 200: SnapshotPage } },
    },
    (request) => keptPage(db, "snapshots", request, toSnapshot),
  );
  app.get(
    "/api/v1/snapshots/:id",
    {
      config: { access: { need: "view", of: snapshots } },
      schema: { tags, params, response: { 200: Snapshot } },
    },
    async (request) => toSnapshot(await find(request.params.id)),
  );
  app.get(
    "/api/v1/snapshots/:id/image",
    { config: { access: { need: "view", of: snapshots } }, schema: { tags, params } },
    async (request, reply) => {
      const { path } = await find(request.params.id);
      return sendMedia(backend, reply, path, "image/jpeg", "snapshot_not_found");
    },
  );
  app.patch(
    "/api/v1/snapshots/:id",
    {
      config: { access: { need: "operate", of: snapshots } },
      schema: { tags, params, body: Rename, response: { 200: Snapshot } },
    },
    async ({ params: { id }, body: { label } }) =>
      toSnapshot(await rename(db, "snapshots", { id, label, missing: "snapshot_not_found" })),
  );
  app.delete(
    "/api/v1/snapshots/:id",
    {
      config: { access: { need: "operate", of: snapshots } },
      schema: { tags, params, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      const row = await store.deleteSnapshot(db, request.params.id);
      if (!row) throw new CodedError("snapshot_not_found");
      await backend.kernel.deleteFiles([row.path]);
      return reply.code(204).send(null);
    },
  );
}
