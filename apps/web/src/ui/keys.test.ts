import assert from "node:assert/strict";
import { test } from "node:test";
import { keyBelongsTo } from "./keys.ts";

test("a page's keys leave typing and pressing alone", () => {
  assert.equal(keyBelongsTo({ tagName: "INPUT", type: "text" }, "o"), true);
  assert.equal(keyBelongsTo({ tagName: "SELECT" }, "f"), true);
  assert.equal(keyBelongsTo({ tagName: "BUTTON" }, " "), true);
  assert.equal(keyBelongsTo({ tagName: "BUTTON" }, "o"), false);
  assert.equal(keyBelongsTo({ tagName: "INPUT", type: "checkbox" }, "o"), false);
  assert.equal(keyBelongsTo({ tagName: "BODY" }, " "), false);
});
