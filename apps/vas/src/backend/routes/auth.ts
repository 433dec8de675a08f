/** Login, logout, who am I. */
import { CodedError } from "@vas/contracts/errors.ts";
import { LoginRequest, Me } from "@vas/contracts/http.ts";
import { Type } from "typebox";
import { clearSessionCookie, setSessionCookie } from "../access.ts";
import type { App, Backend } from "../context.ts";
import { Grants, roleOf } from "../grants.ts";
import type { Sessions, User } from "../sessions.ts";

const tags = ["auth"];

export function registerAuthRoutes(app: App, backend: Backend, sessions: Sessions): void {
  const secure = backend.config.secureCookies;

  app.post(
    "/api/v1/auth/login",
    { config: { access: "public" }, schema: { tags, body: LoginRequest, response: { 200: Me } } },
    async (request, reply) => {
      try {
        const { username, password } = request.body;
        const { token, user } = await sessions.login(username, password, request.ip);
        setSessionCookie(request, reply, token, secure);
        return toMe(user);
      } catch (error) {
        if (error instanceof CodedError && error.code === "login_delayed") {
          const { retry_after_seconds } = error.details as { retry_after_seconds: number };
          void reply.header("retry-after", String(retry_after_seconds));
        }
        throw error;
      }
    },
  );

  app.post("/api/v1/auth/logout", { schema: { tags, response: { 204: Type.Null() } } }, async (request, reply) => {
    if (request.session) await sessions.end(request.session.tokenHash);
    clearSessionCookie(request, reply, secure);
    return reply.code(204).send(null);
  });

  app.get("/api/v1/auth/me", { schema: { tags, response: { 200: Me } } }, async (request) => {
    if (!request.user) throw new CodedError("not_logged_in");
    return toMe(request.user);
  });
}

function toMe(user: User): Me {
  const { role, permissions, cameras } = new Grants(roleOf(user.role), []);
  return { id: user.id, username: user.username, role, permissions: [...permissions], all_cameras: cameras === "all" };
}
