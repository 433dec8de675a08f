import assert from "node:assert/strict";
import { test } from "node:test";
import type { Camera } from "@vas/contracts/http.ts";
import { checkForm, createOf, formOf, patchOf, probeOf } from "./form.ts";

const camera = {
  id: "c1",
  name: "Gate",
  rtsp_url: "rtsp://10.0.0.5/stream",
  username: "admin",
  has_password: true,
  record: true,
  retention_days: null,
  export_frames: true,
  export_max_fps: null,
  export_height: 360,
} as Camera;

test("a form says what is missing in words", () => {
  const errors = checkForm({ ...formOf(null), retention: "0", exportFps: "-1", exportHeight: "361" });
  assert.deepEqual(Object.keys(errors).sort(), ["address", "exportFps", "exportHeight", "name", "retention"]);
  assert.deepEqual(checkForm({ ...formOf(null), name: "Gate", address: "rtsp://h/x" }), {});
});

test("a new camera is sent without the fields that were left empty", () => {
  assert.deepEqual(createOf({ ...formOf(null), name: " Gate ", address: "rtsp://h/x", retention: "7" }), {
    name: "Gate",
    rtsp_url: "rtsp://h/x",
    record: true,
    retention_days: 7,
    export_frames: true,
    export_max_fps: null,
    export_height: null,
  });
});

test("editing never shows the password and sends only what changed", () => {
  const form = formOf(camera);
  assert.equal(form.password, "");
  assert.equal(patchOf(camera, form), null);
  assert.deepEqual(patchOf(camera, { ...form, name: "Yard" }), { name: "Yard" });
  assert.deepEqual(patchOf(camera, { ...form, exportFps: "5", exportHeight: "" }), {
    export_max_fps: 5,
    export_height: null,
  });
  assert.deepEqual(patchOf(camera, { ...form, password: "p", username: "" }), { password: "p", username: null });
});

test("a probe of a known camera may use its stored password", () => {
  assert.deepEqual(probeOf(formOf(camera), camera), { rtsp_url: camera.rtsp_url, username: "admin", camera_id: "c1" });
});

const withSub = { ...camera, sub_rtsp_url: "rtsp://10.0.0.5/low", has_sub: true, export_stream: "sub" } as Camera;

test("a sub stream is sent where it is switched on, and taken away where it is switched off", () => {
  const made = createOf({
    ...formOf(null),
    name: "G",
    address: "rtsp://h/x",
    hasSub: true,
    subAddress: " rtsp://h/y ",
  });
  assert.deepEqual([made.sub_rtsp_url, made.export_stream], ["rtsp://h/y", undefined]);
  const form = formOf(withSub);
  assert.deepEqual([form.hasSub, form.subAddress, form.exportStream], [true, "rtsp://10.0.0.5/low", "sub"]);
  assert.equal(patchOf(withSub, form), null);
  assert.deepEqual(patchOf(withSub, { ...form, hasSub: false }), { sub_rtsp_url: null, export_stream: "main" });
  assert.deepEqual(Object.keys(checkForm({ ...form, subAddress: "rtsp://" })), ["subAddress"]);
  assert.deepEqual(checkForm({ ...form, hasSub: false, subAddress: "" }), {});
});

test("a sub stream is probed with the camera's name and password on the camera's host only", () => {
  const form = { ...formOf(withSub), password: "p" };
  assert.deepEqual(probeOf(form, withSub, "sub"), {
    rtsp_url: "rtsp://10.0.0.5/low",
    username: "admin",
    password: "p",
    camera_id: "c1",
  });
  assert.deepEqual(probeOf({ ...form, subAddress: "rtsp://10.0.0.6/low" }, withSub, "sub"), {
    rtsp_url: "rtsp://10.0.0.6/low",
    camera_id: "c1",
  });
});

test("a test camera has settings but no addresses", () => {
  const test = { ...camera, source: "test", rtsp_url: "", username: null, has_sub: true, sub_rtsp_url: null } as Camera;
  const form = formOf(test);
  assert.deepEqual(checkForm(form, true), {});
  assert.equal(patchOf(test, form), null);
  assert.deepEqual(patchOf(test, { ...form, exportStream: "sub" }), { export_stream: "sub" });
});
