import assert from "node:assert/strict";
import { test } from "node:test";
import { sources } from "./sources.ts";

const TEXT = [".ts", ".tsx", ".py", ".sh", ".css", ".html", ".md", ".yaml", ".yml", ".json", "tools/run", ".ci/run"];
const MAX_LINES = 800;

test("no file holds an emoji", () => {
  const wrong = sources(...TEXT).flatMap(({ path, text }) => {
    const found = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F/u.exec(text);
    return found === null ? [] : [`${path}:${text.slice(0, found.index).split("\n").length}`];
  });
  assert.deepEqual(wrong, []);
});

test(`no source file is longer than ${MAX_LINES} lines`, () => {
  const wrong = sources(".ts", ".tsx", ".py").flatMap(({ path, text }) => {
    const lines = text.split("\n").length - 1;
    return lines > MAX_LINES ? [`${path}: ${lines}`] : [];
  });
  assert.deepEqual(wrong, []);
});

test("no file or folder carries a name that says nothing or dates", () => {
  const words =
    /(^|\/)(utils?|helpers?|common|misc|shared|lib|manager|service)(\/|\.tsx?$)|[-.](manager|service|helper|util|impl)s?\.tsx?$|(^|[/.-])(phase\d+|v\d+|new|legacy)([/.-]|$)/i;
  assert.deepEqual(
    sources(".ts", ".tsx", ".py")
      .map(({ path }) => path)
      .filter((path) => words.test(path)),
    [],
  );
});

test("no test skips itself, runs alone or is left to do", () => {
  const found = sources(".test.ts").flatMap(({ path, text }) =>
    [...text.matchAll(/\b(?:test|it|describe|suite|t)\.(?:skip|only|todo)\(|\{\s*(?:skip|only|todo):/g)].map(
      ([word]) => `${path}: ${word}`,
    ),
  );
  assert.deepEqual(found, []);
});

test("an empty catch says why it is empty", () => {
  const found = sources(".ts", ".tsx").flatMap(({ path, text }) =>
    [...text.matchAll(/catch\s*(?:\([^)]*\)\s*)?\{\s*\}/g)].map(
      ({ index }) => `${path}:${text.slice(0, index).split("\n").length}`,
    ),
  );
  assert.deepEqual(found, []);
});
