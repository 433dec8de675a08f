/**
 * Who may do what: every caller by every object by every registered route, against a real backend over HTTP. What is
 * expected stands here and is not read from the routes, so that a wrong declaration is found as well as a missing one.
 *
 * A camera that the caller may not see, and everything of it, must answer exactly as one that does not exist, and nothing
 * that is told to such a caller may hold its name, its id or the id of anything that came from it.
 */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import type { ErrorBody } from "@vas/contracts/errors.ts";
import type { ApiKeyCreated, CoreMetrics, Role, User } from "@vas/contracts/http.ts";
import type { DoctorAnswer, ModelDraft, ModelDraftList } from "@vas/contracts/model-drafts.ts";
import { markAdded } from "../../apps/vas/src/backend/added-models.ts";
import { ASSIGNMENT_DEFAULTS, storeAssignment } from "../../apps/vas/src/backend/store/ai-assignments.ts";
import { storeEvents } from "../../apps/vas/src/backend/store/ai-events.ts";
import { storeModels } from "../../apps/vas/src/backend/store/ai-models.ts";
import { EXPORT_ENDINGS, insertExport } from "../../apps/vas/src/backend/store/exports.ts";
import { storeGroup } from "../../apps/vas/src/backend/store/camera-groups.ts";
import { insertClip, insertSnapshot } from "../../apps/vas/src/backend/store/media.ts";
import { saveSegment } from "../../apps/vas/src/backend/store/recordings.ts";
import { insertUser } from "../../apps/vas/src/backend/store/users.ts";
import { discovered, openedAt } from "../../apps/vas/src/backend/testing/ai-site.ts";
import {
  addCamera,
  logIn,
  makeSegment,
  MOMENT,
  openTestSite,
  type TestSite,
} from "../../apps/vas/src/backend/testing/site.ts";

const PASSWORD = "long-enough-1";
const MODEL = "person";
const RANGE = `from=${new Date(MOMENT).toISOString()}&to=${new Date(MOMENT + 20_000).toISOString()}`;

/** What is counted over all cameras; nobody who does not see them all may read it. */
const COUNTED = 471_147_114_711;

/** `granted` and `hidden` exist; `absent` never did. Callers that see every camera see the hidden one too. */
type Which = "granted" | "hidden" | "absent";
type Target = { url: string; body?: unknown; headers?: Record<string, string> };
type Rule = {
  needs: "nobody" | "core" | "view" | "operate" | "administer";
  /** Status of a success. */
  ok: number;
  /** What is answered for a camera, or an object of one, that does not exist or may not be seen. */
  missing?: string;
  /** The service key opens it too. */
  core?: true;
  /** Persons only, never an API key. */
  personal?: true;
  /** Only who sees every camera. */
  everything?: true;
  /** A success uses up the session: it is made with one of its own. */
  spends?: true;
  target(which: Which, caller: Caller): Promise<Target> | Target;
};
type Caller = {
  name: string;
  role: Role | "core" | "none";
  seesAll: boolean;
  isKey: boolean;
  headers: Record<string, string>;
  /** The same rights with a session that may end. */
  again?: () => Promise<Record<string, string>>;
};

let site: TestSite;
const cameras: Record<Which, string> = { granted: "", hidden: "", absent: crypto.randomUUID() };
const hiddenWords = new Set<string>(["Vault", String(COUNTED)]);
const callers: Caller[] = [];

const nobody = (url: string, ok = 200): Rule => ({ needs: "nobody", ok, target: () => ({ url }) });
const page = (url: string, ok = 200): Rule => ({ needs: "view", ok, target: () => ({ url }) });
const ofCamera = (needs: Rule["needs"], path: (id: string) => Target | string, ok = 200): Rule => ({
  needs,
  ok,
  missing: "camera_not_found",
  target: (which) => asTarget(path(cameras[which])),
});
const ofObject = (
  needs: Rule["needs"],
  missing: string,
  make: (cameraId: string) => Promise<string>,
  path: (id: string) => Target | string,
  ok = 200,
): Rule => ({
  needs,
  ok,
  missing,
  target: async (which) =>
    asTarget(path(which === "absent" ? crypto.randomUUID() : await madeOf(which, () => make(cameras[which])))),
});
const ofGroup = (ok: number, body?: unknown): Rule => ({
  needs: "operate",
  ok,
  missing: "group_not_found",
  target: async (which) => ({
    url: `${A}/camera-groups/${which === "absent" ? crypto.randomUUID() : await makeGroup(which)}`,
    body,
  }),
});
const people = (ok: number, target: Rule["target"], more: Partial<Rule> = {}): Rule => ({
  needs: "administer",
  personal: true,
  ok,
  target,
  ...more,
});
const own = (ok: number, target: Rule["target"], more: Partial<Rule> = {}): Rule => ({
  needs: "view",
  personal: true,
  ok,
  target,
  ...more,
});
/** With a draft of its own each time, that was tried once. */
const ofDraft = (ok: number, target: (url: string) => Target): Rule => ({
  needs: "administer",
  ok,
  target: async () => {
    const drafts = `${A}/ai-model-drafts`;
    const { items } = (await (await site.call("GET", drafts)).json()) as ModelDraftList;
    for (const { id } of items) await site.call("DELETE", `${drafts}/${id}`);
    const { id } = (await (await site.call("POST", drafts)).json()) as ModelDraft;
    await site.call("POST", `${A}/cameras/${cameras.granted}/start`);
    await site.call("POST", `${drafts}/${id}/try`, { camera_id: cameras.granted });
    return target(`${drafts}/${id}`);
  },
});
const asTarget = (target: Target | string): Target => (typeof target === "string" ? { url: target } : target);

