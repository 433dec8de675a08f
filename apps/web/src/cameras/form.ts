/** The add and edit form: what is typed, and what of it is sent. */
import type { Camera, CameraCreate, CameraPatch, ProbeReply, ProbeRequest } from "@vas/contracts/http.ts";

export type CameraForm = {
  name: string;
  address: string;
  username: string;
  password: string;
  record: boolean;
  /** Days as typed; empty keeps recordings until the disk needs room. */
  retention: string;
  exportFrames: boolean;
  /** Frames a second as typed; empty is every frame. */
  exportFps: string;
  /** Pixels as typed; empty is the stream's own size. */
  exportHeight: string;
};

export function formOf(camera: Camera | null): CameraForm {
  return {
    name: camera?.name ?? "",
    address: camera?.rtsp_url ?? "rtsp://",
    username: camera?.username ?? "",
    password: "",
    record: camera?.record ?? true,
    retention: textOf(camera?.retention_days),
    exportFrames: camera?.export_frames ?? true,
    exportFps: textOf(camera?.export_max_fps),
    exportHeight: textOf(camera?.export_height),
  };
}

export type FormErrors = Partial<Record<keyof CameraForm, string>>;

export function checkForm(form: CameraForm): FormErrors {
  const errors: FormErrors = {};
  if (form.name.trim() === "") errors.name = "Give the camera a name.";
  if (!/^rtsps?:\/\/[^/\s]/i.test(form.address.trim()))
    errors.address = "The address begins with rtsp:// or rtsps:// and names a host.";
  if (form.retention.trim() !== "") {
    const days = Number(form.retention);
    if (!(days > 0 && days <= 3650)) errors.retention = "Give days from more than 0 to 3650, or leave it empty.";
  }
  if (form.exportFps.trim() !== "") {
    const fps = Number(form.exportFps);
    if (!(fps > 0 && fps <= 120)) errors.exportFps = "Give frames a second from more than 0 to 120, or leave it empty.";
  }
  if (form.exportHeight.trim() !== "") {
    const height = Number(form.exportHeight);
    if (!(height >= 64 && height <= 4320 && height % 2 === 0))
      errors.exportHeight = "Give an even height from 64 to 4320 pixels, or leave it empty.";
  }
  return errors;
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

export function createOf(form: CameraForm): CameraCreate {
  return {
    name: form.name.trim(),
    rtsp_url: form.address.trim(),
    ...(form.username === "" ? {} : { username: form.username }),
    ...(form.password === "" ? {} : { password: form.password }),
    ...settingsOf(form),
  };
}

/** Only what was changed; an empty password field leaves the stored one. Null where nothing was changed. */
export function patchOf(camera: Camera, form: CameraForm): CameraPatch | null {
  const patch: CameraPatch = {};
  if (form.name.trim() !== camera.name) patch.name = form.name.trim();
  if (form.address.trim() !== camera.rtsp_url) patch.rtsp_url = form.address.trim();
  const username = form.username === "" ? null : form.username;
  if (username !== camera.username) patch.username = username;
  if (form.password !== "") patch.password = form.password;
  for (const [name, value] of Object.entries(settingsOf(form)))
    if (camera[name as keyof Camera] !== value) Object.assign(patch, { [name]: value });
  return Object.keys(patch).length === 0 ? null : patch;
}

export function probeOf(form: CameraForm, camera: Camera | null): ProbeRequest {
  return {
    rtsp_url: form.address.trim(),
    ...(form.username === "" ? {} : { username: form.username }),
    ...(form.password === "" ? {} : { password: form.password }),
    ...(camera ? { camera_id: camera.id } : {}),
  };
}

export function probeFacts(reply: ProbeReply): { name: string; value: string }[] {
  return [
    { name: "Codec", value: reply.profile ? `${reply.codec} (${reply.profile})` : reply.codec },
    { name: "Size", value: `${reply.width} x ${reply.height}` },
    { name: "Frame rate", value: reply.fps === null ? "not known" : `${Math.round(reply.fps * 10) / 10} fps` },
    {
      name: "Key frame every",
      value: reply.gop_seconds === null ? "not known" : `${Math.round(reply.gop_seconds * 10) / 10} s`,
    },
    { name: "B-frames", value: reply.b_frames ? "yes" : "no" },
    { name: "Audio", value: reply.has_audio ? "yes" : "no" },
  ];
}
