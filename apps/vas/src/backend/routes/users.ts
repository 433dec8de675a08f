/** The people of the site: for administrators, and never for an API key. */
import { CameraParams, User, UserCreate, UserList, UserPatch } from "@vas/contracts/http.ts";
import { Type } from "typebox";
import type { Access } from "../access.ts";
import type { App } from "../context.ts";
import type { Users } from "../users.ts";

const tags = ["people"];
const params = CameraParams;
const access: Access = { need: "administer", of: "site", personal: true };
const config = { access };

export function registerUserRoutes(app: App, users: Users): void {
  app.get("/api/v1/users", { config, schema: { tags, response: { 200: UserList } } }, async () => ({
    items: await users.list(),
  }));
  app.post(
    "/api/v1/users",
    { config, schema: { tags, body: UserCreate, response: { 201: User } } },
    async (request, reply) => reply.code(201).send(await users.create(request.body)),
  );
  app.get("/api/v1/users/:id", { config, schema: { tags, params, response: { 200: User } } }, (request) =>
    users.get(request.params.id.toLowerCase()),
  );
  app.patch(
    "/api/v1/users/:id",
    { config, schema: { tags, params, body: UserPatch, response: { 200: User } } },
    (request) => users.patch(request.params.id.toLowerCase(), request.body, request.caller.id),
  );
  app.delete(
    "/api/v1/users/:id",
    { config, schema: { tags, params, response: { 204: Type.Null() } } },
    async (request, reply) => {
      await users.delete(request.params.id.toLowerCase());
      return reply.code(204).send(null);
    },
  );
  app.delete(
    "/api/v1/users/:id/sessions",
    { config, schema: { tags, params, response: { 204: Type.Null() } } },
    async (request, reply) => {
      await users.endSessions(request.params.id.toLowerCase());
      return reply.code(204).send(null);
    },
  );
}
