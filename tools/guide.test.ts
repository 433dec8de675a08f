import assert from "node:assert/strict";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { sources } from "./sources.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PICTURES = join(ROOT, "docs/guide/pictures");
const MOST_BYTES = 3_000_000;

test("every file and picture that a page of docs leads to is there", () => {
  const gone = sources(".md").flatMap(({ path, text }) =>
    [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)]
      .map(([, to = ""]) => to)
      .filter((to) => !existsSync(join(ROOT, dirname(path), to)))
      .map((to) => `${path}: ${to}`),
  );
  assert.deepEqual(gone, []);
});

test("the guide's pictures are all shown, and keep the repository small", () => {
  const shown = sources(".md")
    .filter(({ path }) => path.startsWith("docs/guide/"))
    .map(({ text }) => text)
    .join();
  const pictures = readdirSync(PICTURES);
  assert.deepEqual(
    pictures.filter((name) => !shown.includes(`pictures/${name}`)),
    [],
  );
  const bytes = pictures.reduce((sum, name) => sum + statSync(join(PICTURES, name)).size, 0);
  assert.ok(bytes < MOST_BYTES, `${bytes} bytes of pictures`);
});
