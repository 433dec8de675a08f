import assert from "node:assert/strict";
import { test } from "node:test";
import { CodedError } from "@vas/contracts/errors.ts";
import { checkCameraAddress, isRefusedAddress, parseCameraUrl } from "./address.ts";
import { inputScript } from "./ffmpeg-args.ts";

test("private addresses are where cameras live; loopback, link-local and metadata addresses are refused", () => {
  for (const address of ["10.0.0.4", "192.168.1.20", "172.16.3.3", "203.0.113.9", "fd12::4", "2001:db8::1"])
    assert.equal(isRefusedAddress(address), false, address);
  for (const address of [
    "127.0.0.1",
    "127.8.9.1",
    "0.0.0.0",
    "169.254.169.254",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "fd00:ec2::254",
  ])
    assert.equal(isRefusedAddress(address), true, address);
});

test("numeric spellings of loopback are refused as what they mean", async () => {
  for (const host of ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:7f00:1]", "localhost"])
    await assert.rejects(
      checkCameraAddress(`rtsp://${host}/x`, false),
      (error: unknown) => error instanceof CodedError && error.code === "camera_address_refused",
      host,
    );
});

const HOSTILE = [
  "http://10.0.0.1/x",
  "file:///etc/passwd",
  "rtsp:/etc/passwd",
  "rtsp://",
  "concat:rtsp://10.0.0.1|file:///etc/passwd",
  "rtsp://10.0.0.1/x\nfile '/etc/passwd'",
  "rtsp://10.0.0.1/x\r\noption",
  "rtsp://10.0.0.1/'x",
  'rtsp://10.0.0.1/"x',
  "rtsp://10.0.0.1/\\x",
  "rtsp://10.0.0.1/x y",
  "rtsp://10.0.0.1/`id`",
  "rtsp://10.0.0.1/\u0000",
  "rtsp://10.0.0.1/\u2028",
  "-i rtsp://10.0.0.1/x",
  "rtsp://10.0.0.1|tee:/tmp/x",
  "pipe:0",
  "rtmp://10.0.0.1/x",
  "",
];

test("an address that could be anything but one rtsp address is refused", () => {
  for (const url of HOSTILE)
    assert.throws(
      () => parseCameraUrl(url),
      (error: unknown) => error instanceof CodedError,
      JSON.stringify(url),
    );
});

test("hostile names and passwords stay inside the quotes of the script that FFmpeg reads", () => {
  for (const text of [
    "'\nfile '/etc/passwd'",
    "a'b",
    "a\\'b",
    "@evil.host/",
    ":/?#[]@!$&'()*+,;=%",
    "\u0000\r\n",
    "päss wörd",
  ]) {
    const script = inputScript({ url: "rtsp://10.0.0.1:554/main?x=1", username: text, password: text });
    const lines = script.split("\n");
    assert.equal(lines.length, 7, script);
    const address = /^file '([^']*)'$/.exec(lines[1] ?? "")?.[1];
    assert.ok(address, script);
    const parsed = new URL(address);
    assert.equal(parsed.hostname, "10.0.0.1");
    assert.equal(decodeURIComponent(parsed.username), text);
    assert.equal(decodeURIComponent(parsed.password), text);
    assert.equal(parsed.pathname + parsed.search, "/main?x=1");
  }
});
