import assert from "node:assert/strict";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import type { Assignment } from "@vas/contracts/http.ts";
import { readAssignments } from "./assignments.ts";

const TIME = "2026-01-01T00:00:00.000Z";

function assignment(n: number): Assignment {
  return {
    camera_id: `aaaaaaaa-0000-4000-8000-${String(n).padStart(12, "0")}`,
    model_id: "m",
    enabled: true,
    desired_fps: 5,
    priority: 0,
    parameters: {},
    created_at: TIME,
    updated_at: TIME,
  };
}

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const key = () => Promise.resolve({ key: "the-key" });
const never = new AbortController().signal;

test("every page is read, with the service key", async (t) => {
  const all = Array.from({ length: 450 }, (_, n) => assignment(n));
  const url = await serve(t, (request, response) => {
    const query = new URL(request.url ?? "", "http://x").searchParams;
    if (request.headers.authorization !== "Bearer the-key") {
      response.writeHead(401).end();
      return;
    }
    const from = Number(query.get("cursor") ?? 0);
    const to = from + Number(query.get("limit"));
    response.end(JSON.stringify({ items: all.slice(from, to), next_cursor: to < all.length ? String(to) : null }));
  });
  const answer = await readAssignments(url, key, 20_000, never);
  assert.ok("assignments" in answer && answer.assignments.length === 450, JSON.stringify(answer).slice(0, 200));
  const refused = await readAssignments(url, () => Promise.resolve({ key: "other" }), 20_000, never);
  assert.ok("problem" in refused && refused.problem.includes("401"));
});

test("a VAS that is wrong in any way is a problem in words, never part of an answer", async (t) => {
  const one = JSON.stringify({ items: [assignment(1)], next_cursor: "again" });
  const answers: Record<string, RequestListener> = {
    "wrong JSON": (_, response) => response.end("{"),
    "another shape": (_, response) => response.end('{"items":[{"camera_id":"../../etc"}],"next_cursor":null}'),
    "the same page": (_, response) => response.end(one),
    "a redirect": (_, response) => response.writeHead(302, { location: "/x" }).end(),
    "a server error": (_, response) => response.writeHead(500).end("x".repeat(1000)),
    "a page without end": (_, response) => {
      const write = () => {
        while (response.write(Buffer.alloc(65_536, 32)));
        response.once("drain", write);
      };
      write();
    },
    silence: () => undefined,
  };
  for (const [name, listener] of Object.entries(answers)) {
    const url = await serve(t, listener);
    const answer = await readAssignments(url, key, name === "silence" ? 100 : 20_000, never);
    assert.ok("problem" in answer, name);
  }
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  const nobody = await readAssignments(`http://127.0.0.1:${port}`, key, 20_000, never);
  assert.ok("problem" in nobody && nobody.problem.includes("ECONNREFUSED"), JSON.stringify(nobody));
});

test("without a service key nobody is asked", async () => {
  const answer = await readAssignments("http://127.0.0.1:1", () => Promise.resolve({ problem: "no key" }), 1000, never);
  assert.deepEqual(answer, { problem: "no key" });
});
