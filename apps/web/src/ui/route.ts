/** Addresses of the app's pages and how they are read. */
export type Route =
  | { page: "live" }
  | { page: "wall" }
  | { page: "camera_new" }
  | { page: "camera"; id: string }
  | { page: "camera_edit"; id: string }
  | { page: "recordings" }
  | { page: "kept" }
  | { page: "events" }
  | { page: "models" }
  | { page: "model_new" }
  | { page: "health" }
  | { page: "frames" }
  | { page: "audit" }
  | { page: "people" }
  | { page: "keys" }
  | { page: "account" }
  | { page: "missing" };

/** `/health` itself is VAS's machine-readable health, so a reload of the health page needs another address. */
export const HEALTH_PATH = "/site";

export const ADD_MODEL_PATH = "/models/add";

/** Exports, clips and snapshots. */
export const KEPT_PATH = "/recordings/kept";
export const PEOPLE_PATH = "/people";
export const KEYS_PATH = "/people/keys";
export const ACCOUNT_PATH = "/account";

export function routeOf(pathname: string): Route {
  const parts = pathname.split("/").filter((part) => part !== "");
  const [first, second, third] = parts;
  if (parts.length === 0) return { page: "live" };
  if (first === "cameras" && second === "new" && parts.length === 2) return { page: "camera_new" };
  if (first === "cameras" && second && parts.length === 2) return { page: "camera", id: second };
  if (first === "cameras" && second && third === "edit" && parts.length === 3)
    return { page: "camera_edit", id: second };
  if (first === "models" && second === "add" && parts.length === 2) return { page: "model_new" };
  if (first === "recordings" && second === "kept" && parts.length === 2) return { page: "kept" };
  if (first === "people" && second === "keys" && parts.length === 2) return { page: "keys" };
  if (first === "site" && (second === "frames" || second === "audit") && parts.length === 2) return { page: second };
  if (parts.length !== 1) return { page: "missing" };
  if (first === "recordings" || first === "events" || first === "models") return { page: first };
  if (first === "people" || first === "account" || first === "wall") return { page: first };
  if (first === "site" || first === "health") return { page: "health" };
  return { page: "missing" };
}

/** The recordings page at one moment of one camera. */
export function momentPath(cameraId: string, at: string): string {
  return `/recordings?${new URLSearchParams({ camera: cameraId, at })}`;
}
