import assert from "node:assert/strict";
import { test } from "node:test";
import { Thumbnails } from "./thumbs.ts";

function fakes() {
  const asked: { at: string; signal: AbortSignal; answer: (blob: Blob | null) => void }[] = [];
  const freed: string[] = [];
  let made = 0;
  const thumbnails = new Thumbnails(
    (_camera, at, signal) => new Promise((resolve) => asked.push({ at, signal, answer: resolve })),
    { make: () => `blob:${made++}`, free: (url) => freed.push(url) },
  );
  return { thumbnails, asked, freed };
}

test("only the newest wish is waited for, and what it replaced is given up", async () => {
  const { thumbnails, asked } = fakes();
  const first = thumbnails.want(thumbnails.key("a", 5_400, 0));
  const second = thumbnails.want(thumbnails.key("a", 9_000, 0));
  assert.deepEqual(
    asked.map(({ at, signal }) => [at, signal.aborted]),
    [
      ["1970-01-01T00:00:05.000Z", true],
      ["1970-01-01T00:00:09.000Z", false],
    ],
  );
  for (const one of asked) one.answer(new Blob(["x"]));
  assert.deepEqual([await first, await second], [undefined, "blob:0"]);
});

test("a picture is asked for once, also where there is none", async () => {
  const { thumbnails, asked } = fakes();
  const key = thumbnails.key("a", 5_400, 60_000);
  const first = thumbnails.want(key);
  asked[0]?.answer(null);
  assert.equal(await first, null);
  assert.equal(await thumbnails.want(thumbnails.key("a", 59_999, 60_000)), null);
  assert.equal(asked.length, 1);
});

test("so many are kept, and the others are given back to the browser", async () => {
  const { thumbnails, asked, freed } = fakes();
  for (let n = 0; n < 130; n++) {
    const wanted = thumbnails.want(thumbnails.key("a", n * 1000, 0));
    asked[n]?.answer(new Blob(["x"]));
    await wanted;
  }
  assert.equal(freed.length, 10);
  thumbnails.close();
  assert.equal(new Set(freed).size, 130);
});
