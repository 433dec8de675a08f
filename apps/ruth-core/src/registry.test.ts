import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { checkCoreMessage } from "@vas/contracts/results.ts";
import { idFromName, Registry } from "./registry.ts";

function models(t: TestContext): { dir: string; put: (folder: string, files: Record<string, string>) => string } {
  const dir = mkdtempSync(join(tmpdir(), "registry-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return {
    dir,
    put(folder, files) {
      mkdirSync(join(dir, folder), { recursive: true });
      for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, folder, name), text);
      return join(dir, folder);
    },
  };
}

const yaml = (id: string, more = "") =>
  `model_id: ${id}\nmodel_name: Name\nmodel_version: "1"\nmodel_type: module\nentry: handler.ts\n${more}`;

test("a good folder is a valid model with the hash of its code, and a folder without model.yaml is none", async (t) => {
  const { dir, put } = models(t);
  put("good", { "model.yaml": yaml("good"), "handler.ts": "export {}" });
  put("notes", { "README.md": "nothing" });
  writeFileSync(join(dir, "file"), "");
  const registry = new Registry([dir]);
  assert.equal(await registry.scan(), true);
  assert.equal(registry.models.length, 1);
  assert.equal(registry.models[0]?.valid, true);
  assert.equal(registry.models[0]?.weights_sha256, createHash("sha256").update("export {}").digest("hex"));
  assert.equal(await registry.scan(), false);
});

test("each broken folder is listed with its line and remedy, and the good one beside them is unaffected", async (t) => {
  const { dir, put } = models(t);
  put("a-good", { "model.yaml": yaml("good"), "handler.ts": "1" });
  put("b-syntax", { "model.yaml": "model_id: [\n" });
  put("c-missing", { "model.yaml": yaml("missing") });
  symlinkSync("/etc/passwd", join(put("d-link", { "model.yaml": yaml("link") }), "handler.ts"));
  put("e-twice", { "model.yaml": yaml("good"), "handler.ts": "1" });
  put("f-unknown", { "model.yaml": yaml("unknown", "colour: red\n"), "handler.ts": "1" });
  put("g-names", {
    "model.yaml": yaml("names", "output_schema:\n  classes: 3\n  class_names_file: names.txt\n"),
    "handler.ts": "1",
    "names.txt": "person\ncar\n",
  });
  mkdirSync(join(put("h-dir", {}), "model.yaml"), { recursive: true });
  mkdirSync(join(put("i-entry", { "model.yaml": yaml("entry-dir") }), "handler.ts"));
  put("Ünnamed !", { "model.yaml": "" });
  const registry = new Registry([dir]);
  await registry.scan();
  const byFolder = Object.fromEntries(registry.models.map((m) => [m.folder, m]));
  const reason = (folder: string) => `${byFolder[folder]?.reason?.line}: ${byFolder[folder]?.reason?.message}`;
  assert.equal(byFolder["a-good"]?.valid, true);
  assert.deepEqual(
    registry.models.filter((m) => m.valid).map((m) => m.folder),
    ["a-good"],
  );
  assert.equal(byFolder["b-syntax"]?.model_id, "b-syntax");
  assert.match(reason("c-missing"), /^5: entry "handler.ts": there is no such file/);
  assert.match(reason("d-link"), /leaves the folder/);
  assert.match(reason("e-twice"), /already that of .*a-good/);
  assert.equal(byFolder["e-twice"]?.model_id, "e-twice");
  assert.match(reason("f-unknown"), /^6: unknown key "colour"/);
  assert.equal(byFolder["f-unknown"]?.model_id, "unknown", "an id that can be read is kept");
  assert.match(reason("g-names"), /^7: classes and class names differ/);
  assert.match(reason("h-dir"), /not a file|EISDIR/);
  assert.match(reason("i-entry"), /not a file/);
  for (const model of registry.models) assert.ok(model.valid || model.reason?.remedy, model.folder);
  const checked = checkCoreMessage({ id: 1, type: "models", models: [...registry.models] });
  assert.ok(checked.ok, JSON.stringify(checked));
});

test("a folder that is repaired, changed or removed is noticed by the next scan", async (t) => {
  const { dir, put } = models(t);
  const folder = put("m", { "model.yaml": yaml("m") });
  const registry = new Registry([dir]);
  await registry.scan();
  assert.equal(registry.models[0]?.valid, false);
  put("m", { "handler.ts": "one" });
  assert.equal(await registry.scan(), true);
  assert.equal(registry.models[0]?.valid, true);
  const hash = registry.models[0]?.weights_sha256;
  put("m", { "handler.ts": "two!" });
  assert.equal(await registry.scan(), true);
  assert.notEqual(registry.models[0]?.weights_sha256, hash);
  rmSync(folder, { recursive: true });
  assert.equal(await registry.scan(), true);
  assert.equal(registry.models.length, 0);
});

