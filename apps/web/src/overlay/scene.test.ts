import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST_BYTES, PictureRing, type Surface } from "./pictures.ts";
import { LiveScene } from "./scene.ts";

/** A surface that keeps what was drawn instead of pixels. */
class FakeSurface implements Surface<string> {
  width = 0;
  height = 0;
  drawn = "";
  resize(width: number, height: number): void {
    this.width = width;
    this.height = height;
  }
  draw(source: string): void {
    this.drawn = source;
  }
}

function stage() {
  let made = 0;
  const ring = new PictureRing<string, FakeSurface>(() => {
    made++;
    return new FakeSurface();
  });
  const scene = new LiveScene(ring);
  let nowMs = 0;
  return {
    ring,
    made: () => made,
    frame: (number: number) => {
      nowMs = number * 40;
      scene.frame(number * 3_600, `picture ${number}`, 640, 360);
    },
    result: (model_id: string, number: number) =>
      scene.result({ model_id, frame_id: number, pts90k: number * 3_600, detections: [] }, nowMs),
    see: (mode: "exact" | "fast" = "exact", isVisible = (_model: string) => true) => {
      const { state, picture, drawn, delayTicks } = scene.scene(mode, isVisible, nowMs);
      return {
        state,
        picture: picture?.surface.drawn ?? null,
        drawn: drawn.map((one) => `${one.result.model_id} ${one.result.frame_id} ${one.ageTicks / 3_600}`),
        delay: delayTicks / 3_600,
      };
    },
    later: (ms: number) => {
      nowMs += ms;
    },
    scene,
  };
}

test("exact mode shows the picture that the newest result belongs to, with its delay", () => {
  const at = stage();
  for (let number = 1; number <= 10; number++) at.frame(number);
  at.result("a", 7);
  assert.deepEqual(at.see(), { state: "exact", picture: "picture 7", drawn: ["a 7 0"], delay: 3 });
  at.frame(11);
  assert.deepEqual(at.see(), { state: "exact", picture: "picture 7", drawn: ["a 7 0"], delay: 4 });
  at.result("a", 9);
  assert.deepEqual(at.see(), { state: "exact", picture: "picture 9", drawn: ["a 9 0"], delay: 2 });
});

test("a quick model waits for the slow one, as long as that usually takes", () => {
  const at = stage();
  for (let number = 1; number <= 10; number++) at.frame(number);
  at.result("slow", 4);
  at.result("quick", 10);
  assert.deepEqual(at.see().picture, "picture 4");
  at.result("slow", 5);
  at.frame(11);
  at.result("quick", 11);
  assert.equal(at.see().picture, "picture 5");
  // The slow model took 6 frames: after 7 it is not waited for, and its last answer is drawn as what it is.
  for (let number = 12; number <= 17; number++) at.frame(number);
  assert.deepEqual(at.see(), { state: "exact", picture: "picture 10", drawn: ["quick 10 0", "slow 5 5"], delay: 7 });
});

test("a hidden model is not waited for", () => {
  const at = stage();
  for (let number = 1; number <= 10; number++) at.frame(number);
  at.result("slow", 4);
  at.result("quick", 10);
  assert.deepEqual(
    at.see("exact", (model) => model === "quick"),
    {
      state: "exact",
      picture: "picture 10",
      drawn: ["quick 10 0"],
      delay: 0,
    },
  );
});

test("where no result comes the live picture is shown, and this is said", () => {
  const at = stage();
  at.frame(1);
  assert.deepEqual(at.see(), { state: "waiting", picture: null, drawn: [], delay: 0 });
  at.result("a", 1);
  assert.equal(at.see().picture, "picture 1");
  for (let number = 2; number <= 51; number++) at.frame(number);
  assert.equal(at.see().picture, "picture 1", "kept beyond the ring's second");
  at.frame(52);
  assert.deepEqual(at.see(), { state: "waiting", picture: null, drawn: [], delay: 0 });
});

test("results that come after their picture is gone are said to be late", () => {
  const at = stage();
  for (let number = 1; number <= 60; number++) at.frame(number);
  at.result("a", 30);
  assert.equal(at.see().state, "late");
});

test("a result that is ahead of the picture is shown when the picture is", () => {
  const at = stage();
  at.frame(1);
  at.result("a", 2);
  assert.equal(at.see().state, "waiting");
  at.frame(2);
  assert.deepEqual(at.see(), { state: "exact", picture: "picture 2", drawn: ["a 2 0"], delay: 0 });
});

test("fast mode draws the newest result over the playing picture with its age", () => {
  const at = stage();
  for (let number = 1; number <= 10; number++) at.frame(number);
  at.result("a", 7);
  assert.deepEqual(at.see("fast"), { state: "playing", picture: null, drawn: ["a 7 3"], delay: 0 });
});

test("a browser that does not tell the frame is approximate", () => {
  const at = stage();
  at.scene.frame(null, null, 0, 0);
  at.result("a", 7);
  assert.equal(at.see().state, "approximate");
  at.later(3_000);
  assert.equal(at.see().state, "waiting");
});

test("another run's pictures are never shown", () => {
  const at = stage();
  for (let number = 1; number <= 5; number++) at.frame(number);
  at.result("a", 5);
  assert.equal(at.see().picture, "picture 5");
  at.scene.forgetPictures();
  at.frame(5_000);
  assert.equal(at.see().picture, null);
});

test("pictures are kept in surfaces that are used again, for as long as results usually take", () => {
  const at = stage();
  for (let number = 1; number <= 500; number++) at.frame(number);
  assert.ok(at.made() <= 28, `a second of 25 pictures [made:${at.made()}]`);
  at.result("a", 499);
  for (let number = 501; number <= 600; number++) at.frame(number);
  assert.ok(at.ring.pictures.length <= 9, `0.3 s of pictures [kept:${at.ring.pictures.length}]`);
  assert.ok(at.made() <= 28, `no surface more [made:${at.made()}]`);
  assert.ok(at.ring.bytes <= 12 * 640 * 360 * 4, `the others are given back [bytes:${at.ring.bytes}]`);
});

test("large pictures are kept smaller, so that memory is bounded", () => {
  const ring = new PictureRing<string, FakeSurface>(() => new FakeSurface());
  for (let number = 1; number <= 200; number++) ring.push(number * 1_500, "", 3840, 2160, 1_500);
  assert.ok(ring.bytes <= MOST_BYTES * 1.05, `[bytes:${ring.bytes}]`);
  assert.ok(ring.pictures.length >= 60);
});
