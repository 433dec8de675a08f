/** Login, logout, who am I, and a person's own password. */
import { CodedError } from "@vas/contracts/errors.ts";
import { LoginRequest, Me, PasswordChange } from "@vas/contracts/http.ts";
import { Type } from "typebox";
import { clearSessionCookie, setSessionCookie } from "../access.ts";
import type { App, Backend } from "../context.ts";
import type { Grants } from "../grants.ts";
import { sessionOf } from "../callers.ts";
import type { Sessions } from "../sessions.ts";

const tags = ["auth"];

export function registerAuthRoutes(app: App, backend: Backend, sessions: Sessions): void {
  const secure = backend.config.secureCookies;

  app.post(
    "/api/v1/auth/login",
    {
      config: { access: "public" },
      schema: { tags, body: LoginRequest, response: { 200: Me } },
      onError: sayWhenAgain,
    },
    async (request, reply) => {
      const { username, password } = request.body;
      const agent = request.headers["user-agent"];
      const { token, user, grants } = await sessions.login(username, password, request.ip, agent);
      setSessionCookie(request, reply, token, secure);
      return toMe(user.id, user.username, grants);
    },
  );

  app.post(
    "/api/v1/auth/logout",
    {
      config: { access: { need: "view", of: "site", personal: true } },
      schema: { tags, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      await sessions.end(sessionOf(request.caller).tokenHash);
      clearSessionCookie(request, reply, secure);
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/api/v1/auth/me",
    { config: { access: { need: "view", of: "site" } }, schema: { tags, response: { 200: Me } } },
    async ({ caller }) => toMe(caller.id, caller.name, caller.grants),
  );

  app.post(
    "/api/v1/auth/password",
    {
      config: { access: { need: "view", of: "site", personal: true } },
      schema: { tags, body: PasswordChange, response: { 204: Type.Null() } },
      onError: sayWhenAgain,
    },
    async ({ caller, body, ip }, reply) => {
      await sessions.changePassword(sessionOf(caller), body.old_password, body.new_password, ip);
      return reply.code(204).send(null);
    },
  );
}

function toMe(id: string, username: string, grants: Grants): Me {
  const { role, permissions, cameras } = grants;
  return { id, username, role, permissions: [...permissions], all_cameras: cameras === "all" };
}

async function sayWhenAgain(
  _request: unknown,
  reply: { header(name: string, value: string): unknown },
  error: Error,
): Promise<void> {
  if (!(error instanceof CodedError) || error.code !== "login_delayed") return;
  const { retry_after_seconds } = error.details as { retry_after_seconds: number };
  reply.header("retry-after", String(retry_after_seconds));
}
