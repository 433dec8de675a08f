import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { type LoadedModel, loadModelFolder } from "./model-folder.ts";

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "model-"));
  folder = join(root, "m");
  mkdirSync(folder);
  writeFileSync(join(folder, "h.ts"), "export const handler = () => [];");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const HEAD = "model_id: m\nmodel_name: M\nmodel_version: '1'\n";
const MODULE = `${HEAD}model_type: module\nentry: h.ts\n`;

function load(yaml: string): LoadedModel {
  writeFileSync(join(folder, "model.yaml"), yaml);
  const model = loadModelFolder(folder);
  assert.equal(typeof model, "object", String(model));
  return model as LoadedModel;
}

function refused(yaml: string, pattern: RegExp): void {
  writeFileSync(join(folder, "model.yaml"), yaml);
  assert.match(String(loadModelFolder(folder)), pattern);
}

test("a folder is loaded with the real paths of its files and its class names", () => {
  writeFileSync(join(folder, "names.txt"), "person\r\n traffic light \ncar\n\n \n");
  symlinkSync(folder, join(root, "link"));
  writeFileSync(join(folder, "w.onnx"), "x");
  writeFileSync(
    join(folder, "model.yaml"),
    `${HEAD}model_type: onnx\nmodel_weights: ./w.onnx\noutput_schema: { classes: 3, class_names_file: names.txt }\n`,
  );
  const model = loadModelFolder(join(root, "link")) as LoadedModel;
  assert.deepEqual(model.classNames, ["person", "traffic light", "car"]);
  assert.equal(model.folder, folder);
  assert.equal(model.weightsPath, join(folder, "w.onnx"));
  assert.equal(model.entryPath, undefined);
  assert.deepEqual(load(`${MODULE}output_schema: { class_names: [a, b] }\n`).classNames, ["a", "b"]);
  assert.deepEqual(load(MODULE).classNames, []);
});

test("a missing folder, a missing model.yaml and a broken one are refused with the reason", () => {
  assert.match(String(loadModelFolder(join(root, "none"))), /cannot be read \[ENOENT\]/);
  assert.match(String(loadModelFolder(folder)), /cannot be read \[ENOENT\]/);
  refused("model_id: m\nmodel_nam: M\n", /^model.yaml line 2: unknown key "model_nam"; /);
  refused(`${HEAD}model_type: module\n`, /line 4: model_type module needs entry; add entry/);
  refused(`${MODULE}description: "${"x".repeat(70_000)}"\n`, /too large \[max:65536, found:/);
});

test("files that are missing, folders, or lead out of the folder are refused", () => {
  refused(MODULE.replace("h.ts", "none.ts"), /entry cannot be read \[none.ts, ENOENT\]/);
  refused(MODULE.replace("h.ts", "../m/h.ts"), /leaves the model's folder/);
  refused(MODULE.replace("h.ts", "/etc/hostname"), /leaves the model's folder/);
  mkdirSync(join(folder, "sub"));
  refused(MODULE.replace("h.ts", "sub"), /entry is not a file/);
  writeFileSync(join(root, "outside.ts"), "");
  symlinkSync("../outside.ts", join(folder, "link.ts"));
  refused(MODULE.replace("h.ts", "link.ts"), /entry leads out of the folder \[link.ts\]/);
  symlinkSync(root, join(folder, "up"));
  refused(MODULE.replace("h.ts", "up/outside.ts"), /entry leads out of the folder/);
  mkdirSync(join(root, "mm"));
  writeFileSync(join(root, "mm", "h.ts"), "");
  symlinkSync("../mm/h.ts", join(folder, "sibling.ts"));
  refused(MODULE.replace("h.ts", "sibling.ts"), /leads out of the folder/);
  symlinkSync("h.ts", join(folder, "alias.ts"));
  assert.equal(load(MODULE.replace("h.ts", "alias.ts")).entryPath, join(folder, "h.ts"));
});

test("class names that do not fit are refused", () => {
  refused(`${MODULE}output_schema: { classes: 3, class_names: [a, b] }\n`, /differ \[classes:3, names:2\]/);
  writeFileSync(join(folder, "names.txt"), "a\n\nb\n");
  refused(`${MODULE}output_schema: { class_names_file: names.txt }\n`, /line 2 of the class_names_file is empty/);
  refused(`${MODULE}output_schema: { class_names_file: none.txt }\n`, /class_names_file cannot be read/);
});
