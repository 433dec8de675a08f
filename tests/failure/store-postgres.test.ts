/**
 * PostgreSQL is stopped, hangs and comes back while a camera records, a browser watches and results come in. The table
 * in docs/design/failures.md says: live and recording continue, results are dropped and counted, health says degraded.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { AiEventPage, Camera, Health, Me, Recordings } from "@vas/contracts/http.ts";
import type { LiveReply } from "@vas/contracts/live.ts";
import type { Api } from "@vas/testkit/api.ts";
import { readFrameNumberRgba } from "@vas/testkit/picture.ts";
import { type Postgres, startPostgres } from "@vas/testkit/postgres.ts";
import { descendants, waitFor, within } from "@vas/testkit/processes.ts";
import { type Site, startSite } from "@vas/testkit/site.ts";
import { type SyntheticCamera, startSyntheticCamera } from "@vas/testkit/synthetic-camera.ts";
import type { Browser, Page } from "playwright-core";
import { WebSocket } from "ws";
import { openedAt } from "../../apps/vas/src/backend/testing/ai-site.ts";
import { displayedPicture, logIn, openBrowser, openPage } from "../e2e/browser.ts";

const WATCHDOG = { withinMs: 60_000 };

describe("PostgreSQL goes away and comes back", { concurrency: false }, () => {
  let postgres: Postgres;
  let camera: SyntheticCamera;
  let site: Site;
  let browser: Browser;
  let page: Page;
  let api: Api;
  let cameraId: string;
  let core: EventLoad;
  const startedMs = Date.now();

  before(async () => {
    postgres = await startPostgres();
    camera = await startSyntheticCamera({ width: 640, height: 360, fps: 15, gop: 15 });
    site = await startSite({
      start: { core: false, runtimes: false },
      vasEnv: { VAS_DATABASE_URL: await postgres.createDatabase("vas") },
    });
    api = await site.api();
    cameraId = (await api.post<Camera>("cameras", { name: "Watched", rtsp_url: camera.url })).id;
    core = new EventLoad(site.url, site.serviceKey(), cameraId);
    browser = await openBrowser();
    ({ page } = await openPage(browser, site.url));
    await logIn(page, site.adminPassword);
    await page.goto(`/cameras/${cameraId}`);
    await playsOn("at first");
    await recordsOn("at first", 1);
    await waitFor("events to be acknowledged", () => core.acked.size >= 10, WATCHDOG);
  });
  after(async () => {
    core?.close();
    await browser?.close();
    await site?.stop();
    await camera?.close();
    await postgres?.close();
  });

  const liveNumber = async () => {
    const picture = await displayedPicture(page.getByTestId("live-video"));
    return picture && readFrameNumberRgba(picture.rgba, picture.width, picture.height);
  };
  /** The displayed picture goes on by two seconds of frames. */
  const playsOn = async (when: string) => {
    const first = await waitFor(`a numbered live picture ${when}`, liveNumber, WATCHDOG);
    await waitFor(`live video to go on ${when}`, async () => ((await liveNumber()) ?? 0) >= first + 30, WATCHDOG);
  };
  /** Segment files on the disk, by id. */
  const files = () =>
    readdirSync(join(site.dataDir, "media/recordings"), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".mp4"))
      .map((path) => basename(path, ".mp4"));
  /** Fragments, each of at most a second, that are in a segment's file. */
  const fragmentsOf = (id: string) => {
    const folder = join(site.dataDir, "media/recordings");
    const path = readdirSync(folder, { recursive: true, encoding: "utf8" }).find((each) => each.includes(id));
    return path === undefined ? 0 : readFileSync(join(folder, path), "latin1").split("moof").length - 1;
  };
  /** So many segments more begin. */
  const recordsOn = async (when: string, count: number) => {
    const had = files().length;
    await waitFor(`recording to go on ${when}`, () => files().length >= had + count, WATCHDOG);
  };
  const health = async () => (await fetch(`${site.url}/health`)).json() as Promise<Health>;
  const becomes = (status: Health["status"]) =>
    waitFor(`health to say ${status}`, async () => (await health()).status === status, { ...WATCHDOG, seen: health });
  const recordings = () =>
    api.get<Recordings>(
      `cameras/${cameraId}/recordings?from=${new Date(startedMs).toISOString()}&to=${new Date(Date.now() + 60_000).toISOString()}`,
    );
  const ingest = () =>
    descendants(site.vas.pid())
      .filter((row) => row.command.includes("-f concat"))
      .map((row) => row.pid);
  const metric = async (line: string) => {
    const { body } = await api.request("GET", "/metrics");
    const found = String(body)
      .split("\n")
      .find((each) => each.startsWith(line));
    return found === undefined ? 0 : Number(found.slice(line.length));
  };
  /** Every file of a segment has its row, every row its file, and footage follows footage. */
  const nothingIsMissing = async (reasons: string[]) => {
    await waitFor(
      "nothing to wait for the store",
      async () => (await metric("vas_record_waiting_rows ")) === 0,
      WATCHDOG,
    );
    const found = await waitFor(
      "every segment file to have its row",
      async () => {
        const rows = await recordings();
        const ids = new Set(rows.segments.map((segment) => segment.id));
        return files().every((id) => ids.has(id)) && rows;
      },
      { ...WATCHDOG, seen: async () => ({ files: files(), rows: await recordings() }) },
    );
    const onDisk = new Set(files());
    assert.deepEqual(
      found.segments.filter((segment) => !onDisk.has(segment.id)),
      [],
    );
    const gaps = found.gaps.filter((gap) => gap.reason !== "connecting");
    assert.deepEqual(
      gaps.map((gap) => gap.reason),
      reasons,
      JSON.stringify(found.gaps),
    );
    assert.ok(found.segments.filter((segment) => segment.open).length <= 1, JSON.stringify(found.segments));
    return found;
  };
  const acknowledgedAreStored = async () => {
    const acked = [...core.acked]; // as of now: more are acknowledged while the pages are read
    const stored = new Set<string>();
    let cursor: string | null = null;
    do {
      const next: AiEventPage = await api.get(`ai-events?limit=200${cursor ? `&cursor=${cursor}` : ""}`);
      for (const event of next.items) stored.add(event.id);
      cursor = next.next_cursor;
    } while (cursor !== null);
    assert.deepEqual(
      acked.filter((id) => !stored.has(id)),
      [],
    );
  };

  test("stopped under load: video goes on, requests say so, results are counted, and nothing recorded is missing", async (t) => {
    const ffmpeg = ingest();
    assert.equal(ffmpeg.length, 1);
    const stopped = performance.now();
    await postgres.stop();
    await becomes("degraded");
    t.diagnostic(`degraded after ${Math.round(performance.now() - stopped)} ms`);
    const told = await health();
    assert.deepEqual([told.store, told.cameras.total, told.cameras.live], ["unavailable", 1, 1]);
    await playsOn("without the store");
    assert.equal((await api.get<Me>("auth/me")).username, "admin");
    assert.equal((await askLive(site.url, api.cookie(), cameraId)).ok, true, "another viewer can begin");
    for (const path of [
      "cameras",
      `cameras/${cameraId}/recordings?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z`,
    ]) {
      const answer = await api.request("GET", path);
      assert.equal(answer.status, 503, path);
      assert.equal((answer.body as { error: { code: string } }).error.code, "store_unavailable");
    }
    const login = await api.request("POST", "auth/login", { username: "admin", password: site.adminPassword });
    assert.equal(login.status, 503);
    await waitFor("events to be refused", () => core.refused >= 10, { ...WATCHDOG, seen: () => core.acked.size });
    await recordsOn("without the store", 2);
    assert.ok((await metric('vas_ai_ingest_total{outcome="store_failed"} ')) >= 1);
    assert.ok((await metric("vas_record_waiting_rows ")) >= 1);
    assert.ok(site.vas.running());

    const started = performance.now();
    await postgres.start();
    await becomes("ok");
    t.diagnostic(`ok again after ${Math.round(performance.now() - started)} ms`);
    const acked = core.acked.size;
    await waitFor("events to be acknowledged again", () => core.acked.size >= acked + 10, WATCHDOG);
    await playsOn("after the store came back");
    await nothingIsMissing([]);
    await acknowledgedAreStored();
    assert.deepEqual(ingest(), ffmpeg, "the camera was not disturbed");
    assert.equal(await metric("vas_record_failures_total "), 0);
  });

  test("killed, and again, and again: VAS stays up and every acknowledged event is there", async () => {
    for (let round = 0; round < 3; round++) {
      const acked = core.acked.size;
      await postgres.kill();
      await becomes("degraded");
      await postgres.start();
      await becomes("ok");
      await waitFor("events to be acknowledged again", () => core.acked.size >= acked + 10, WATCHDOG);
    }
    await acknowledgedAreStored();
    await nothingIsMissing([]);
  });

  test("hanging: health says so while nothing answers, and all goes on when it does", async () => {
    postgres.freeze();
    try {
      await becomes("degraded");
      await playsOn("while the store hangs");
      await recordsOn("while the store hangs", 1);
    } finally {
      postgres.resume();
    }
    await becomes("ok");
    await nothingIsMissing([]);
  });

  test("VAS is killed while PostgreSQL is away: what it recorded until then is in the store after its start", async () => {
    await postgres.stop();
    await becomes("degraded");
    const known = new Set(files());
    await recordsOn("without the store", 2);
    // A file is there a moment before its row is kept: the kill comes when the newest one has some seconds.
    await waitFor(
      "the newest segment to be under way",
      () => files().filter((id) => !known.has(id) && fragmentsOf(id) >= 3).length >= 2,
      WATCHDOG,
    );
    await site.vas.kill();
    await postgres.start();
    await site.vas.start();
    api = await site.api();
    await recordsOn("after VAS came back", 1);
    await nothingIsMissing(["vas_stopped"]);
    await acknowledgedAreStored();
    const log = readFileSync(site.vas.logFile, "utf8");
    assert.doesNotMatch(log, new RegExp(postgres.password), "the database's password is in no log");
  });
});

