/** API keys for programs: made and revoked by administrators in person, so that a stolen key makes no further ones. */
import { ApiKeyCreate, ApiKeyCreated, ApiKeyList, CameraParams } from "@vas/contracts/http.ts";
import { Type } from "typebox";
import type { Access } from "../access.ts";
import type { ApiKeys } from "../api-keys.ts";
import type { App } from "../context.ts";

const tags = ["people"];
const access: Access = { need: "administer", of: "site", personal: true };
const config = { access };

export function registerApiKeyRoutes(app: App, keys: ApiKeys): void {
  app.get("/api/v1/api-keys", { config, schema: { tags, response: { 200: ApiKeyList } } }, async () => ({
    items: await keys.list(),
  }));
  app.post(
    "/api/v1/api-keys",
    { config, schema: { tags, body: ApiKeyCreate, response: { 201: ApiKeyCreated } } },
    async ({ body, caller }, reply) => reply.code(201).send(await keys.create(body, caller.name)),
  );
  app.delete(
    "/api/v1/api-keys/:id",
    { config, schema: { tags, params: CameraParams, response: { 204: Type.Null() } } },
    async (request, reply) => {
      await keys.revoke(request.params.id.toLowerCase());
      return reply.code(204).send(null);
    },
  );
}
