/** The command as a person uses it, with real networks and real pictures. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { testData } from "@vas/runtime-sdk/testing/serve.ts";
import { writeOnnx } from "../../../runtimes/onnx/testing/onnx-writer.ts";
import { readPicture } from "./picture.ts";

const root = mkdtempSync(join(tmpdir(), "doctor-"));
after(() => rmSync(root, { recursive: true, force: true }));

type Ran = { code: number; out: string; said: string };

function doctor(...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const main = join(import.meta.dirname, "main.ts");
    execFile(process.execPath, [main, ...args], { cwd: root, timeout: 120_000 }, (error, out, said) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 255), out, said });
    });
  });
}

function ffmpeg(...args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile("ffmpeg", ["-v", "error", "-nostdin", "-y", ...args], (error) => (error ? reject(error) : resolve()));
  });
}

/** A network of 64x64 that always sees a dog in the middle. */
function putNetwork(folder: string): string {
  mkdirSync(join(root, folder));
  const box = [32, 32, 32, 16, 0.1, 0.9];
  const values = box.flatMap((value) => [value, ...Array.from({ length: 83 }, () => 0)]);
  const file = join(root, folder, "net.onnx");
  const outputs = [{ name: "output0", dims: [1, 6, 84], values }];
  const metadata = { names: "{0: 'cat', 1: 'dog'}", task: "detect", author: "Ultralytics" };
  writeFileSync(file, writeOnnx({ input: { name: "images", shape: [1, 3, 64, 64] }, outputs, metadata }));
  return file;
}

test("inspect, init, check and try lead from a file to an annotated picture", async () => {
  const file = putNetwork("net");
  const folder = join(root, "net");
  const inspected = await doctor("inspect", file);
  assert.equal(inspected.code, 0, inspected.said);
  assert.match(inspected.out, /family yolov8, 2 classes\n.*because/);
  const made = await doctor("init", file, "--id", "dogs");
  assert.equal(made.code, 0, made.said);
  assert.match(made.out, /dogs: valid/);
  assert.match((await doctor("init", file)).said, /is there already; --force replaces it/);
  assert.equal((await doctor("init", file, "--force", "--id", "dogs")).code, 0);
  assert.equal((await doctor("check", folder)).code, 0);

  await ffmpeg("-f", "lavfi", "-i", "color=gray:s=321x181", "-frames:v", "1", join(root, "odd.webp"));
  const tried = await doctor("try", folder, join(root, "odd.webp"), "--out", join(root, "out.png"));
  assert.equal(tried.code, 0, tried.said);
  assert.match(tried.out, /320x180: 1 found in .*\n {2}dog {2}0\.900 {2}\[0\.250, 0\.2\d+, 0\.750, 0\.7\d+\]/);
  const picture = await readPicture(join(root, "out.png"));
  assert.deepEqual([picture.width, picture.height], [320, 180]);
  // The frame's middle is grey; the line on the box's right side is not.
  const chroma = (x: number, y: number) => picture.uv[(y >> 1) * picture.stride + (x & ~1)] as number;
  assert.ok(Math.abs(chroma(160, 90) - 128) < 6 && Math.abs(chroma(240, 90) - 128) > 15, `${chroma(240, 90)}`);
});

test("shapes that the graph leaves open are found by running it", async () => {
  mkdirSync(join(root, "open"));
  const file = join(root, "open", "net.onnx");
  const outputs = [{ name: "echo", echo: true as const }];
  writeFileSync(file, writeOnnx({ input: { name: "x", shape: ["n", 3, "h", "w"] }, outputs }));
  assert.match((await doctor("inspect", file)).out, /PROBLEM {2}input x: its size is open .*\n.*--size/);
  const { out, code } = await doctor("inspect", file, "--size", "32x16");
  assert.equal(code, 1);
  assert.match(out, /echo {2}float32 \[1, 3, 16, 32\]/);
  assert.match(out, /PROBLEM {2}output echo: no family has these outputs/);
});

