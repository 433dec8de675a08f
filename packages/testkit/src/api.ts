/** A small client of VAS's HTTP API: a cookie jar, the Origin header that unsafe methods need, JSON in and out. */

export type ApiAnswer = { status: number; body: unknown; headers: Headers };

/** An answer outside of 200 to 299, thrown by every method but `request`. */
export class ApiError extends Error {
  readonly status: number;
  /** The registered code; empty where the reply carries none. */
  readonly code: string;

  constructor(method: string, path: string, answer: ApiAnswer) {
    const { error } = (answer.body ?? {}) as { error?: { code?: string; message?: string } };
    super(`${method} ${path} answered ${answer.status} ${error?.code ?? ""}: ${error?.message ?? ""}`);
    this.name = "ApiError";
    this.status = answer.status;
    this.code = error?.code ?? "";
  }
}

export type Api = {
  readonly url: string;
  /** The Cookie header of the session; empty before login. WebSockets need it. */
  cookie(): string;
  login(username: string, password: string): Promise<void>;
  /** Answers whatever comes; `path` is below /api/v1 unless it starts with a slash. */
  request(method: string, path: string, body?: unknown): Promise<ApiAnswer>;
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: unknown): Promise<T>;
  put<T>(path: string, body?: unknown): Promise<T>;
  patch<T>(path: string, body?: unknown): Promise<T>;
  delete<T>(path: string): Promise<T>;
};

/** @param url such as http://127.0.0.1:8080 */
export function createApi(url: string): Api {
  const jar = new Map<string, string>();
  const cookie = () => [...jar].map(([name, value]) => `${name}=${value}`).join("; ");

  const request = async (method: string, path: string, body?: unknown): Promise<ApiAnswer> => {
    const headers: Record<string, string> = { origin: url };
    if (jar.size > 0) headers.cookie = cookie();
    if (body !== undefined) headers["content-type"] = "application/json";
    const response = await fetch(`${url}${path.startsWith("/") ? path : `/api/v1/${path}`}`, {
      method,
      headers,
      redirect: "manual",
      signal: AbortSignal.timeout(30_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const [name = "", value = ""] = pair.split(/=(.*)/s);
      if (value === "" || /;\s*max-age=0\b/i.test(line)) jar.delete(name.trim());
      else jar.set(name.trim(), value.trim());
    }
    const isJson = response.headers.get("content-type")?.includes("json") === true;
    const bytes = Buffer.from(await response.arrayBuffer());
    return {
      status: response.status,
      headers: response.headers,
      body: isJson && bytes.length > 0 ? (JSON.parse(bytes.toString()) as unknown) : bytes,
    };
  };
  const expect = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await request(method, path, body);
    if (answer.status < 200 || answer.status > 299) throw new ApiError(method, path, answer);
    return answer.body as T;
  };

  return {
    url,
    cookie,
    request,
    async login(username, password) {
      await expect("POST", "auth/login", { username, password });
    },
    get: (path) => expect("GET", path),
    post: (path, body) => expect("POST", path, body),
    put: (path, body) => expect("PUT", path, body),
    patch: (path, body) => expect("PATCH", path, body),
    delete: (path) => expect("DELETE", path),
  };
}