const A = "/api/v1";
const RULES: Record<string, Rule> = {
  "GET /*": nobody("/", 503),
  "GET /health": nobody("/health"),
  [`GET ${A}/health`]: nobody(`${A}/health`),
  [`POST ${A}/auth/login`]: {
    needs: "nobody",
    ok: 200,
    target: () => ({ url: `${A}/auth/login`, body: { username: "admin", password: "correct-horse-battery" } }),
  },

  "GET /openapi.json": page("/openapi.json"),
  "GET /docs": page("/docs"),
  "GET /docs/json": page("/docs/json"),
  "GET /docs/yaml": page("/docs/yaml"),
  "GET /docs/static/index.html": page("/docs/static/index.html", 302),
  "GET /docs/static/swagger-initializer.js": page("/docs/static/swagger-initializer.js"),
  "GET /docs/static/*": page("/docs/static/swagger-ui.css"),

  [`GET ${A}/auth/me`]: page(`${A}/auth/me`),
  [`POST ${A}/auth/logout`]: own(204, () => ({ url: `${A}/auth/logout` }), { spends: true }),
  [`POST ${A}/auth/password`]: own(
    204,
    () => ({ url: `${A}/auth/password`, body: { old_password: PASSWORD, new_password: PASSWORD } }),
    { spends: true },
  ),
  [`GET ${A}/sessions`]: own(200, () => ({ url: `${A}/sessions` })),
  // A session of somebody else is none; revoking an own one is in the tests of people.
  [`DELETE ${A}/sessions/:id`]: own(404, () => ({ url: `${A}/sessions/${crypto.randomUUID()}` })),
  [`GET ${A}/users`]: people(200, () => ({ url: `${A}/users` })),
  [`POST ${A}/users`]: people(201, () => ({ url: `${A}/users`, body: aUser("viewer") })),
  [`GET ${A}/users/:id`]: people(200, async () => ({ url: `${A}/users/${await makeUser("viewer")}` })),
  [`PATCH ${A}/users/:id`]: people(200, async () => ({
    url: `${A}/users/${await makeUser("viewer")}`,
    body: { role: "operator" },
  })),
  [`DELETE ${A}/users/:id`]: people(204, async () => ({ url: `${A}/users/${await makeUser("viewer")}` })),
  [`DELETE ${A}/users/:id/sessions`]: people(204, async () => ({
    url: `${A}/users/${await makeUser("viewer")}/sessions`,
  })),
  [`GET ${A}/api-keys`]: people(200, () => ({ url: `${A}/api-keys` })),
  [`POST ${A}/api-keys`]: people(201, () => ({ url: `${A}/api-keys`, body: { name: "x", role: "viewer" } })),
  [`DELETE ${A}/api-keys/:id`]: people(204, async () => ({
    url: `${A}/api-keys/${(await makeKey("viewer", { camera_ids: [] })).id}`,
  })),

  [`GET ${A}/cameras`]: page(`${A}/cameras`),
  [`POST ${A}/cameras`]: {
    needs: "administer",
    ok: 201,
    target: () => ({ url: `${A}/cameras`, body: { name: "Made", rtsp_url: "rtsp://192.0.2.9/", start: false } }),
  },
  [`POST ${A}/cameras/probe`]: {
    needs: "administer",
    ok: 200,
    target: () => ({ url: `${A}/cameras/probe`, body: { rtsp_url: "rtsp://192.0.2.9/" } }),
  },
  [`GET ${A}/cameras/:id`]: ofCamera("view", (id) => `${A}/cameras/${id}`),
  // Before the camera is stopped: what is stopped has no picture.
  [`GET ${A}/cameras/:id/picture`]: ofCamera("view", (id) => `${A}/cameras/${id}/picture`),
  [`PATCH ${A}/cameras/:id`]: ofCamera("administer", (id) => ({ url: `${A}/cameras/${id}`, body: { record: true } })),
  [`DELETE ${A}/cameras/:id`]: {
    needs: "administer",
    ok: 204,
    missing: "camera_not_found",
    // The real one only for those who must be refused.
    target: async (which, { role }) => ({
      url: `${A}/cameras/${role === "administrator" && which !== "absent" ? await addCamera(site) : cameras[which]}`,
    }),
  },
  [`GET ${A}/camera-groups`]: page(`${A}/camera-groups`),
  [`POST ${A}/camera-groups`]: {
    needs: "operate",
    ok: 201,
    target: () => ({ url: `${A}/camera-groups`, body: { name: "Made", camera_ids: [cameras.granted] } }),
  },
  [`PATCH ${A}/camera-groups/:id`]: ofGroup(200, { name: "Doors" }),
  [`DELETE ${A}/camera-groups/:id`]: ofGroup(204),

  [`POST ${A}/cameras/:id/start`]: ofCamera("operate", (id) => `${A}/cameras/${id}/start`),
  [`POST ${A}/cameras/:id/stop`]: ofCamera("operate", (id) => `${A}/cameras/${id}/stop`),
  [`GET ${A}/cameras/:id/status`]: ofCamera("view", (id) => `${A}/cameras/${id}/status`),
  [`GET ${A}/cameras/:id/holdings`]: ofCamera("administer", (id) => `${A}/cameras/${id}/holdings`),
  [`GET ${A}/cameras/:id/recordings`]: ofCamera("view", (id) => `${A}/cameras/${id}/recordings?${RANGE}`),
  [`GET ${A}/cameras/:id/recording-days`]: ofCamera("view", (id) => `${A}/cameras/${id}/recording-days`),
  [`GET ${A}/cameras/:id/timeline`]: ofCamera("view", (id) => `${A}/cameras/${id}/timeline?${RANGE}&bucket_ms=1000`),
  [`GET ${A}/cameras/:id/footage-size`]: ofCamera("view", (id) => `${A}/cameras/${id}/footage-size?${RANGE}`),
  [`GET ${A}/cameras/:id/thumbnail`]: ofCamera(
    "view",
    (id) => `${A}/cameras/${id}/thumbnail?at=${new Date(MOMENT + 1000).toISOString()}`,
  ),
  [`GET ${A}/recording-calendar`]: page(`${A}/recording-calendar?month=2026-03&zone=Europe/Berlin`),
  [`GET ${A}/cameras/:id/playlist.m3u8`]: ofCamera("view", (id) => `${A}/cameras/${id}/playlist.m3u8?${RANGE}`),
  [`GET ${A}/cameras/:id/detections`]: ofCamera("view", (id) => `${A}/cameras/${id}/detections?${RANGE}`),
  [`GET ${A}/segments/:id`]: ofObject("view", "segment_not_found", makeSegmentOf, (id) => `${A}/segments/${id}`),

  [`POST ${A}/cameras/:id/snapshots`]: ofCamera(
    "operate",
    (id) => ({ url: `${A}/cameras/${id}/snapshots`, body: { at: new Date(MOMENT + 1000).toISOString() } }),
    201,
  ),
  [`GET ${A}/snapshots`]: page(`${A}/snapshots`),
  [`GET ${A}/snapshots/:id`]: ofObject("view", "snapshot_not_found", makeSnapshot, (id) => `${A}/snapshots/${id}`),
  [`GET ${A}/snapshots/:id/image`]: ofObject(
    "view",
    "snapshot_not_found",
    makeSnapshot,
    (id) => `${A}/snapshots/${id}/image`,
  ),
  [`PATCH ${A}/snapshots/:id`]: ofObject("operate", "snapshot_not_found", makeSnapshot, (id) => ({
    url: `${A}/snapshots/${id}`,
    body: { label: "Renamed" },
  })),
  [`DELETE ${A}/snapshots/:id`]: ofObject(
    "operate",
    "snapshot_not_found",
    makeSnapshot,
    (id) => `${A}/snapshots/${id}`,
    204,
  ),
  [`POST ${A}/cameras/:id/clips`]: ofCamera(
    "operate",
    (id) => ({
      url: `${A}/cameras/${id}/clips`,
      body: { from: new Date(MOMENT).toISOString(), to: new Date(MOMENT + 2000).toISOString() },
    }),
    201,
  ),
  [`GET ${A}/clips`]: page(`${A}/clips`),
  [`GET ${A}/clips/:id`]: ofObject("view", "clip_not_found", makeClip, (id) => `${A}/clips/${id}`),
  [`GET ${A}/clips/:id/video`]: ofObject("view", "clip_not_found", makeClip, (id) => `${A}/clips/${id}/video`),
  [`GET ${A}/clips/:id/thumbnail`]: ofObject("view", "clip_not_found", makeClip, (id) => `${A}/clips/${id}/thumbnail`),
  [`PATCH ${A}/clips/:id`]: ofObject("operate", "clip_not_found", makeClip, (id) => ({
    url: `${A}/clips/${id}`,
    body: { label: "Renamed" },
  })),
  [`DELETE ${A}/clips/:id`]: ofObject("operate", "clip_not_found", makeClip, (id) => `${A}/clips/${id}`, 204),

  [`POST ${A}/cameras/:id/exports`]: ofCamera(
    "operate",
    (id) => ({
      url: `${A}/cameras/${id}/exports`,
      body: { from: new Date(MOMENT).toISOString(), to: new Date(MOMENT + 2000).toISOString() },
    }),
    202,
  ),
  [`GET ${A}/exports`]: page(`${A}/exports`),
  [`GET ${A}/exports/:id`]: ofObject("view", "export_not_found", makeExport, (id) => `${A}/exports/${id}`),
  ...Object.fromEntries(
    ["video", "detections.json", "detections.vtt"].map((file) => [
      `GET ${A}/exports/:id/${file}`,
      ofObject("view", "export_not_found", makeExport, (id) => `${A}/exports/${id}/${file}`),
    ]),
  ),
  [`PATCH ${A}/exports/:id`]: ofObject("operate", "export_not_found", makeExport, (id) => ({
    url: `${A}/exports/${id}`,
    body: { label: "Renamed" },
  })),
  [`DELETE ${A}/exports/:id`]: ofObject("operate", "export_not_found", makeExport, (id) => `${A}/exports/${id}`, 204),

  [`GET ${A}/ai-events`]: page(`${A}/ai-events`),
  [`GET ${A}/ai-events/:id`]: ofObject("view", "event_not_found", makeEvent, (id) => `${A}/ai-events/${id}`),
  [`PUT ${A}/ai-events/:id/review`]: ofObject(
    "operate",
    "event_not_found",
    makeEvent,
    (id) => `${A}/ai-events/${id}/review`,
  ),
  [`DELETE ${A}/ai-events/:id/review`]: ofObject(
    "operate",
    "event_not_found",
    makeEvent,
    (id) => `${A}/ai-events/${id}/review`,
  ),
  // Of what the caller may not see nothing changes, and nothing is told: the tests of events look at it.
  [`POST ${A}/ai-events/reviews`]: {
    needs: "operate",
    ok: 200,
    target: async (_which, caller) => ({
      url: `${A}/ai-events/reviews`,
      body: {
        event_ids: [
          await makeEvent(cameras.granted),
          ...(caller.seesAll ? [] : [await makeEvent(cameras.hidden)]),
          crypto.randomUUID(),
        ],
        reviewed: true,
      },
    }),
  },
  [`GET ${A}/ai-models`]: page(`${A}/ai-models`),
  [`GET ${A}/ai-models/:model_id`]: page(`${A}/ai-models/${MODEL}`),
  [`PATCH ${A}/ai-models/:model_id`]: {
    needs: "administer",
    ok: 200,
    target: () => ({ url: `${A}/ai-models/${MODEL}`, body: { enabled: true } }),
  },
  [`DELETE ${A}/ai-models/:model_id`]: {
    needs: "administer",
    ok: 204,
    target: async () => {
      const folder = join(site.backend.config.modelsDir ?? "", "removable");
      await mkdir(folder, { recursive: true });
      await rm(join(folder, ".added-from-web"), { force: true });
      await markAdded(folder);
      await storeModels(site.backend.db, [discovered("removable")], MOMENT);
      return { url: `${A}/ai-models/removable` };
    },
  },
  [`GET ${A}/ai-model-drafts`]: ofDraft(200, () => ({ url: `${A}/ai-model-drafts` })),
  [`POST ${A}/ai-model-drafts`]: ofDraft(201, () => ({ url: `${A}/ai-model-drafts` })),
  [`GET ${A}/ai-model-drafts/:id`]: ofDraft(200, (url) => ({ url })),
  [`DELETE ${A}/ai-model-drafts/:id`]: ofDraft(204, (url) => ({ url })),
  [`PUT ${A}/ai-model-drafts/:id/files/:name`]: ofDraft(200, (url) => ({
    url: `${url}/files/a.onnx`,
    body: "bytes",
    headers: { "content-type": "application/octet-stream" },
  })),
  [`POST ${A}/ai-model-drafts/:id/examine`]: ofDraft(200, (url) => ({ url: `${url}/examine`, body: {} })),
  [`POST ${A}/ai-model-drafts/:id/try`]: ofDraft(200, (url) => ({
    url: `${url}/try`,
    body: { camera_id: cameras.granted },
  })),
  [`GET ${A}/ai-model-drafts/:id/picture`]: ofDraft(200, (url) => ({ url: `${url}/picture` })),
  [`POST ${A}/ai-model-drafts/:id/add`]: ofDraft(201, (url) => ({ url: `${url}/add`, body: {} })),
  [`GET ${A}/ai-model-assignments`]: { ...page(`${A}/ai-model-assignments`), core: true },
  [`PUT ${A}/ai-model-assignments/:camera_id/:model_id`]: ofCamera("operate", (id) => ({
    url: `${A}/ai-model-assignments/${id}/${MODEL}`,
    body: { desired_fps: 3 },
  })),
  [`DELETE ${A}/ai-model-assignments/:camera_id/:model_id`]: {
    needs: "operate",
    ok: 204,
    missing: "camera_not_found",
    target: async (which) => {
      await assign(which);
      return { url: `${A}/ai-model-assignments/${cameras[which]}/${MODEL}` };
    },
  },
  [`GET ${A}/ai-health`]: page(`${A}/ai-health`),
  [`GET ${A}/ai-health/cameras/:id`]: ofCamera("view", (id) => `${A}/ai-health/cameras/${id}`),
  [`GET ${A}/ai-health/models/:model_id`]: page(`${A}/ai-health/models/${MODEL}`),
  // No Core is connected here that could tell.
  [`GET ${A}/ai-health/cameras/:id/flights`]: ofCamera(
    "view",
    (id) => `${A}/ai-health/cameras/${id}/flights?model_id=${MODEL}`,
    503,
  ),
  [`GET ${A}/health/history`]: page(`${A}/health/history?series=system.memory`),
  [`GET ${A}/health/system`]: { ...page(`${A}/health/system`), everything: true },
  [`GET ${A}/audit`]: { needs: "administer", ok: 200, target: () => ({ url: `${A}/audit` }) },
  "GET /metrics": { ...page("/metrics"), core: true, everything: true },

  // Plain HTTP gets as far as the guard; what goes over the sockets is in the tests of access.
  [`GET ${A}/live`]: page(`${A}/live`, 404),
  [`GET ${A}/ai-results`]: { needs: "core", ok: 404, target: () => ({ url: `${A}/ai-results` }) },
};

