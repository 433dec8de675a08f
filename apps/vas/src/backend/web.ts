/**
 * The built web: hashed files for ever, index.html never from a cache, and index.html for every page's address. Scripts
 * and styles were packed when the web was built, so nothing is packed while somebody waits.
 */
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { CodedError } from "@vas/contracts/errors.ts";
import type { App } from "./context.ts";
import { isFile } from "./files.ts";

const HASHED = /^assets\/.+-[\w-]{8,}\.\w+$/;
const NOT_PAGES = /^(api|docs|health|metrics|openapi\.json)(\/|$)/;

const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>VAS</title>
<body style="font-family:system-ui;max-width:40rem;margin:4rem auto;padding:0 1rem">
<h1>The web was not built</h1>
<p>VAS is running, but the folder with its pages is empty. Build it with
<code>npx vite build apps/web</code>, or set <code>VAS_WEB_DIR</code> to a folder that has an <code>index.html</code>.</p>
<p>The API is at <a href="/docs">/docs</a>.</p></body></html>`;

/** What is packed, by the ending of its name. */
const PACKED: Record<string, string> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
};
/** The smaller first. */
const PACKINGS = [
  { encoding: "br", ending: ".br" },
  { encoding: "gzip", ending: ".gz" },
] as const;

/** @param accepted the header `accept-encoding`; what it refuses with `q=0` is not taken */
async function packingOf(file: string, accepted: string | undefined): Promise<(typeof PACKINGS)[number] | undefined> {
  const wanted = new Set(
    (accepted ?? "")
      .split(",")
      .map((one) => one.trim().toLowerCase())
      .filter((one) => !/;\s*q=0(\.0*)?$/.test(one))
      .map((one) => one.split(";")[0]),
  );
  for (const packing of PACKINGS)
    if (wanted.has(packing.encoding) && (await isFile(file + packing.ending))) return packing;
  return undefined;
}

/** Registers the last of all routes: whatever no other route takes. */
export function registerWeb(app: App, webDir: string): void {
  app.get("/*", { config: { access: "public" }, schema: { hide: true } }, async (request, reply) => {
    const path = normalize((request.params as { "*": string })["*"]);
    if (NOT_PAGES.test(path) || path.startsWith("..") || path.includes("\0")) throw new CodedError("not_found");
    if (path !== "." && path !== "index.html" && (await isFile(join(webDir, path)))) {
      const isHashed = HASHED.test(path);
      void reply.header("cache-control", isHashed ? "public, max-age=31536000, immutable" : "no-cache");
      const type = PACKED[extname(path)];
      if (type === undefined) return reply.sendFile(path, webDir, { cacheControl: false });
      void reply.type(type).header("vary", "accept-encoding");
      const packing = await packingOf(join(webDir, path), request.headers["accept-encoding"]);
      if (packing) void reply.header("content-encoding", packing.encoding);
      const sent = packing ? path + packing.ending : path;
      return reply.sendFile(sent, webDir, { cacheControl: false, contentType: false });
    }
    // A missing script or picture must not become a page: the browser would report something else.
    if (/\.\w+$/.test(path) && path !== "index.html") throw new CodedError("not_found");
    const index = join(webDir, "index.html");
    const isBuilt = await isFile(index);
    void reply.header("cache-control", "no-cache").type("text/html; charset=utf-8");
    return reply.code(isBuilt ? 200 : 503).send(isBuilt ? await readFile(index) : NOT_BUILT);
  });
}
