/** Cameras: what is wanted of them, and what is true of them now. */
import {
  Camera,
  CameraCreate,
  CameraHoldings,
  CameraParams,
  CameraPatch,
  CameraStatus,
  ProbeReply,
  ProbeRequest,
} from "@vas/contracts/http.ts";
import { Type } from "typebox";
import { callerGone } from "../caller.ts";
import type { Caller } from "../callers.ts";
import { type Cameras, mustExist } from "../cameras.ts";
import type { App, Backend } from "../context.ts";

const tags = ["cameras"];
const params = CameraParams;

export function registerCameraRoutes(app: App, backend: Backend, cameras: Cameras): void {
  app.get(
    "/api/v1/cameras",
    {
      config: { access: { need: "view", of: "listed" } },
      schema: { tags, response: { 200: Type.Object({ items: Type.Array(Camera) }) } },
    },
    async ({ caller }) => ({
      items: (await cameras.list()).filter(({ id }) => caller.grants.sees(id)).map((camera) => shownTo(caller, camera)),
    }),
  );
  app.post(
    "/api/v1/cameras",
    {
      config: { access: { need: "administer", of: "site" } },
      schema: { tags, body: CameraCreate, response: { 201: Camera } },
    },
    async (request, reply) => reply.code(201).send(await cameras.create(request.body)),
  );
  app.post(
    "/api/v1/cameras/probe",
    {
      config: { access: { need: "administer", of: "site" } },
      schema: { tags, body: ProbeRequest, response: { 200: ProbeReply } },
    },
    (request, reply) => cameras.probe(request.body, callerGone(reply)),
  );
  app.get(
    "/api/v1/cameras/:id",
    { config: { access: { need: "view", of: { camera: "id" } } }, schema: { tags, params, response: { 200: Camera } } },
    async ({ caller, params }) => shownTo(caller, await cameras.get(params.id)),
  );
  app.patch(
    "/api/v1/cameras/:id",
    {
      config: { access: { need: "administer", of: { camera: "id" } } },
      schema: { tags, params, body: CameraPatch, response: { 200: Camera } },
    },
    (request) => cameras.patch(request.params.id, request.body),
  );
  app.delete(
    "/api/v1/cameras/:id",
    {
      config: { access: { need: "administer", of: { camera: "id" } } },
      schema: { tags, params, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      await cameras.delete(request.params.id);
      return reply.code(204).send(null);
    },
  );
  app.post(
    "/api/v1/cameras/:id/start",
    {
      config: { access: { need: "operate", of: { camera: "id" } } },
      schema: { tags, params, response: { 200: Camera } },
    },
    async ({ caller, params }) => shownTo(caller, await cameras.start(params.id)),
  );
  app.post(
    "/api/v1/cameras/:id/stop",
    {
      config: { access: { need: "operate", of: { camera: "id" } } },
      schema: { tags, params, response: { 200: Camera } },
    },
    async ({ caller, params }) => shownTo(caller, await cameras.stop(params.id)),
  );
  app.get(
    "/api/v1/cameras/:id/holdings",
    {
      config: { access: { need: "administer", of: { camera: "id" } } },
      schema: { tags, params, response: { 200: CameraHoldings } },
    },
    ({ params }) => cameras.holdings(params.id),
  );
  app.get(
    "/api/v1/cameras/:id/status",
    {
      config: { access: { need: "view", of: { camera: "id" } } },
      schema: { tags, params, response: { 200: CameraStatus } },
    },
    async (request) => {
      await mustExist(backend, request.params.id);
      return backend.kernel.status(request.params.id);
    },
  );
}

/** Where a camera is reached and as whom is for those who can change it. */
function shownTo(caller: Caller, camera: Camera): Camera {
  return caller.grants.may("administer")
    ? camera
    : { ...camera, rtsp_url: "", sub_rtsp_url: null, username: null, has_password: false };
}
