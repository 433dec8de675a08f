import assert from "node:assert/strict";
import { test } from "node:test";
import { Toasts } from "./toasts.ts";

function setUp() {
  const armed = new Map<number, () => void>();
  let next = 0;
  const toasts = new Toasts({
    set: (run) => {
      armed.set(++next, run);
      return next;
    },
    clear: (handle) => void armed.delete(handle as number),
  });
  const words = () => toasts.shown().map((toast) => toast.words);
  return { toasts, armed, words };
}

test("what was done is said for a while, and what failed until it is closed", () => {
  const { toasts, armed, words } = setUp();
  toasts.show({ words: "saved" });
  toasts.show({ words: "failed", tone: "bad" });
  assert.equal(armed.size, 1);
  for (const run of armed.values()) run();
  assert.deepEqual(words(), ["failed"]);
  const [failed] = toasts.shown();
  assert.ok(failed);
  toasts.close(failed.id);
  assert.deepEqual(words(), []);
});

test("at most three are shown, the newest", () => {
  const { toasts, armed, words } = setUp();
  for (const word of ["a", "b", "c", "d"]) toasts.show({ words: word });
  assert.deepEqual(words(), ["b", "c", "d"]);
  assert.equal(armed.size, 3, "the one that went has no timer left");
});

test("none goes while one is looked at", () => {
  const { toasts, armed } = setUp();
  toasts.show({ words: "a" });
  toasts.hold(true);
  toasts.show({ words: "b" });
  assert.equal(armed.size, 0);
  toasts.hold(false);
  assert.equal(armed.size, 2);
});
