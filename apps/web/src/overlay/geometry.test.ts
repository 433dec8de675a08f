import assert from "node:assert/strict";
import { test } from "node:test";
import { onDevicePixels, pictureRect } from "./geometry.ts";

test("a wide picture in a tall box is centred with bars above and below", () => {
  assert.deepEqual(pictureRect(400, 400, 1600, 900), { x: 0, y: 87.5, width: 400, height: 225 });
  assert.deepEqual(pictureRect(800, 225, 1600, 900), { x: 200, y: 0, width: 400, height: 225 });
  assert.deepEqual(pictureRect(0, 10, 16, 9), { x: 0, y: 0, width: 0, height: 0 });
});

test("edges lie on device pixels, whatever the browser's zoom", () => {
  const rect = onDevicePixels({ x: 10.3, y: 0, width: 100.4, height: 56.5 }, 1.5);
  assert.deepEqual(rect, {
    x: 10,
    y: 0,
    width: 151 / 1.5,
    height: 85 / 1.5,
    pixelWidth: 151,
    pixelHeight: 85,
  });
});
