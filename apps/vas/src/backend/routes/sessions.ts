/** A person's own sessions: where one is logged in, and the end of any of them. */
import { CameraParams, SessionList } from "@vas/contracts/http.ts";
import { Type } from "typebox";
import type { Access } from "../access.ts";
import { sessionOf } from "../callers.ts";
import type { App } from "../context.ts";
import type { Sessions } from "../sessions.ts";

const tags = ["auth"];
const own: Access = { need: "view", of: "site", personal: true };

export function registerSessionRoutes(app: App, sessions: Sessions): void {
  app.get(
    "/api/v1/sessions",
    { config: { access: own }, schema: { tags, response: { 200: SessionList } } },
    async ({ caller }) => ({ items: await sessions.list(sessionOf(caller)) }),
  );
  app.delete(
    "/api/v1/sessions/:id",
    { config: { access: own }, schema: { tags, params: CameraParams, response: { 204: Type.Null() } } },
    async ({ caller, params }, reply) => {
      await sessions.revoke(sessionOf(caller), params.id);
      return reply.code(204).send(null);
    },
  );
}
