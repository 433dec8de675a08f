import assert from "node:assert/strict";
import { test } from "node:test";
import { readOverlaySettings, toggled } from "./settings.ts";

const FIRST = {
  on: false,
  mode: "exact",
  threshold: 0,
  labels: true,
  zones: true,
  opacity: 1,
  lineWidth: 2,
  hidden: [],
  hiddenLabels: [],
  colours: {},
};

test("overlays are off until a person turns them on, and a broken choice is the default", () => {
  assert.deepEqual(readOverlaySettings(undefined), FIRST);
  const broken = {
    on: "yes",
    mode: "slow",
    threshold: 7,
    opacity: 0,
    lineWidth: Number.NaN,
    hidden: [1, "m"],
    hiddenLabels: "all",
    colours: { a: "#00ff00", b: "url(x)", c: 5 },
  };
  assert.deepEqual(readOverlaySettings(broken), { ...FIRST, hidden: ["m"], colours: { a: "#00ff00" } });
});

test("what was chosen is read again as it was", () => {
  const chosen = { ...FIRST, on: true, mode: "fast", threshold: 0.4, opacity: 0.5, lineWidth: 3, hidden: ["a"] };
  assert.deepEqual(readOverlaySettings(JSON.parse(JSON.stringify(chosen))), chosen);
});

test("a name is in a list once or not at all", () => {
  assert.deepEqual(toggled(["a", "b"], "a", true), ["b", "a"]);
  assert.deepEqual(toggled(["a", "b"], "a", false), ["b"]);
});