before(async (t) => {
  const modelsDir = await mkdtemp(join(tmpdir(), "models-"));
  site = await openTestSite(t as never, { env: { VAS_MODELS_DIR: modelsDir }, doctor: { ask: answerOfDoctor } });
  const { db } = site.backend;
  cameras.granted = await addCamera(site, { name: "Door", rtsp_url: "rtsp://ann:hidden-1@192.0.2.1/main" });
  cameras.hidden = await addCamera(site, { name: "Vault", rtsp_url: "rtsp://ann:hidden-2@192.0.2.2/main" });
  hiddenWords.add(cameras.hidden).add("192.0.2.2");
  await storeModels(db, [discovered(MODEL)], MOMENT);
  for (const which of ["granted", "hidden"] as const) {
    const id = cameras[which];
    await makeSegmentOf(id);
    await makeSnapshot(id);
    await makeClip(id);
    await makeExport(id);
    await makeEvent(id);
    await makeGroup(which);
    await assign(which);
  }
  site.backend.core.connected = true;
  site.backend.core.lastReportWallMs = Date.now();
  site.backend.core.metrics = coreMetrics();

  const some = { camera_ids: [cameras.granted] };
  const all = { all_cameras: true };
  callers.push({ name: "nobody", role: "none", seesAll: false, isKey: false, headers: {} });
  const asKey = (key: string) => ({ authorization: `Bearer ${key}` });
  for (const [name, role, grant] of [
    ["administrator", "administrator", {}],
    ["operator", "operator", some],
    ["viewer", "viewer", some],
    ["operator of all", "operator", all],
    ["viewer of all", "viewer", all],
  ] as const) {
    const seesAll = grant === all || role === "administrator";
    const again = async () => ({ cookie: await logInAs(await makeUserNamed(role, grant)) });
    callers.push({ name, role, seesAll, isKey: false, headers: await again(), again });
    callers.push({
      name: `${name}'s key`,
      role,
      seesAll,
      isKey: true,
      headers: asKey((await makeKey(role, grant)).key),
    });
  }
  callers.push({ name: "core", role: "core", seesAll: true, isKey: false, headers: asKey(site.backend.serviceKey) });
  const revoked = await makeKey("administrator", {});
  await site.call("DELETE", `${A}/api-keys/${revoked.id}`);
  callers.push({ name: "revoked key", role: "none", seesAll: false, isKey: false, headers: asKey(revoked.key) });
  // A good cookie does not make a bad key good.
  const both = { ...asKey(revoked.key), cookie: site.cookie };
  callers.push({ name: "revoked key with a cookie", role: "none", seesAll: false, isKey: false, headers: both });
  const ended = await logIn(site.url);
  await fetch(`${site.url}${A}/auth/logout`, { method: "POST", headers: { cookie: ended } });
  callers.push({ name: "ended session", role: "none", seesAll: false, isKey: false, headers: { cookie: ended } });
});
after(() => site.close());