test("FastestDet with its own decoder finds the walker of the test video", async () => {
  const folder = join(root, "fastestdet");
  cpSync(join(import.meta.dirname, "../../../runtimes/onnx/examples/fastestdet"), folder, { recursive: true });
  cpSync(testData("FastestDet.onnx"), join(folder, "FastestDet.onnx"));
  const frame = join(root, "walker.jpg");
  await ffmpeg("-ss", "27", "-i", testData("one-by-one-person-detection.mp4"), "-frames:v", "1", frame);
  const tried = await doctor("try", folder, frame, "--parameters", '{"classes": ["person"]}', "--json");
  assert.equal(tried.code, 0, tried.said);
  assert.match(tried.out, /"class_name": "person"/);
  assert.ok(existsSync(join(root, "walker-fastestdet.png")));
});

test("a camera's picture is a snapshot that is taken with the key and removed again", async () => {
  putNetwork("camera");
  await doctor("init", join(root, "camera", "net.onnx"), "--id", "c");
  await ffmpeg("-f", "lavfi", "-i", "testsrc=s=320x180", "-frames:v", "1", join(root, "live.jpg"));
  const asked: string[] = [];
  const vas = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    response.setHeader("content-type", "application/json");
    if (request.headers.authorization !== "Bearer k3y") {
      response.statusCode = 401;
      response.end(JSON.stringify({ error: { code: "not_logged_in", message: "Log in first." } }));
    } else if (request.method === "POST") response.end(JSON.stringify({ id: "s1" }));
    else if (request.method === "GET") response.end(readFileSync(join(root, "live.jpg")));
    else response.end("null");
  });
  await new Promise<void>((resolve) => vas.listen(0, "127.0.0.1", resolve));
  try {
    const url = `http://127.0.0.1:${(vas.address() as AddressInfo).port}`;
    writeFileSync(join(root, "key"), "k3y\n");
    writeFileSync(join(root, "bad-key"), "x\n");
    const args = ["try", join(root, "camera"), "--camera", url, "cam", "--out", join(root, "camera.png"), "--key-file"];
    const refused = await doctor(...args, join(root, "bad-key"));
    assert.equal(refused.code, 1);
    assert.match(refused.said, /VAS refused POST cameras\/cam\/snapshots \[401 not_logged_in\]: Log in first/);
    asked.length = 0;
    const tried = await doctor(...args, join(root, "key"));
    assert.equal(tried.code, 0, tried.said);
    const paths = [
      "POST /api/v1/cameras/cam/snapshots",
      "GET /api/v1/snapshots/s1/image",
      "DELETE /api/v1/snapshots/s1",
    ];
    assert.deepEqual(
      asked,
      paths.map((path) => `${path} Bearer k3y`),
    );
  } finally {
    vas.close();
  }
});

test("wrong arguments and wrong files are said in one sentence", async () => {
  const cases: [string[], number, RegExp][] = [
    [[], 2, /name a command/],
    [["heal"], 2, /there is no command heal/],
    [["inspect"], 2, /inspect needs one .onnx file/],
    [["inspect", "none.onnx"], 1, /there is no file none.onnx/],
    [["inspect", "x", "--size", "big"], 2, /--size is WIDTHxHEIGHT \[found:big\]/],
    [["inspect", "x", "--colour"], 2, /--colour/],
    [["try", "x", "y", "--parameters", "[1]"], 2, /--parameters is an object/],
    [["check", root], 1, /^/],
  ];
  for (const [args, code, text] of cases) {
    const ran = await doctor(...args);
    assert.equal(ran.code, code, `${args.join(" ")}: ${ran.said}`);
    assert.match(ran.said, text);
  }
  assert.match((await doctor("--help")).out, /^Usage: npm run model/);
  writeFileSync(join(root, "text.onnx"), "hello");
  assert.match((await doctor("inspect", join(root, "text.onnx"))).said, /this is no ONNX model/);
  writeFileSync(join(root, "no.jpg"), "hello");
  putNetwork("again");
  await doctor("init", join(root, "again", "net.onnx"));
  const unreadable = await doctor("try", join(root, "again"), join(root, "no.jpg"));
  assert.equal(unreadable.code, 1);
  assert.match(unreadable.said, /^ffmpeg ended with \d+: ./);
  putNetwork("twice");
  await doctor("init", join(root, "twice", "net.onnx"));
  assert.match(
    (await doctor("check", join(root, "again"), join(root, "twice"))).out,
    /model_id net is already that of/,
  );
});
