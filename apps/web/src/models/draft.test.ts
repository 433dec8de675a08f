import assert from "node:assert/strict";
import { test } from "node:test";
import { chosenFiles, editedSettings, formErrors, formOf, linesOf, refilled } from "./draft.ts";

const file = (path: string, size = 1) => ({
  name: path.split("/").at(-1) ?? "",
  size,
  ...(path.includes("/") ? { webkitRelativePath: path } : {}),
});
const names = (...paths: string[]) => {
  const { files, leftOut } = chosenFiles(paths.map((path, at) => file(path, 100 - at)));
  return [files.map(({ name }) => name), leftOut];
};

test("of a folder the files beside the network are sent, small ones first, and the others are told", () => {
  assert.deepEqual(names("m/net.onnx", "m/names.txt", "m/run.py", "m/.git", "m/deep/other.onnx"), [
    ["names.txt", "net.onnx"],
    ["run.py", "other.onnx"],
  ]);
  assert.deepEqual(names("all/m/model.yaml", "all/m/net.onnx", "all/readme.md"), [
    ["net.onnx", "model.yaml"],
    ["readme.md"],
  ]);
  assert.deepEqual(names("net.onnx"), [["net.onnx"], []]);
  assert.deepEqual(names("holiday.jpg"), [[], ["holiday.jpg"]]);
  assert.deepEqual(names("names.txt"), [[], ["names.txt"]]);
});

const settings = {
  model_id: "net",
  name: "Net",
  version: "1.0.0",
  format: "yolov8",
  size: [640, 640] as [number, number],
  color: "rgb" as const,
  letterbox: true,
  class_names: ["cat", "dog"],
  confidence_threshold: 0.25,
  nms_iou_threshold: 0.45,
};

test("only what a person changed is sent, so that the doctor goes on finding the rest", () => {
  const before = formOf(settings);
  assert.deepEqual(editedSettings(before, before), {});
  const form = {
    ...before,
    name: " Yard ",
    size: "320 x 256",
    color: "bgr",
    letterbox: false,
    class_names: "owl\n\n fox \n",
  };
  assert.deepEqual(editedSettings({ ...form, confidence_threshold: "0,4" }, before), {
    name: "Yard",
    size: [320, 256],
    color: "bgr",
    letterbox: false,
    confidence_threshold: 0.4,
    class_names: ["owl", "fox"],
  });
  assert.deepEqual(editedSettings({ ...before, class_names: "" }, before), { class_names: [] });
});

test("what cannot be sent is told beside its field", () => {
  const good = formOf(settings);
  assert.deepEqual(formErrors(good), {});
  const errors = formErrors({
    ...good,
    model_id: "Net One",
    size: "big",
    confidence_threshold: "2",
    nms_iou_threshold: "",
  });
  assert.deepEqual(Object.keys(errors).sort(), ["confidence_threshold", "model_id", "nms_iou_threshold", "size"]);
  assert.deepEqual(linesOf("a\r\n b \n\n"), ["a", "b"]);
});

test("what the doctor finds anew fills the fields that nobody touched", () => {
  const before = formOf(settings);
  const form = { ...before, format: "yolox", name: "Yard" };
  const found = formOf({ ...settings, format: "yolox", name: "Yard", color: "bgr", confidence_threshold: 0.5 });
  const anew = refilled({ form, before }, found);
  assert.deepEqual([anew.form.color, anew.form.confidence_threshold, anew.form.name], ["bgr", "0.5", "Yard"]);
  assert.deepEqual(editedSettings(anew.form, anew.before), { format: "yolox", name: "Yard" });
});
