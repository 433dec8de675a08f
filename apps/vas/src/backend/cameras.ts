/** Between the store's cameras and the kernel's: what is wanted is stored first, then the kernel is told. */
import { randomUUID } from "node:crypto";
import { hideSecret } from "@vas/base/redact.ts";
import { CodedError } from "@vas/contracts/errors.ts";
import type {
  Camera,
  CameraCreate,
  CameraHoldings,
  CameraPatch,
  ProbeReply,
  ProbeRequest,
} from "@vas/contracts/http.ts";
import type { CameraSpec } from "../kernel/index.ts";
import { type CameraAddress, checkCredential, parseCameraAddress } from "./camera-address.ts";
import type { Backend } from "./context.ts";
import type { Recorder } from "./recorder.ts";
import type { Sealer } from "./secrets.ts";
import { Slots } from "./slots.ts";
import * as store from "./store/cameras.ts";
import { segmentAtPts } from "./store/recordings.ts";
import { isoTime } from "./validation.ts";

export const MAX_CAMERAS = 64;
const CHECK_TIMEOUT_MS = 10_000;
const PROBE_TIMEOUT_MS = 60_000;
/** A probe opens sessions of its own with the camera, and decodes. */
const MAX_PROBES = 4;
const MAX_WAITING_PROBES = 16;

