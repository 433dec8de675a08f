/** Puts the backend together: store, secrets, kernel, routes. main.ts starts it with the real kernel. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "@vas/base/clock.ts";
import type { Log } from "@vas/base/log.ts";
import { CodedError } from "@vas/contracts/errors.ts";
import type { Config } from "../config.ts";
import type { Kernel, KernelListener } from "../kernel/index.ts";
import { Cameras } from "./cameras.ts";
import type { App, Backend, Doctor } from "./context.ts";
import { Counters } from "./counters.ts";
import { Exports } from "./exports.ts";
import { FlightLog } from "./flights.ts";
import { ModelDrafts } from "./model-drafts.ts";
import { NoticeFeed } from "./notices.ts";
import { Observer } from "./health/observer.ts";
import { aiHealth } from "./routes/ai-health.ts";
import { Journal } from "./recorder-journal.ts";
import { Recorder, type RecorderRow } from "./recorder.ts";
import { keepRetention } from "./retention.ts";
import { openSealer, openServiceKey } from "./secrets.ts";
import { createServer } from "./server.ts";
import { Sessions } from "./sessions.ts";
import { openStore } from "./store/database.ts";
import { lockDataFolder } from "./store/lock.ts";
import { knownIds } from "./store/ai-models.ts";
import { Track } from "./track/track.ts";

export type SiteOptions = {
  config: Config;
  log: Log;
  clock: Clock;
  openKernel(listener: KernelListener): Promise<Kernel>;
  /** Without one, no model is added from the web. */
  doctor?: Doctor;
  pingMs?: number;
};

export type Site = {
  app: App;
  backend: Backend;
  /** The administrator's password where it was made up just now, to be shown once. */
  newPassword: string | undefined;
  /** What the site's health is and was. */
  observer: Observer;
  /** Starts the cameras that should run. */
  start(): Promise<void>;
  /** Ends viewers, cameras and the store, in this order; once, however often it is called. */
  close(): Promise<void>;
};

export async function openSite(options: SiteOptions): Promise<Site> {
  const { config, log, clock } = options;
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  mkdirSync(config.mediaDir, { recursive: true, mode: 0o750 });
  const lock = lockDataFolder(config.dataDir);
  const sealer = openSealer(config.dataDir);
  const serviceKey = openServiceKey(config.dataDir, config.serviceKey);
  const db = await openStore(config.database, log);

  const counters = new Counters();
  const feed = new NoticeFeed(counters, log);
  const journal = new Journal<RecorderRow>(join(config.dataDir, "recorder-journal.jsonl"));
  const recorder = new Recorder({ db, notices: feed, counters, log, clock, journal });
  const sessions = new Sessions(db, clock);
  const kernel = await options.openKernel(recorder);
  const flights = new FlightLog(clock);
  const track = new Track({
    mediaDir: config.mediaDir,
    log,
    clock,
    known: () => knownIds(db),
    newestPts90k: (cameraId) => kernel.newestPts90k(cameraId) ?? 0,
    written: (...results) => flights.stored(...results),
  });
  const backend: Backend = {
    config,
    db,
    kernel,
    log,
    clock,
    notices: feed,
    core: {
      connected: false,
      lastReportWallMs: null,
      metrics: null,
      presentModels: new Set(),
      notifyAssignmentsChanged: () => {},
      flights: () => Promise.reject(new CodedError("core_unavailable")),
    },
    serviceKey,
    streamOfFrame: (cameraId, frameId) => kernel.streamOfFrame(cameraId, frameId),
    track,
    flights,
    recorded: () => recorder.idle(),
  };
  await recorder.recover(kernel);
  const cameras = new Cameras(backend, sealer, recorder);
  const exports = new Exports(backend);
  const observer = new Observer({
    backend,
    cameraIds: () => cameras.ids(),
    aiHealth: () => aiHealth(backend.core, clock.wallMs()),
  });
  const drafts = new ModelDrafts(backend, options.doctor);
  await drafts.start();
  const { pingMs } = options;
  const app = await createServer({
    backend,
    cameras,
    exports,
    observer,
    drafts,
    sessions,
    feed,
    counters,
    ...(pingMs ? { pingMs } : {}),
  });

  // Last: a password that was made up is lost where the start fails between here and its printing.
  const newPassword = await sessions.ensureAdministrator(config.adminPassword);

  const ending = new AbortController();
  let retention: Promise<void> = Promise.resolve();
  let closing: Promise<void> | undefined;
  const close = async () => {
    ending.abort();
    await observer.close();
    await app.close();
    await drafts.close();
    await exports.close();
    await kernel.close();
    await retention;
    await track.close();
    await recorder.close();
    await db.destroy();
    lock.release();
  };
  return {
    app,
    backend,
    newPassword,
    observer,
    async start() {
      await cameras.startAll();
      await exports.start();
      observer.start();
      const freePercent = config.retentionFreePercent;
      retention = keepRetention({ db, kernel, track, counters, log, clock, freePercent }, ending.signal);
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}
