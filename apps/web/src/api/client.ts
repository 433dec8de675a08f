/** One HTTP call to VAS. A failure is an outcome, never an exception: the pages show its words. */
import type { ErrorBody } from "@vas/contracts/errors.ts";

export type ApiError = {
  /** A registered code of VAS, `unreachable` where no answer came, or `unreadable` where it was not one of VAS. */
  code: string;
  message: string;
  status: number;
  requestId: string | null;
  /** What the code's page says of it, such as the field that is wrong. */
  details?: unknown;
};
export type Outcome<T> = { ok: true; value: T } | { ok: false; error: ApiError };

export type Query = Record<string, string | number | boolean | null | undefined>;
export type Call = { method?: string; query?: Query; body?: unknown; signal?: AbortSignal };
export type Client = <T>(path: string, call?: Call) => Promise<Outcome<T>>;

type FetchLike = (url: string, init: RequestInit) => Promise<Response>;

/** `path` with the parts of `query` that have a value. */
export function withQuery(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return text === "" ? path : `${path}?${text}`;
}

/**
 * @param fetchLike the browser's fetch, or a test's
 * @param onLoggedOut called for every 401 with code `not_logged_in`
 * @returns a function from a path below `/api/v1/` (or an absolute path) to the reply's JSON (undefined for 204) or the API's error
 */
export function createClient(fetchLike: FetchLike, onLoggedOut: () => void): Client {
  return async <T>(path: string, call: Call = {}): Promise<Outcome<T>> => {
    const init: RequestInit = { method: call.method ?? "GET", credentials: "same-origin" };
    if (call.body !== undefined) {
      init.body = JSON.stringify(call.body);
      init.headers = { "content-type": "application/json" };
    }
    if (call.signal) init.signal = call.signal;
    let response: Response;
    let text: string;
    try {
      response = await fetchLike(withQuery(path.startsWith("/") ? path : `/api/v1/${path}`, call.query), init);
      text = await response.text();
    } catch (error) {
      const aborted = call.signal?.aborted === true;
      const why = error instanceof Error && !aborted ? ` (${error.message})` : "";
      return failure(aborted ? "aborted" : "unreachable", aborted ? "Cancelled." : `VAS does not answer${why}.`, 0);
    }
    const parsed = parse(text);
    if (response.ok) {
      if (text !== "" && parsed === undefined)
        return failure(
          "unreadable",
          `VAS answered something that is not JSON [status:${response.status}].`,
          response.status,
        );
      return { ok: true, value: parsed as T };
    }
    const error = errorOf(parsed, response.status);
    if (response.status === 401 && error.code !== "login_failed") onLoggedOut();
    return { ok: false, error };
  };
}

function failure(code: string, message: string, status: number): { ok: false; error: ApiError } {
  return { ok: false, error: { code, message, status, requestId: null } };
}

function parse(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's HTML page, for example: the caller says so with the status.
    return undefined;
  }
}

function errorOf(parsed: unknown, status: number): ApiError {
  const body = parsed as Partial<ErrorBody> | undefined;
  if (typeof body?.error?.message === "string")
    return {
      code: body.error.code,
      message: body.error.message,
      status,
      requestId: body.request_id ?? null,
      ...(body.error.details === undefined ? {} : { details: body.error.details }),
    };
  return { code: "unreadable", message: `VAS answered with status ${status}.`, status, requestId: null };
}