test("class names come from their file, and several folders of models are read in order", async (t) => {
  const first = models(t);
  const second = models(t);
  first.put("m", {
    "model.yaml": yaml(
      "m",
      "output_schema:\n  type: detection\n  class_names_file: names.txt\n  keypoint_names: [a, b]\n  skeleton: [[b, a]]\n",
    ),
    "handler.ts": "1",
    "names.txt": "person\r\ncar\r\n\n",
  });
  second.put("m", { "model.yaml": yaml("m"), "handler.ts": "1" });
  const registry = new Registry([first.dir, second.dir, "/nowhere/at/all"]);
  await registry.scan();
  assert.deepEqual(registry.models[0]?.class_names, ["person", "car"]);
  assert.equal(registry.models[0]?.output_type, "detection");
  assert.deepEqual([registry.models[0]?.keypoint_names, registry.models[0]?.skeleton], [["a", "b"], [[1, 0]]]);
  assert.equal(registry.models[1]?.valid, false);
  assert.equal(registry.unreadable.get("/nowhere/at/all"), "ENOENT");
});

test("any folder name gives a valid model id", () => {
  for (const [name, id] of [
    ["YOLO v8", "yolo-v8"],
    ["__x", "x"],
    ["???", "model"],
    ["a".repeat(300), "a".repeat(128)],
  ] as const)
    assert.equal(idFromName(name), id);
});

test("what a model grants its runtime is read, and a config_schema that cannot be used makes it invalid", async (t) => {
  const { dir, put } = models(t);
  put("limits", {
    "model.yaml": yaml("limits", "runtime: { reply_timeout_ms: 2500, max_in_flight: 1 }\n"),
    "handler.ts": "1",
  });
  const schema = 'config_schema: { properties: { a: { type: string, pattern: "(" } } }\n';
  put("schema", { "model.yaml": yaml("schema", schema), "handler.ts": "1" });
  const registry = new Registry([dir]);
  await registry.scan();
  const [limits, broken] = registry.models;
  assert.deepEqual([limits?.reply_timeout_ms, limits?.max_in_flight, limits?.notice], [2500, 1, null]);
  assert.deepEqual([broken?.valid, broken?.reason?.line], [false, 6]);
  assert.match(broken?.reason?.message ?? "", /config_schema cannot be used/);
  assert.ok(checkCoreMessage({ id: 1, type: "models", models: registry.models }).ok);
});

test("a model that asks for a GPU says what that means on this machine, also after one was put in", async (t) => {
  const { dir, put } = models(t);
  const devices = mkdtempSync(join(tmpdir(), "devices-"));
  t.after(() => rmSync(devices, { recursive: true, force: true }));
  const needs = (id: string, resources: string) =>
    put(id, { "model.yaml": yaml(id, `resource_requirements: { ${resources} }\n`), "handler.ts": "1" });
  needs("a-must", "gpu_required: true, cpu_fallback_allowed: false");
  needs("b-would", "gpu_required: true, cpu_fallback_allowed: true");
  needs("c-need-not", "gpu_required: false, cpu_fallback_allowed: false");
  const registry = new Registry([dir], devices);
  const notices = async () => {
    await registry.scan();
    return registry.models.map((model) => model.notice ?? "");
  };
  const [must, would, needNot] = await notices();
  assert.match(must ?? "", /may not run on the CPU/);
  assert.match(would ?? "", /it runs on the CPU/);
  assert.equal(needNot, "");
  assert.ok(
    registry.models.every((model) => model.valid),
    "they are valid all the same",
  );
  writeFileSync(join(devices, "nvidia0"), "");
  assert.deepEqual(await notices(), ["", "", ""]);
});

test("where model.yaml names no classes, the network's own metadata does, and a wrong count is told", async (t) => {
  const { dir, put } = models(t);
  // ModelProto: ir_version 8, and one metadata entry (field 14) of a key (1) and a value (2).
  const value = "{0: 'cat', 1: 'dog'}";
  const network = `\x08\x08\x72${String.fromCharCode(7 + 2 + value.length)}\x0a\x05names\x12${String.fromCharCode(value.length)}${value}`;
  const head = 'model_name: N\nmodel_version: "1"\nmodel_type: onnx\nmodel_weights: w.onnx\n';
  put("a", { "model.yaml": `model_id: a\n${head}`, "w.onnx": network });
  put("b", { "model.yaml": `model_id: b\n${head}output_schema: { class_names: [owl] }\n`, "w.onnx": network });
  put("c", { "model.yaml": `model_id: c\n${head}output_schema: { classes: 3 }\n`, "w.onnx": network });
  put("d", { "model.yaml": `model_id: d\n${head}`, "w.onnx": "no network" });
  const registry = new Registry([dir]);
  await registry.scan();
  assert.deepEqual(
    registry.models.map(({ model_id, valid, class_names }) => [model_id, valid, class_names]),
    [
      ["a", true, ["cat", "dog"]],
      ["b", true, ["owl"]],
      ["c", false, []],
      ["d", true, []],
    ],
  );
  assert.match(registry.models[2]?.reason?.message ?? "", /\[classes:3, names:2\]/);
});
