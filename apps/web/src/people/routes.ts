/** The routes of VAS about people, their sessions and keys. */
import type {
  ApiKey,
  ApiKeyCreate,
  ApiKeyCreated,
  ApiKeyList,
  PasswordChange,
  SessionList,
  User,
  UserCreate,
  UserList,
  UserPatch,
} from "@vas/contracts/http.ts";
import type { Client } from "../api/client.ts";

export function peopleRoutes(call: Client) {
  const post = <T>(path: string, body: unknown) => call<T>(path, { method: "POST", body });
  const remove = (path: string) => call<void>(path, { method: "DELETE" });
  return {
    users: () => call<UserList>("users"),
    createUser: (user: UserCreate) => post<User>("users", user),
    patchUser: (id: string, patch: UserPatch) => call<User>(`users/${id}`, { method: "PATCH", body: patch }),
    deleteUser: (id: string) => remove(`users/${id}`),
    endSessionsOf: (id: string) => remove(`users/${id}/sessions`),

    changePassword: (change: PasswordChange) => post<void>("auth/password", change),
    sessions: () => call<SessionList>("sessions"),
    endSession: (id: string) => remove(`sessions/${id}`),

    apiKeys: () => call<ApiKeyList>("api-keys"),
    createApiKey: (key: ApiKeyCreate) => post<ApiKeyCreated>("api-keys", key),
    revokeApiKey: (id: ApiKey["id"]) => remove(`api-keys/${id}`),
  };
}