/** What a browser that opens now asks first. */
async function askLive(url: string, cookie: string, cameraId: string): Promise<LiveReply> {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/api/v1/live`, { headers: { cookie, origin: url } });
  try {
    socket.on("open", () =>
      socket.send(JSON.stringify({ id: 1, method: "capabilities", params: { camera_id: cameraId } })),
    );
    const answer = new Promise<LiveReply>((resolve, reject) => {
      socket.on("error", reject);
      socket.on("message", (data) => {
        const message = JSON.parse(String(data)) as LiveReply | { notice: string };
        if ("ok" in message) resolve(message);
      });
    });
    return await within("the capabilities", answer, WATCHDOG.withinMs);
  } finally {
    socket.terminate();
  }
}

/** A Core that opens an event every 50 ms and remembers which were acknowledged. */
class EventLoad {
  readonly acked = new Set<string>();
  refused = 0;
  readonly #open: () => void;
  readonly #timer: NodeJS.Timeout;
  readonly #sent = new Map<number, string>();
  #socket: WebSocket | undefined;
  #nextId = 1;

  constructor(url: string, serviceKey: string, cameraId: string) {
    this.#open = () => {
      const socket = new WebSocket(`${url.replace(/^http/, "ws")}/api/v1/ai-results`, {
        headers: { authorization: `Bearer ${serviceKey}` },
      });
      this.#socket = socket;
      this.#sent.clear();
      // VAS may be away: the next tick tries again.
      socket.on("error", () => socket.terminate());
      socket.on("close", () => {
        if (this.#socket === socket) this.#socket = undefined;
      });
      socket.on("message", (data) => {
        const answer = JSON.parse(String(data)) as { ack?: number; nack?: number };
        const id = answer.ack ?? answer.nack ?? 0;
        const eventId = this.#sent.get(id);
        this.#sent.delete(id);
        if (answer.ack !== undefined && eventId !== undefined) this.acked.add(eventId);
        if (answer.nack !== undefined) this.refused++;
      });
    };
    this.#timer = setInterval(() => {
      if (!this.#socket) return this.#open();
      if (this.#socket.readyState !== WebSocket.OPEN || this.#sent.size > 100) return;
      const event = openedAt(Date.now(), { camera_id: cameraId });
      const id = this.#nextId++;
      this.#sent.set(id, event.event_id);
      this.#socket.send(JSON.stringify({ id, type: "events", opened: [event], closed: [] }));
    }, 50);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#socket?.terminate();
  }
}