export class Cameras {
  readonly #backend: Backend;
  readonly #sealer: Sealer;
  readonly #recorder: Pick<Recorder, "recordingEnded" | "idle">;
  /** The last change of each camera; the next one waits for it, so that a stop never overtakes a start. */
  readonly #changes = new Map<string, Promise<unknown>>();
  /** Every camera of the site, as the store last had them: health counts them also while it is away. */
  readonly #ids = new Set<string>();
  readonly #probes = new Slots(
    MAX_PROBES,
    MAX_WAITING_PROBES,
    () => new CodedError("probe_failed", "Too many cameras are being probed; try again in a moment."),
  );

  constructor(backend: Backend, sealer: Sealer, recorder: Pick<Recorder, "recordingEnded" | "idle">) {
    this.#backend = backend;
    this.#sealer = sealer;
    this.#recorder = recorder;
  }

  /** Starts every camera that should run. One whose password cannot be read is left out and logged. */
  async startAll(): Promise<void> {
    for (const row of await store.listCameras(this.#backend.db)) {
      this.#ids.add(row.id);
      if (!row.started) continue;
      try {
        await this.#start(row);
      } catch (error) {
        this.#backend.log.error("a camera was not started", { camera_id: row.id, error });
      }
    }
  }

  ids(): Iterable<string> {
    return this.#ids;
  }

  async list(): Promise<Camera[]> {
    return (await store.listCameras(this.#backend.db)).map((row) => this.#toCamera(row));
  }

  /** @throws CodedError camera_not_found */
  async get(id: string): Promise<Camera> {
    return this.#toCamera(await mustExist(this.#backend, id));
  }

  /** @throws CodedError bad_request, camera_address_refused, camera_limit */
  async create(wish: CameraCreate): Promise<Camera> {
    const source = wish.source ?? "rtsp";
    if (source === "test") refuseAddresses(wish);
    else if (wish.rtsp_url === undefined) throw new CodedError("bad_request", "/rtsp_url: is required");
    const address = await this.#address(wish.rtsp_url);
    const sub = await this.#address(wish.sub_rtsp_url ?? undefined, "sub_rtsp_url");
    checkCredential("username", wish.username);
    checkCredential("password", wish.password);
    const id = randomUUID();
    const now = this.#backend.clock.wallMs();
    const row: store.CameraRow = {
      id,
      name: wish.name.trim(),
      source,
      rtsp_url: address?.url ?? "",
      username: (wish.username === undefined ? address?.username : wish.username) || null,
      password_sealed: this.#seal(id, wish.password === undefined ? address?.password : wish.password),
      ...this.#subFields(id, sub),
      record: wish.record === false ? 0 : 1,
      retention_days: wish.retention_days ?? null,
      export_frames: wish.export_frames === false ? 0 : 1,
      export_max_fps: wish.export_max_fps ?? null,
      export_height: wish.export_height ?? null,
      export_stream: wish.export_stream ?? "main",
      started: wish.start === false ? 0 : 1,
      created_at: now,
      updated_at: now,
    };
    if (!(await store.insertCamera(this.#backend.db, row, MAX_CAMERAS)))
      throw new CodedError("camera_limit", `No more cameras fit on this site [max:${MAX_CAMERAS}].`);
    this.#ids.add(id);
    if (row.started) this.#backend.kernel.startCamera(this.#spec(row));
    this.#changed(id);
    return this.#toCamera(row);
  }

  /** @throws CodedError camera_not_found, bad_request, camera_address_refused */
  patch(id: string, patch: CameraPatch): Promise<Camera> {
    return this.#oneByOne(id, async () => {
      const old = await mustExist(this.#backend, id);
      if (old.source === "test") refuseAddresses(patch);
      const address = await this.#address(patch.rtsp_url);
      const sub = await this.#address(patch.sub_rtsp_url ?? undefined, "sub_rtsp_url");
      checkCredential("username", patch.username);
      checkCredential("password", patch.password);
      const isNewHost = address !== undefined && address.host !== parseCameraAddress(old.rtsp_url).host;
      const username = patch.username === undefined ? address?.username : patch.username;
      const password = patch.password === undefined ? address?.password : patch.password;
      const row = await store.updateCamera(this.#backend.db, id, {
        ...(patch.name === undefined ? {} : { name: patch.name.trim() }),
        ...(address === undefined ? {} : { rtsp_url: address.url }),
        ...(username === undefined ? {} : { username: username || null }),
        // Another host must not be shown the password that was meant for the old one.
        ...(password === undefined && !isNewHost ? {} : { password_sealed: this.#seal(id, password) }),
        ...this.#subPatch(old, patch.sub_rtsp_url, sub),
        ...(patch.record === undefined ? {} : { record: patch.record ? 1 : 0 }),
        ...(patch.retention_days === undefined ? {} : { retention_days: patch.retention_days }),
        ...(patch.export_frames === undefined ? {} : { export_frames: patch.export_frames ? 1 : 0 }),
        ...(patch.export_max_fps === undefined ? {} : { export_max_fps: patch.export_max_fps }),
        ...(patch.export_height === undefined ? {} : { export_height: patch.export_height }),
        ...(patch.export_stream === undefined ? {} : { export_stream: patch.export_stream }),
        updated_at: this.#backend.clock.wallMs(),
      });
      if (!row) throw new CodedError("camera_not_found");
      if (row.started) this.#backend.kernel.startCamera(this.#spec(row));
      if (old.record && !row.record) this.#recorder.recordingEnded(id, "recording_off", "Recording was switched off.");
      this.#changed(id);
      return this.#toCamera(row);
    });
  }

  /** Idempotent. @throws CodedError camera_not_found */
  start(id: string): Promise<Camera> {
    return this.#oneByOne(id, async () => {
      const row = await this.#setStarted(id, 1);
      await this.#start(row);
      this.#changed(id);
      return this.#toCamera(row);
    });
  }

  /** Idempotent; answers when no process of the camera is left. @throws CodedError camera_not_found */
  stop(id: string): Promise<Camera> {
    return this.#oneByOne(id, async () => {
      const row = await this.#setStarted(id, 0);
      await this.#backend.kernel.stopCamera(id);
      this.#recorder.recordingEnded(id, "camera_stopped", "The camera was stopped.");
      this.#changed(id);
      return this.#toCamera(row);
    });
  }

  /** Deletes the camera with everything recorded of it. @throws CodedError camera_not_found */
  delete(id: string): Promise<void> {
    return this.#oneByOne(id, async () => {
      const row = await mustExist(this.#backend, id);
      await this.#backend.kernel.stopCamera(id);
      await this.#recorder.idle(); // its last segment is in the store, and so is found by the deletion
      const paths = await store.deleteCamera(this.#backend.db, id).catch((error: unknown) => {
        if (row.started) this.#backend.kernel.startCamera(this.#spec(row)); // nothing is deleted, so it goes on
        throw error;
      });
      this.#ids.delete(id);
      await this.#backend.kernel.deleteFiles(paths);
      await this.#backend.track.forget(id);
      this.#backend.core.notifyAssignmentsChanged();
      this.#changed(id);
    });
  }

  /** What would go with it. @throws CodedError camera_not_found */
  async holdings(id: string): Promise<CameraHoldings> {
    await mustExist(this.#backend, id);
    const { sinceMs, recordedMs, ...rest } = await store.holdings(this.#backend.db, id);
    return {
      recorded_hours: Math.round(recordedMs / 36_000) / 100,
      recorded_since: sinceMs === null ? null : isoTime(sinceMs),
      ...rest,
    };
  }

  /** @throws CodedError probe_*, camera_address_refused, camera_not_found */
  async probe(request: ProbeRequest, signal: AbortSignal): Promise<ProbeReply> {
    const stored = request.camera_id === undefined ? undefined : await mustExist(this.#backend, request.camera_id);
    const address = (await this.#address(request.rtsp_url)) as CameraAddress;
    checkCredential("username", request.username);
    checkCredential("password", request.password);
    const known = stored && this.#knownAt(stored, address);
    const given = request.password === undefined ? address.password : request.password;
    const username = request.username === undefined ? (address.username ?? known?.username) : request.username;
    const password = given === undefined ? known?.password : given;
    if (password) hideSecret(password);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]);
    const target = { url: address.url, username: username || null, password: password || null };
    return this.#probes.run(limit, () => this.#backend.kernel.probe(target, limit));
  }

  async #address(text: string | undefined, field?: string): Promise<CameraAddress | undefined> {
    if (text === undefined) return undefined;
    const address = parseCameraAddress(text, field);
    if (address.password) hideSecret(address.password);
    await this.#backend.kernel.checkAddress(address.url, AbortSignal.timeout(CHECK_TIMEOUT_MS));
    return address;
  }

  #subFields(
    id: string,
    sub: CameraAddress | undefined,
  ): Pick<store.CameraRow, "sub_rtsp_url" | "sub_username" | "sub_password_sealed"> {
    return {
      sub_rtsp_url: sub?.url ?? null,
      sub_username: sub?.username ?? null,
      sub_password_sealed: this.#seal(subContext(id), sub?.password),
    };
  }

  /** Nothing where the address is not spoken of; an address of its own host keeps the credentials that were its own. */
  #subPatch(old: store.CameraRow, wish: string | null | undefined, sub: CameraAddress | undefined) {
    if (wish === undefined) return {};
    const isSameHost =
      sub !== undefined && old.sub_rtsp_url !== null && parseCameraAddress(old.sub_rtsp_url).host === sub.host;
    if (isSameHost && sub.username === undefined && sub.password === undefined) return { sub_rtsp_url: sub.url };
    return this.#subFields(old.id, sub);
  }

  /** The credentials that VAS uses for this address of a stored camera; undefined for an address of another host. */
  #knownAt(
    row: store.CameraRow,
    address: CameraAddress,
  ): { username: string | null; password: string | null } | undefined {
    const { sub, url, username, password } = this.#spec(row);
    if (sub && sub.url === address.url) return sub;
    if (url !== "" && parseCameraAddress(url).host === address.host) return { username, password };
    return sub && sub.url !== "" && parseCameraAddress(sub.url).host === address.host ? sub : undefined;
  }

  #seal(id: string, password: string | null | undefined): string | null {
    if (!password) return null;
    hideSecret(password);
    return this.#sealer.seal(password, id);
  }

  /** Its time line goes on above what is recorded of it, should the clock have been set back meanwhile. */
  async #start(row: store.CameraRow): Promise<void> {
    const newest = await segmentAtPts(this.#backend.db, row.id, Number.MAX_SAFE_INTEGER);
    this.#backend.kernel.startCamera({ ...this.#spec(row), lastPts90k: newest?.endPts90k ?? 0 });
  }

  #spec(row: store.CameraRow): CameraSpec {
    const password = row.password_sealed === null ? null : this.#sealer.open(row.password_sealed, row.id);
    if (password) hideSecret(password);
    const frameExport = {
      enabled: row.export_frames === 1,
      maxFps: row.export_max_fps,
      height: row.export_height,
      stream: row.export_stream,
    };
    return {
      id: row.id,
      url: row.rtsp_url,
      username: row.username,
      password,
      sub: this.#subSpec(row, password),
      ...(row.source === "test" ? { test: true } : {}),
      frameExport,
      record: row.record === 1,
    };
  }

  /** The camera's own credentials are shown to no other host than its own. */
  #subSpec(row: store.CameraRow, password: string | null): CameraSpec["sub"] {
    if (row.source === "test") return { url: "", username: null, password: null };
    if (row.sub_rtsp_url === null) return null;
    const url = row.sub_rtsp_url;
    if (row.sub_username !== null || row.sub_password_sealed !== null) {
      const own =
        row.sub_password_sealed === null ? null : this.#sealer.open(row.sub_password_sealed, subContext(row.id));
      if (own) hideSecret(own);
      return { url, username: row.sub_username, password: own };
    }
    const isSameHost = parseCameraAddress(url).host === parseCameraAddress(row.rtsp_url).host;
    return isSameHost ? { url, username: row.username, password } : { url, username: null, password: null };
  }

  async #setStarted(id: string, started: 0 | 1): Promise<store.CameraRow> {
    const fields = { started, updated_at: this.#backend.clock.wallMs() };
    const row = await store.updateCamera(this.#backend.db, id, fields);
    if (!row) throw new CodedError("camera_not_found");
    return row;
  }

  #changed(id: string): void {
    this.#backend.notices.publish({ notice: "cameras_changed", camera_id: id });
  }

  #toCamera(row: store.CameraRow): Camera {
    return {
      id: row.id,
      name: row.name,
      source: row.source,
      rtsp_url: row.rtsp_url,
      sub_rtsp_url: row.sub_rtsp_url,
      has_sub: row.source === "test" || row.sub_rtsp_url !== null,
      username: row.username,
      has_password: row.password_sealed !== null,
      record: row.record === 1,
      retention_days: row.retention_days,
      export_frames: row.export_frames === 1,
      export_max_fps: row.export_max_fps,
      export_height: row.export_height,
      export_stream: row.export_stream,
      started: row.started === 1,
      created_at: isoTime(row.created_at),
      updated_at: isoTime(row.updated_at),
      status: this.#backend.kernel.status(row.id),
    };
  }

  async #oneByOne<T>(id: string, change: () => Promise<T>): Promise<T> {
    const before = this.#changes.get(id) ?? Promise.resolve();
    const mine = before.then(change, change);
    this.#changes.set(id, mine);
    try {
      return await mine;
    } finally {
      if (this.#changes.get(id) === mine) this.#changes.delete(id);
    }
  }
}

/** A sealed secret opens for what it was sealed for only. */
function subContext(cameraId: string): string {
  return `${cameraId} sub`;
}

/** @throws CodedError bad_request where a test camera is given what only an RTSP camera has */
function refuseAddresses(wish: CameraPatch): void {
  for (const field of ["rtsp_url", "sub_rtsp_url", "username", "password"] as const)
    if (wish[field]) throw new CodedError("bad_request", `/${field}: a test camera has none`);
}

/** @throws CodedError camera_not_found */
export async function mustExist(backend: Pick<Backend, "db">, cameraId: string): Promise<store.CameraRow> {
  const row = await store.cameraById(backend.db, cameraId);
  if (!row) throw new CodedError("camera_not_found");
  return row;
}
