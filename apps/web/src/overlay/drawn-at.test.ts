import assert from "node:assert/strict";
import { test } from "node:test";
import { drawnAt, noteDrawn } from "./drawn-at.ts";

test("the first time that a result was drawn counts, and the oldest are forgotten", () => {
  noteDrawn("m", 90, 1000);
  noteDrawn("m", 90, 2000);
  assert.equal(drawnAt("m", 90), 1000);
  assert.equal(drawnAt("other", 90), null);
  for (let n = 0; n < 600; n++) noteDrawn("m", 1000 + n, 3000 + n);
  assert.equal(drawnAt("m", 90), null);
  assert.equal(drawnAt("m", 1599), 3599);
});