test("every registered route declares what it needs, and stands in this matrix", () => {
  const routes = site.app.declaredAccess.filter(({ method }) => method !== "HEAD");
  assert.deepEqual(
    routes.filter(({ access }) => access === undefined).map(({ method, url }) => `${method} ${url}`),
    [],
    "config.access is missing (apps/vas/src/backend/access.ts)",
  );
  assert.deepEqual(
    routes.map(({ method, url }) => `${method} ${url}`).sort(),
    Object.keys(RULES).sort(),
    "a route and its rule in this file belong together",
  );
});

test("every caller gets from every route what its role and its cameras allow, and nothing else", async () => {
  const heads = new Set(
    site.app.declaredAccess.filter(({ method }) => method === "HEAD").map(({ url }) => `GET ${url}`),
  );
  const wrong: string[] = [];
  let asked = 0;
  for (const [route, rule] of Object.entries(RULES)) {
    const method = route.split(" ")[0] as string;
    for (const caller of callers) {
      const kinds: Which[] = rule.missing === undefined ? ["granted"] : ["granted", "hidden", "absent"];
      const answers = new Map<Which, { status: number; headers: string; text: string }>();
      for (const which of kinds) {
        const want = wanted(rule, caller, which);
        const target = await rule.target(which, caller);
        const isSpent = rule.spends && want.status === rule.ok && caller.again;
        const headers = isSpent ? await caller.again?.() : caller.headers;
        const got = await ask(method, { ...target, headers: { ...target.headers, ...headers } });
        asked++;
        answers.set(which, got);
        const code = got.status >= 400 ? codeOf(got.text) : undefined;
        const what = `${caller.name}: ${route} (${which})`;
        if (got.status !== want.status || (want.code !== undefined && code !== want.code))
          wrong.push(`${what}: ${got.status} ${code ?? ""}, not ${want.status} ${want.code ?? ""}`);
        if (!caller.seesAll)
          for (const word of hiddenWords)
            if (`${got.headers}${got.text}`.includes(word)) wrong.push(`${what}: tells ${word}`);
        if (heads.has(route) && want.status !== rule.ok) {
          const head = await ask("HEAD", { ...target, headers: { ...target.headers, ...headers } });
          if (head.status !== want.status) wrong.push(`${what}: HEAD answers ${head.status}`);
        }
      }
      const [hidden, absent] = [answers.get("hidden"), answers.get("absent")];
      if (!caller.seesAll && !isDeepStrictEqual(hidden, absent))
        wrong.push(`${caller.name}: ${route}: what is hidden does not answer as what is absent`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(asked > 1000, `only ${asked} requests were made`);
});

test("lists and health hold what is granted, and what is not granted only for those who see all", async () => {
  type Row = { id?: string; camera_id?: string };
  for (const caller of callers.filter(({ role }) => role !== "none" && role !== "core")) {
    for (const [path, pick] of [
      ["cameras", (body: { items: Row[] }) => body.items],
      ["snapshots", (body: { items: Row[] }) => body.items],
      ["clips", (body: { items: Row[] }) => body.items],
      ["exports", (body: { items: Row[] }) => body.items],
      ["ai-events", (body: { items: Row[] }) => body.items],
      ["ai-model-assignments", (body: { items: Row[] }) => body.items],
      ["ai-health", (body: { cameras: Row[] }) => body.cameras],
      ["ai-health", (body: { subscriptions: Row[] }) => body.subscriptions],
      [`ai-health/models/${MODEL}`, (body: { cameras: Row[] }) => body.cameras],
    ] as [string, (body: unknown) => Row[]][]) {
      await assign("granted");
      await assign("hidden");
      const rows = pick(JSON.parse((await ask("GET", { url: `${A}/${path}`, headers: caller.headers })).text));
      const ids = new Set(rows.map((row) => row.camera_id ?? row.id));
      assert.ok(ids.has(cameras.granted), `${caller.name}: ${path}`);
      assert.equal(ids.has(cameras.hidden), caller.seesAll, `${caller.name}: ${path}`);
      if (path.startsWith("ai-health") || path === "cameras") continue;
      const filtered = await ask("GET", { url: `${A}/${path}?camera_id=${cameras.hidden}`, headers: caller.headers });
      const items = (JSON.parse(filtered.text) as { items: Row[] }).items;
      assert.equal(items.length > 0, caller.seesAll, `${caller.name}: ${path} of the hidden camera`);
    }
  }
});

test("a camera's address is for those who can change it", async () => {
  for (const caller of callers.filter(({ role }) => role !== "none" && role !== "core")) {
    const one = await ask("GET", { url: `${A}/cameras/${cameras.granted}`, headers: caller.headers });
    const all = await ask("GET", { url: `${A}/cameras`, headers: caller.headers });
    for (const { text } of [one, all]) {
      assert.equal(/192\.0\.2\.1|"ann"/.test(text), caller.role === "administrator", caller.name);
      assert.ok(!text.includes("hidden-1"), "the password is for nobody");
    }
  }
});

test("what was logged meanwhile holds no key, cookie or password", () => {
  const secrets = callers.flatMap(({ headers }) =>
    Object.values(headers).map((value) => value.split(/[ =]/).at(-1) ?? ""),
  );
  for (const line of site.logged)
    for (const secret of [...secrets, PASSWORD, "hidden-1", "hidden-2"])
      assert.ok(secret === "" || !line.includes(secret), line);
});

/** What the matrix says, worked out from the roles alone. */
function wanted(rule: Rule, caller: Caller, which: Which): { status: number; code?: string } {
  const { role } = caller;
  if (rule.needs === "nobody") return { status: rule.ok };
  if (role === "none") return { status: 401, code: "not_logged_in" };
  const isForCore = rule.needs === "core" || rule.core === true;
  if (role === "core" ? !isForCore : rule.needs === "core") return { status: 401, code: "not_logged_in" };
  const missing = { status: 404, ...(rule.missing ? { code: rule.missing } : {}) };
  const isSeen = which === "granted" || (which === "hidden" && caller.seesAll);
  if (rule.missing && !isSeen && !caller.seesAll) return missing;
  const may = { administrator: ["view", "operate", "administer"], operator: ["view", "operate"], viewer: ["view"] };
  const isAllowed = role === "core" || may[role].includes(rule.needs);
  if (!isAllowed || (rule.personal && caller.isKey) || (rule.everything && !caller.seesAll))
    return { status: 403, code: "forbidden" };
  if (which === "absent") return { status: 404 };
  return { status: rule.ok };
}

async function ask(
  method: string,
  { url, body, headers }: Target,
): Promise<{ status: number; headers: string; text: string }> {
  const reply = await fetch(site.url + url, {
    method,
    redirect: "manual",
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // What differs from one request to the next whatever it asks for.
  const told = [...reply.headers].filter(([name]) => !["x-request-id", "date"].includes(name));
  const text = (await reply.text()).replace(/"request_id":"[^"]*"/, "");
  return { status: reply.status, headers: JSON.stringify(told), text };
}

function codeOf(text: string): string {
  if (!text.startsWith("{")) return "";
  return (JSON.parse(text.replace(/,\s*}$/, "}")) as Partial<ErrorBody>).error?.code ?? "";
}

/** Ids of what came from the hidden camera are words that nobody else may read. */
async function madeOf(which: Which, make: () => Promise<string>): Promise<string> {
  const id = await make();
  if (which === "hidden") hiddenWords.add(id);
  return id;
}

async function makeFile(path: string): Promise<string> {
  const file = join(site.backend.config.mediaDir, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, "x".repeat(200));
  return path;
}

async function makeSegmentOf(cameraId: string): Promise<string> {
  const segment = makeSegment(cameraId, 0);
  await makeFile(segment.path);
  await saveSegment(site.backend.db, segment);
  if (cameraId === cameras.hidden) hiddenWords.add(segment.id);
  return segment.id;
}

async function makeSnapshot(cameraId: string): Promise<string> {
  const id = crypto.randomUUID();
  if (cameraId === cameras.hidden) hiddenWords.add(id);
  const path = await makeFile(`snapshots/${cameraId}/${id}.jpg`);
  const size = { width: 64, height: 48, size_bytes: 200 };
  await insertSnapshot(site.backend.db, {
    id,
    camera_id: cameraId,
    event_id: null,
    label: null,
    wall_ms: MOMENT,
    pts90k: MOMENT * 90,
    ...size,
    path,
    created_at: MOMENT,
  });
  return id;
}

/** The granted group holds the hidden camera too, of which nothing may be told. */
async function makeGroup(which: "granted" | "hidden"): Promise<string> {
  const id = crypto.randomUUID();
  const isHidden = which === "hidden";
  if (isHidden) hiddenWords.add(id);
  await storeGroup(
    site.backend.db,
    { id, name: isHidden ? "Vault group" : "Doors", created_at: MOMENT, updated_at: MOMENT },
    isHidden ? [cameras.hidden] : [cameras.hidden, cameras.granted],
  );
  return id;
}

async function makeClip(cameraId: string): Promise<string> {
  const id = crypto.randomUUID();
  if (cameraId === cameras.hidden) hiddenWords.add(id);
  await insertClip(site.backend.db, {
    id,
    camera_id: cameraId,
    event_id: null,
    label: cameraId === cameras.hidden ? "Vault door" : null,
    start_wall_ms: MOMENT,
    end_wall_ms: MOMENT + 1000,
    size_bytes: 200,
    path: await makeFile(`clips/${cameraId}/${id}.mp4`),
    thumbnail_path: await makeFile(`clips/${cameraId}/${id}.jpg`),
    created_at: MOMENT,
  });
  return id;
}

async function makeExport(cameraId: string): Promise<string> {
  const id = crypto.randomUUID();
  if (cameraId === cameras.hidden) hiddenWords.add(id);
  const path = `exports/${cameraId}/${id}`;
  for (const ending of EXPORT_ENDINGS) await makeFile(`${path}.${ending}`);
  await insertExport(site.backend.db, {
    id,
    camera_id: cameraId,
    from_ms: MOMENT,
    to_ms: MOMENT + 1000,
    boxes: 0,
    label: null,
    models: null,
    state: "done",
    error: null,
    start_pts90k: MOMENT * 90,
    end_pts90k: MOMENT * 90 + 90_000,
    size_bytes: 200,
    path,
    created_at: MOMENT,
    finished_at: MOMENT,
  });
  return id;
}

async function makeEvent(cameraId: string): Promise<string> {
  const event = openedAt(MOMENT, { camera_id: cameraId, model_id: MODEL });
  await storeEvents(site.backend.db, [{ opened: [event], closed: [] }], MOMENT);
  if (cameraId === cameras.hidden) hiddenWords.add(event.event_id);
  return event.event_id;
}

async function assign(which: Which): Promise<void> {
  if (which === "absent") return;
  await storeAssignment(site.backend.db, cameras[which], MODEL, { ...ASSIGNMENT_DEFAULTS }, MOMENT);
}

function aUser(role: Role): { username: string; password: string; role: Role } {
  return { username: `u-${crypto.randomUUID()}`, password: PASSWORD, role };
}

async function makeUserNamed(role: Role, grant: object): Promise<string> {
  const wish = { ...aUser(role), ...grant };
  const reply = await site.call("POST", `${A}/users`, wish);
  assert.equal(reply.status, 201, await reply.clone().text());
  return ((await reply.json()) as User).username;
}

async function makeUser(role: Role): Promise<string> {
  const row = { id: crypto.randomUUID(), username: `t-${crypto.randomUUID()}`, password_hash: "none", role };
  assert.equal(await insertUser(site.backend.db, { ...row, created_at: MOMENT }), undefined);
  return row.id;
}

async function makeKey(role: Role, grant: object): Promise<ApiKeyCreated> {
  const reply = await site.call("POST", `${A}/api-keys`, { name: "a program", role, ...grant });
  assert.equal(reply.status, 201, await reply.clone().text());
  return (await reply.json()) as ApiKeyCreated;
}

async function logInAs(username: string): Promise<string> {
  const reply = await fetch(`${site.url}${A}/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username, password: PASSWORD }),
  });
  assert.equal(reply.status, 200, await reply.clone().text());
  return (reply.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}

function coreMetrics(): CoreMetrics {
  const ids = [cameras.granted, cameras.hidden];
  return {
    uptime_seconds: 1,
    results_dropped: COUNTED,
    cameras: ids.map((camera_id) => ({
      camera_id,
      state: "running",
      frames_seen: 1,
      frame_fps: 1,
      last_frame_at: null,
    })),
    subscriptions: ids.map((camera_id) => ({
      camera_id,
      model_id: MODEL,
      health: "healthy",
      reason: null,
      desired_fps: 1,
      achieved_fps: 1,
      dispatched: 1,
      results: 1,
      skipped: {},
      queue_depth: 0,
      latency_ms: { p50: 1, p95: 1 },
      last_success_at: null,
      last_error: null,
    })),
    models: [
      {
        model_id: MODEL,
        health: "healthy",
        reason: null,
        heartbeat_at: null,
        total_requests: COUNTED,
        total_errors: COUNTED,
        avg_latency_ms: 1,
        uptime_seconds: 1,
      },
    ],
  };
}

/** A doctor that has found another model each time. */
async function answerOfDoctor({ ask }: { ask: "examine" | "try" }): Promise<DoctorAnswer> {
  if (ask === "try") return { trial: { detections: [], took_ms: 1, width: 640, height: 360 } };
  const head = `model_id: m-${crypto.randomUUID()}\nmodel_name: M\nmodel_version: "1"\n`;
  return {
    examination: {
      weights: null,
      format: "yolov8",
      formats: [],
      task: "object_detection",
      classes: 1,
      reasons: [],
      assumed: [],
      problems: [],
      settings: {},
      model_yaml: `${head}model_type: onnx\nmodel_weights: a.onnx\n`,
      model_yaml_by: "doctor",
    },
  };
}
