/** Exports: a range of the recording with its track, as files to keep. */
import { CodedError } from "@vas/contracts/errors.ts";
import { CameraParams, Export, ExportCreate, ExportPage, MediaQuery } from "@vas/contracts/http.ts";
import { Rename } from "@vas/contracts/timeline.ts";
import { Type } from "typebox";
import type { ObjectsOfCameras } from "../access.ts";
import { mustExist } from "../cameras.ts";
import type { App, Backend } from "../context.ts";
import type { Exports } from "../exports.ts";
import { sendMedia } from "../files.ts";
import { keptPage, rename } from "./kept.ts";
import * as store from "../store/exports.ts";
import { isoTime } from "../validation.ts";

const tags = ["exports"];
const params = CameraParams;

export function registerExportRoutes(app: App, backend: Backend, exports: Exports): void {
  const { db } = backend;
  const kept: ObjectsOfCameras = {
    cameraOf: async (id) => (await store.exportById(db, id))?.camera_id,
    missing: "export_not_found",
  };
  const find = async (id: string) => {
    const row = await store.exportById(db, id);
    if (!row) throw new CodedError("export_not_found");
    return row;
  };

  app.post(
    "/api/v1/cameras/:id/exports",
    {
      config: { access: { need: "operate", of: { camera: "id" } } },
      schema: { tags, params, body: ExportCreate, response: { 202: Export } },
    },
    async (request, reply) => {
      const { id } = await mustExist(backend, request.params.id);
      return reply.code(202).send(await exports.create(id, request.body));
    },
  );
  app.get(
    "/api/v1/exports",
    {
      config: { access: { need: "view", of: "listed" } },
      schema: { tags, querystring: MediaQuery, response: { 200: ExportPage } },
    },
    (request) => keptPage(db, "exports", request, (row) => exports.toExport(row)),
  );
  app.get(
    "/api/v1/exports/:id",
    { config: { access: { need: "view", of: kept } }, schema: { tags, params, response: { 200: Export } } },
    async (request) => exports.toExport(await find(request.params.id)),
  );
  for (const [name, ending, type] of [
    ["video", ".mp4", "video/mp4"],
    ["detections.json", ".json", "application/json; charset=utf-8"],
    ["detections.vtt", ".vtt", "text/vtt; charset=utf-8"],
  ] as const)
    app.get(
      `/api/v1/exports/:id/${name}`,
      { config: { access: { need: "view", of: kept } }, schema: { tags, params } },
      async (request, reply) => {
        const row = await find(request.params.id);
        if (row.state !== "done") throw new CodedError("export_not_ready");
        const file = `export-${isoTime(row.from_ms).slice(0, 19).replace(/[T:]/g, "-")}${ending}`;
        void reply.header("content-disposition", `attachment; filename="${file}"`);
        return sendMedia(backend, reply, row.path + ending, type, "export_not_found");
      },
    );
  app.patch(
    "/api/v1/exports/:id",
    {
      config: { access: { need: "operate", of: kept } },
      schema: { tags, params, body: Rename, response: { 200: Export } },
    },
    async ({ params: { id }, body: { label } }) =>
      exports.toExport(await rename(db, "exports", { id, label, missing: "export_not_found" })),
  );
  app.delete(
    "/api/v1/exports/:id",
    { config: { access: { need: "operate", of: kept } }, schema: { tags, params, response: { 204: Type.Null() } } },
    async (request, reply) => {
      await exports.delete(request.params.id);
      return reply.code(204).send(null);
    },
  );
}
