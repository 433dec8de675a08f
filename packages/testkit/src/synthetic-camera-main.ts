/**
 * The synthetic camera as a program: prints one JSON line {"url": ...} when it can be watched, ends on SIGTERM.
 *
 *   node packages/testkit/src/synthetic-camera-main.ts [--port 0] [--video FILE] [--width 1280] [--height 720]
 *     [--fps 15] [--gop 30] [--codec h264|h265] [--b-frames 0] [--text TEXT] [--username U --password P]
 */
import { parseArgs } from "node:util";
import { type SyntheticCameraOptions, startSyntheticCamera } from "./synthetic-camera.ts";

const text = { type: "string" } as const;
const { values } = parseArgs({
  options: {
    port: text,
    video: text,
    width: text,
    height: text,
    fps: text,
    gop: text,
    codec: text,
    "b-frames": text,
    text,
    username: text,
    password: text,
  },
});

const options: SyntheticCameraOptions = {};
if (values.port !== undefined) options.port = Number(values.port);
if (values.video !== undefined) options.video = values.video;
if (values.width !== undefined) options.width = Number(values.width);
if (values.height !== undefined) options.height = Number(values.height);
if (values.fps !== undefined) options.fps = Number(values.fps);
if (values.gop !== undefined) options.gop = Number(values.gop);
if (values.codec === "h265") options.codec = "h265";
if (values["b-frames"] !== undefined) options.bFrames = Number(values["b-frames"]);
if (values.text !== undefined) options.text = values.text;
if (values.username !== undefined)
  options.auth = { username: values.username, password: values.password ?? "", scheme: "digest" };

const camera = await startSyntheticCamera(options);
process.stdout.write(`${JSON.stringify({ url: camera.url })}\n`);
let asked = false;
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    asked = true;
    void camera.close();
  });
const why = await camera.ended;
if (!asked) {
  process.stderr.write(`${why}\n`);
  process.exitCode = 1;
  await camera.close();
}
