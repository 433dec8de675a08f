/** The add and edit form: what is typed, and what of it is sent. */
import type { Camera, CameraCreate, CameraPatch, ProbeRequest, StreamRole } from "@vas/contracts/http.ts";
import { cameraFormText } from "../strings/camera-form.ts";

export type CameraForm = {
  name: string;
  address: string;
  hasSub: boolean;
  /** Of the sub stream, where it has one. */
  subAddress: string;
  username: string;
  password: string;
  record: boolean;
  /** Days as typed; empty keeps recordings until the disk needs room. */
  retention: string;
  exportFrames: boolean;
  exportStream: StreamRole;
  /** Frames a second as typed; empty is every frame. */
  exportFps: string;
  /** Pixels as typed; empty is the stream's own size. */
  exportHeight: string;
};

const BARE = "rtsp://";

export function formOf(camera: Camera | null): CameraForm {
  return {
    name: camera?.name ?? "",
    address: camera?.rtsp_url ?? BARE,
    hasSub: camera?.sub_rtsp_url != null,
    subAddress: camera?.sub_rtsp_url ?? BARE,
    username: camera?.username ?? "",
    password: "",
    record: camera?.record ?? true,
    retention: textOf(camera?.retention_days),
    exportFrames: camera?.export_frames ?? true,
    exportStream: camera?.export_stream ?? "main",
    exportFps: textOf(camera?.export_max_fps),
    exportHeight: textOf(camera?.export_height),
  };
}

export type FormErrors = Partial<Record<keyof CameraForm, string>>;

/** @param isTest a test camera has no address */
export function checkForm(form: CameraForm, isTest = false): FormErrors {
  const errors: FormErrors = {};
  if (form.name.trim() === "") errors.name = cameraFormText.noName;
  if (!isTest && !isAddress(form.address)) errors.address = cameraFormText.badAddress;
  if (!isTest && form.hasSub && !isAddress(form.subAddress)) errors.subAddress = cameraFormText.badAddress;
  if (form.retention.trim() !== "") {
    const days = Number(form.retention);
    if (!(days > 0 && days <= 3650)) errors.retention = cameraFormText.badDays;
  }
  if (form.exportFps.trim() !== "") {
    const fps = Number(form.exportFps);
    if (!(fps > 0 && fps <= 120)) errors.exportFps = cameraFormText.badFps;
  }
  if (form.exportHeight.trim() !== "") {
    const height = Number(form.exportHeight);
    if (!(height >= 64 && height <= 4320 && height % 2 === 0)) errors.exportHeight = cameraFormText.badHeight;
  }
  return errors;
}

function isAddress(text: string): boolean {
  return /^rtsps?:\/\/[^/\s]/i.test(text.trim());
}

function textOf(value: number | null | undefined): string {
  return value == null ? "" : String(value);
}

function numberOf(text: string): number | null {
  return text.trim() === "" ? null : Number(text);
}

function settingsOf(form: CameraForm) {
  return {
    record: form.record,
    retention_days: numberOf(form.retention),
    export_frames: form.exportFrames,
    export_max_fps: numberOf(form.exportFps),
    export_height: numberOf(form.exportHeight),
  };
}

/** A camera that loses its sub stream has nothing else to give than main. */
function exportStreamOf(form: CameraForm, isTest: boolean): StreamRole {
  return form.hasSub || isTest ? form.exportStream : "main";
}

export function createOf(form: CameraForm): CameraCreate {
  const stream = exportStreamOf(form, false);
  return {
    name: form.name.trim(),
    rtsp_url: form.address.trim(),
    ...(form.hasSub ? { sub_rtsp_url: form.subAddress.trim() } : {}),
    ...(form.username === "" ? {} : { username: form.username }),
    ...(form.password === "" ? {} : { password: form.password }),
    ...settingsOf(form),
    ...(stream === "sub" ? { export_stream: stream } : {}),
  };
}

/** Only what was changed; an empty password field leaves the stored one. Null where nothing was changed. */
export function patchOf(camera: Camera, form: CameraForm): CameraPatch | null {
  const isTest = camera.source === "test";
  const patch: CameraPatch = {};
  if (form.name.trim() !== camera.name) patch.name = form.name.trim();
  if (!isTest) {
    if (form.address.trim() !== camera.rtsp_url) patch.rtsp_url = form.address.trim();
    const sub = form.hasSub ? form.subAddress.trim() : null;
    if (sub !== (camera.sub_rtsp_url ?? null)) patch.sub_rtsp_url = sub;
    const username = form.username === "" ? null : form.username;
    if (username !== camera.username) patch.username = username;
    if (form.password !== "") patch.password = form.password;
  }
  const stream = exportStreamOf(form, isTest);
  if (stream !== (camera.export_stream ?? "main")) patch.export_stream = stream;
  for (const [name, value] of Object.entries(settingsOf(form)))
    if (camera[name as keyof Camera] !== value) Object.assign(patch, { [name]: value });
  return Object.keys(patch).length === 0 ? null : patch;
}

/** VAS gives a stored password to the camera's own hosts only. */
export function probeOf(form: CameraForm, camera: Camera | null, stream: StreamRole = "main"): ProbeRequest {
  const address = (stream === "main" ? form.address : form.subAddress).trim();
  const isOwn = stream === "main" || hostOf(address) === hostOf(form.address.trim());
  return {
    rtsp_url: address,
    ...(form.username === "" || !isOwn ? {} : { username: form.username }),
    ...(form.password === "" || !isOwn ? {} : { password: form.password }),
    ...(camera ? { camera_id: camera.id } : {}),
  };
}

/** Host and port as VAS compares them; null where it is no address. */
function hostOf(address: string): string | null {
  return URL.canParse(address) ? new URL(address).host.toLowerCase() : null;
}
