/** Models from the web: the real doctor in its process, real files, and whatever a hostile sender may think of. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createLog } from "@vas/base/log.ts";
import type { ErrorBody } from "@vas/contracts/errors.ts";
import type { AuditPage } from "@vas/contracts/audit.ts";
import type { AiModelList, AssignmentPage } from "@vas/contracts/http.ts";
import { parseModelYaml } from "@vas/contracts/model.ts";
import type { ModelDraft, ModelDraftList, ModelExamination, ModelTrial } from "@vas/contracts/model-drafts.ts";
import { testData } from "@vas/testkit/test-data.ts";
import { markAdded } from "../backend/added-models.ts";
import { storeModels } from "../backend/store/ai-models.ts";
import { discovered } from "../backend/testing/ai-site.ts";
import { addCamera, openTestSite, type TestSite } from "../backend/testing/site.ts";
import { createDoctor, type DoctorLimits } from "./doctor.ts";

const A = "/api/v1/ai-model-drafts";
const FASTESTDET = testData("FastestDet.onnx");
const log = createLog(() => undefined);

type Answer<T> = { status: number; body: T & ErrorBody };

async function open(t: TestContext, options: { modelsDir?: string | null; limits?: DoctorLimits } = {}) {
  const modelsDir = options.modelsDir === undefined ? folder(t) : options.modelsDir;
  const site = await openTestSite(t, {
    doctor: createDoctor(log, options.limits),
    ...(modelsDir === null ? {} : { env: { VAS_MODELS_DIR: modelsDir } }),
  });
  return { site, modelsDir: modelsDir ?? "" };
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "models-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function ask<T>(site: TestSite, method: string, path: string, body?: unknown): Promise<Answer<T>> {
  const response = await site.call(method, path, body);
  const text = await response.text();
  return { status: response.status, body: (text === "" ? null : JSON.parse(text)) as T & ErrorBody };
}

const draftOf = async (site: TestSite) => (await ask<ModelDraft>(site, "POST", A)).body.id;
const examine = (site: TestSite, id: string, settings: object = {}) =>
  ask<ModelExamination>(site, "POST", `${A}/${id}/examine`, settings);

async function send(site: TestSite, id: string, name: string, bytes: Uint8Array): Promise<Answer<ModelDraft>> {
  const response = await fetch(`${site.url}${A}/${id}/files/${encodeURIComponent(name)}`, {
    method: "PUT",
    headers: { cookie: site.cookie, origin: site.url, "content-type": "application/octet-stream" },
    body: Uint8Array.from(bytes),
  });
  return { status: response.status, body: (await response.json()) as ModelDraft & ErrorBody };
}

test("a network is explained, tried on a camera's picture, corrected, and added where Core looks", async (t) => {
  const { site, modelsDir } = await open(t);
  const camera = await addCamera(site);
  const id = await draftOf(site);
  const sent = await send(site, id, "FastestDet.onnx", readFileSync(FASTESTDET));
  assert.deepEqual([sent.status, sent.body.files], [200, [{ name: "FastestDet.onnx", size_bytes: 998_169 }]]);

  const { body: found } = await examine(site, id);
  assert.equal(found.format, "fastestdet");
  assert.deepEqual([found.settings.model_id, found.settings.size, found.classes], ["fastestdet", [352, 352], 80]);
  assert.match(found.reasons.join("\n"), /cells: 758 float32 \[1, 85, 22, 22\]/);
  assert.deepEqual(
    found.problems.map(({ severity, where }) => [severity, where]),
    [["warning", "model.yaml, line 4"]],
  );

  const unreadable = await ask(site, "POST", `${A}/${id}/try`, { camera_id: camera });
  assert.match(unreadable.body.error.message, /^the camera's picture: ffmpeg ended with/);
  const jpeg = jpegOfPerson();
  site.kernel.pictureNow = async () => ({ jpeg, width: 768, height: 432, pts90k: 0, wallMs: Date.now() });
  const trial = await ask<ModelTrial>(site, "POST", `${A}/${id}/try`, { camera_id: camera });
  assert.deepEqual([trial.status, trial.body.width, trial.body.height], [200, 768, 432], JSON.stringify(trial.body));
  assert.ok(trial.body.detections.some(({ class_name, confidence }) => class_name === "person" && confidence > 0.6));
  const picture = await site.call("GET", `${A}/${id}/picture`);
  assert.deepEqual(Buffer.from(await picture.arrayBuffer()), jpeg);

  const settings = { model_id: "yard-people", name: "Yard people", license: "MIT", confidence_threshold: 0.4 };
  const added = await ask<{ model_id: string }>(site, "POST", `${A}/${id}/add`, settings);
  assert.deepEqual([added.status, added.body.model_id], [201, "yard-people"]);
  const yaml = parseModelYaml(readFileSync(join(modelsDir, "yard-people/model.yaml"), "utf8"));
  assert.ok("model" in yaml);
  assert.deepEqual(
    [yaml.model.model_id, yaml.model.license, yaml.model.confidence_threshold],
    ["yard-people", "MIT", 0.4],
  );
  assert.deepEqual(readdirSync(join(modelsDir, "yard-people")).sort(), [
    ".added-from-web",
    "FastestDet.onnx",
    "model.yaml",
  ]);
  assert.equal(statSync(join(modelsDir, "yard-people/FastestDet.onnx")).mode & 0o777, 0o644);
  assert.equal((await ask(site, "GET", `${A}/${id}`)).status, 404, "a draft that was added is none any more");
  assert.deepEqual(readdirSync(join(site.dataDir, "model-drafts")), []);

  const again = await draftOf(site);
  await send(site, again, "FastestDet.onnx", readFileSync(FASTESTDET));
  const taken = await ask(site, "POST", `${A}/${again}/add`, { model_id: "yard-people" });
  assert.deepEqual([taken.status, taken.body.error.code], [409, "model_exists"]);
});

test("what was added from the web is removed from there, and no other folder ever is", async (t) => {
  const { site, modelsDir } = await open(t);
  const M = "/api/v1/ai-models";
  const elsewhere = folder(t);
  for (const at of [join(modelsDir, "by-hand"), join(modelsDir, "yard"), elsewhere]) {
    mkdirSync(at, { recursive: true });
    writeFileSync(join(at, "model.yaml"), "");
  }
  await markAdded(elsewhere);
  symlinkSync(elsewhere, join(modelsDir, "linked"));
  const models = ["by-hand", "linked", "yard", "absent"].map((id) => discovered(id));
  await storeModels(site.backend.db, models, Date.now());
  const removable = async () =>
    (await ask<AiModelList>(site, "GET", M)).body.items.filter((one) => one.removable).map((one) => one.model_id);
  assert.deepEqual(await removable(), []);
  for (const id of ["by-hand", "linked", "absent"]) {
    const { status, body } = await ask(site, "DELETE", `${M}/${id}`);
    assert.deepEqual([status, body.error.code], [409, "model_not_removable"], id);
  }
  assert.equal((await ask(site, "DELETE", `${M}/never-heard-of`)).status, 404);
  assert.equal((await ask(site, "DELETE", `${M}/..`)).status, 404);

  await markAdded(join(modelsDir, "yard"));
  const camera = await addCamera(site);
  assert.equal((await ask(site, "PUT", `/api/v1/ai-model-assignments/${camera}/yard`, {})).status, 200);
  assert.deepEqual(await removable(), ["yard"]);
  assert.equal((await ask(site, "DELETE", `${M}/yard`)).status, 204);
  assert.deepEqual(readdirSync(modelsDir).sort(), ["by-hand", "linked"]);
  assert.ok(existsSync(join(elsewhere, "model.yaml")));
  assert.deepEqual((await ask<AssignmentPage>(site, "GET", "/api/v1/ai-model-assignments")).body.items, []);
  assert.equal((await ask(site, "GET", `${M}/yard`)).status, 404);
  const [last] = (await ask<AuditPage>(site, "GET", "/api/v1/audit")).body.items;
  assert.deepEqual([last?.action, last?.object_id], ["model.remove", "yard"]);
});

test("what is no network, or half of one, is told with its place and a remedy", async (t) => {
  const { site, modelsDir } = await open(t);
  const whole = readFileSync(FASTESTDET);
  for (const [bytes, expected] of [
    [
      Buffer.from("<html>not found</html>"),
      /FastestDet\.onnx: this is no ONNX model: .*; export the network to ONNX again/,
    ],
    [whole.subarray(0, 500_000), /this is no ONNX model: field \d+ ends after byte 500000/],
    [Buffer.alloc(100_000, 0x0a), /this is no ONNX model/],
    [Buffer.concat([Buffer.from([0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f]), whole]), /this is no ONNX model/],
    [Buffer.alloc(1), /this is no ONNX model/],
  ] as const) {
    const id = await draftOf(site);
    assert.equal((await send(site, id, "FastestDet.onnx", bytes)).status, 200);
    const { status, body } = await examine(site, id);
    assert.deepEqual([status, body.error.code], [409, "model_invalid"], JSON.stringify(body));
    assert.match(body.error.message, expected);
    assert.equal((await ask(site, "POST", `${A}/${id}/add`, {})).status, 409);
    await ask(site, "DELETE", `${A}/${id}`);
  }
  const id = await draftOf(site);
  assert.match((await examine(site, id)).body.error.message, /there is no \.onnx file and no model\.yaml/);
  await send(site, id, "FastestDet.onnx", whole);
  const wrong = await examine(site, id, { class_names: ["cat", "dog"] });
  assert.match(JSON.stringify(wrong.body.problems), /80 classes, model.yaml has 2/);
  const refused = await ask(site, "POST", `${A}/${id}/add`, { class_names: ["cat", "dog"] });
  assert.deepEqual([refused.status, refused.body.error.code], [409, "model_invalid"]);
  assert.deepEqual(readdirSync(modelsDir), []);
});

test("a model.yaml that came with the files is checked as it is, and a program in it is refused", async (t) => {
  const { site } = await open(t);
  const id = await draftOf(site);
  const yaml = (more: string) => Buffer.from(`model_id: a\nmodel_name: A\nmodel_version: "1"\n${more}`);
  await send(site, id, "FastestDet.onnx", readFileSync(FASTESTDET));
  const network = "model_type: onnx\nmodel_weights: FastestDet.onnx\n";
  await send(site, id, "model.yaml", yaml(`${network}output_schema: { format: yolov8, classes: 80 }\n`));
  const { body } = await examine(site, id, { name: "ignored" });
  assert.equal(body.model_yaml_by, "author");
  assert.match(JSON.stringify(body.problems), /model\.yaml, line 6.*outputs look like fastestdet/);
  await send(site, id, "model.yaml", yaml("model_type: module\nentry: handler.ts\n"));
  assert.match((await examine(site, id)).body.error.message, /is a program.*programs are not taken from the web/);
  await send(site, id, "model.yaml", yaml(`${network}entry: decode.ts\n`));
  assert.match((await examine(site, id)).body.error.message, /names an entry, which is a program/);
  await send(site, id, "model.yaml", yaml("model_type: onnx\nmodel_weights: ../../../etc/passwd\n"));
  assert.match(JSON.stringify((await examine(site, id)).body.problems), /leaves the model's folder/);
});

test("names are names of files of a model, never places or programs", async (t) => {
  const { site } = await open(t);
  const id = await draftOf(site);
  for (const name of [
    "../evil.onnx",
    "..%2fevil.onnx",
    "a/b.onnx",
    "a\\b.onnx",
    "..",
    ".hidden.onnx",
    "a..onnx",
    "evil.onnx\0.txt",
    "decode.ts",
    "handler.py",
    "run.sh",
    "noending",
    "-rf.onnx",
    `${"a".repeat(200)}.onnx`,
    "x\n.onnx",
    "",
  ]) {
    const { status } = await send(site, id, name, Buffer.from("x"));
    assert.ok(status === 400 || status === 404, `${JSON.stringify(name)} was answered with ${status}`);
  }
  const { body } = await send(site, id, "handler.py", Buffer.from("x"));
  assert.match(body.error.message, /is a program: programs are not taken from the web/);
  const [staged] = readdirSync(join(site.dataDir, "model-drafts"));
  assert.deepEqual(readdirSync(join(site.dataDir, "model-drafts", staged ?? "")), []);
  assert.deepEqual((await ask<ModelDraftList>(site, "GET", A)).body.items[0]?.files, []);
});

test("a file that says it is too large, or never ends, is refused and leaves nothing behind", async (t) => {
  const { site } = await open(t);
  const id = await draftOf(site);
  const put = (headers: Record<string, string>) =>
    httpRequest(`${site.url}${A}/${id}/files/a.onnx`, {
      method: "PUT",
      headers: { cookie: site.cookie, origin: site.url, "content-type": "application/octet-stream", ...headers },
    });
  const claimed = await new Promise<number | undefined>((resolve, reject) => {
    const request = put({ "content-length": String(2 ** 31) });
    request.once("response", (response) => resolve(response.resume().statusCode));
    request.once("error", reject);
    request.write("x");
  });
  assert.equal(claimed, 413);

  // Half a file, then the sender is gone.
  const request = put({ "transfer-encoding": "chunked" });
  request.on("error", () => undefined);
  request.write(Buffer.alloc(100_000));
  const draft = join(site.dataDir, "model-drafts", id);
  await until("the first bytes to be written", () => readdirSync(draft).some((name) => name.endsWith(".part")));
  request.destroy();
  await until("the part to be removed", () => readdirSync(draft).length === 0);

  // A draft that is thrown away ends what is still being sent to it.
  const endless = put({ "transfer-encoding": "chunked" });
  const ended = new Promise<void>((resolve) => {
    endless.once("error", () => resolve());
    endless.once("response", (response) => response.resume().once("close", resolve));
  });
  const more = () => void (endless.destroyed || endless.write(Buffer.alloc(64 * 1024), () => setImmediate(more)));
  more();
  await until("the endless file to begin", () => readdirSync(draft).length > 0);
  assert.equal((await ask(site, "DELETE", `${A}/${id}`)).status, 204);
  await ended;
  endless.destroy();
  assert.equal(existsSync(draft), false);
  assert.equal((await send(site, id, "b.onnx", Buffer.from("x"))).status, 404);
});

test("drafts are few, have few files, and are gone with the VAS that had them", async (t) => {
  const { site } = await open(t);
  const ids = [];
  for (let n = 0; n < 4; n++) ids.push(await draftOf(site));
  const fifth = await ask(site, "POST", A);
  assert.deepEqual([fifth.status, fifth.body.error.code], [429, "model_draft_limit"]);
  const [id = ""] = ids;
  for (let n = 0; n < 16; n++) assert.equal((await send(site, id, `w${n}.bin`, Buffer.from("x"))).status, 200);
  assert.equal((await send(site, id, "w16.bin", Buffer.from("x"))).body.error.code, "model_draft_limit");
  assert.equal((await send(site, id, "w0.bin", Buffer.from("xx"))).status, 200, "a file can be sent again");

  const left = join(folder(t), "data");
  mkdirSync(join(left, "model-drafts/old"), { recursive: true });
  writeFileSync(join(left, "model-drafts/old/big.onnx"), "x");
  await openTestSite(t, { dataDir: left });
  assert.deepEqual(readdirSync(join(left, "model-drafts")), []);
});

test("where models cannot be added the reason and the remedy are told before anything is sent", async (t) => {
  const none = await open(t, { modelsDir: null });
  assert.match((await ask<ModelDraftList>(none.site, "GET", A)).body.cannot_add ?? "", /Set VAS_MODELS_DIR/);
  const parent = folder(t);
  writeFileSync(join(parent, "file"), "");
  symlinkSync("/etc", join(parent, "link"));
  for (const [name, expected] of [
    ["absent", /may not write VAS_MODELS_DIR .*ENOENT/],
    ["file", /is not a folder/],
    ["link", /is not a folder/],
  ] as const) {
    const { site } = await open(t, { modelsDir: join(parent, name) });
    assert.match((await ask<ModelDraftList>(site, "GET", A)).body.cannot_add ?? "", expected);
    const id = await draftOf(site);
    const { body } = await ask(site, "POST", `${A}/${id}/add`, {});
    assert.equal(body.error.code, "model_folder_unwritable");
  }
  // What lies in the place of the new folder is left alone, be it a link to elsewhere.
  const outside = folder(t);
  const { site, modelsDir } = await open(t);
  symlinkSync(outside, join(modelsDir, "fastestdet"));
  const id = await draftOf(site);
  await send(site, id, "FastestDet.onnx", readFileSync(FASTESTDET));
  assert.equal((await ask(site, "POST", `${A}/${id}/add`, {})).body.error.code, "model_exists");
  assert.deepEqual(readdirSync(outside), []);
});

test("a doctor that takes too much, breaks down, or hangs is told as such, and VAS goes on", async (t) => {
  const draft = folder(t);
  copyFileSync(FASTESTDET, join(draft, "FastestDet.onnx"));
  chmodSync(draft, 0o700);
  const never = new AbortController().signal;
  const limits: DoctorLimits = { memoryBytes: 3 * 1024 ** 3, cpuSeconds: 100, wallMs: 60_000 };
  const programs = folder(t);
  const program = (text: string) => {
    const path = join(programs, `${crypto.randomUUID()}.mjs`);
    writeFileSync(path, text);
    return path;
  };
  const question = { ask: "examine", folder: draft, settings: {} } as const;
  for (const [text, changed, expected] of [
    ["setInterval(() => {}, 1000)", { wallMs: 1000 }, /took longer than 1 s/],
    ["for (;;);", { cpuSeconds: 1 }, /more than 1 s of processor time/],
    [
      "const all = []; for (;;) all.push(Buffer.alloc(1 << 24, 1))",
      { memoryBytes: 400 * 1024 ** 2 },
      /need more than 400 MiB/,
    ],
    ["process.kill(process.pid, 'SIGSEGV')", {}, /broke down.*SIGSEGV/],
    ["process.stdout.write('{}')", {}, /broke down/],
    ["process.stdout.write('x'.repeat(20e6))", {}, /./],
    ["import('node:fs').then((fs) => fs.writeFileSync('/tmp/vas-doctor-wrote', 'x'))", {}, /broke down|memory/],
  ] as const) {
    const doctor = createDoctor(log, { ...limits, ...changed }, program(text));
    await assert.rejects(doctor.ask(question, never), (error: { code?: string; message?: string }) => {
      assert.equal(error.code, "model_examination_failed", text);
      assert.match(error.message ?? "", expected, text);
      return true;
    });
  }
  assert.equal(existsSync("/tmp/vas-doctor-wrote") && statSync("/tmp/vas-doctor-wrote").size > 0, false);
  rmSync("/tmp/vas-doctor-wrote", { force: true });
  const seen = await createDoctor(log, limits, program("process.stdout.write(Object.keys(process.env).join())"))
    .ask(question, never)
    .catch((error: Error) => error.message);
  assert.match(String(seen), /broke down/);
  const answer = await createDoctor(log).ask(question, never);
  assert.ok("examination" in answer);
  const gone = new AbortController();
  const asking = createDoctor(log, limits, program("setInterval(() => {}, 1000)")).ask(question, gone.signal);
  gone.abort(new Error("the caller is gone"));
  await assert.rejects(asking, /the caller is gone/);
});

/** A picture of a video on which somebody walks. */
function jpegOfPerson(): Buffer {
  const video = testData("one-by-one-person-detection.mp4");
  const args = ["-v", "error", "-ss", "8", "-i", video, "-frames:v", "1", "-f", "mjpeg", "pipe:1"];
  const made = spawnSync("ffmpeg", args, { maxBuffer: 16 * 1024 * 1024 });
  assert.equal(made.status, 0, made.stderr?.toString());
  return made.stdout;
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
