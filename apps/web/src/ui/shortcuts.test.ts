import assert from "node:assert/strict";
import { test } from "node:test";
import { keyWords, type Shortcut, ShortcutBook } from "./shortcuts.ts";

const shortcut = (keys: string[], words: string): Shortcut => ({ keys, words, run: () => undefined });

test("a key answers the section that was added last, and another again when that one is gone", () => {
  const book = new ShortcutBook();
  book.add(() => ({ title: "Everywhere", shortcuts: [shortcut(["f"], "far")] }));
  const remove = book.add(() => ({ title: "Here", shortcuts: [shortcut(["f", "Enter"], "near")] }));
  assert.equal(book.press("f", 0)?.words, "near");
  assert.equal(book.press("Enter", 0)?.words, "near");
  remove();
  assert.equal(book.press("f", 0)?.words, "far");
  assert.equal(book.press("x", 0), null);
});

test("a page's keys come before those of everywhere, whichever were added first", () => {
  const book = new ShortcutBook();
  book.add(() => ({ title: "Here", shortcuts: [shortcut(["?"], "near")] }));
  book.add(() => ({ title: "Everywhere", shortcuts: [shortcut(["?"], "far")] }), true);
  assert.equal(book.press("?", 0)?.words, "near");
  assert.deepEqual(
    book.sections().map(({ title }) => title),
    ["Here", "Everywhere"],
  );
});

test("two keys after each other are one shortcut, and the second alone is another", () => {
  const book = new ShortcutBook();
  book.add(() => ({ title: "All", shortcuts: [shortcut(["g l"], "live"), shortcut(["l"], "labels")] }));
  assert.equal(book.press("g", 0), null);
  assert.equal(book.press("l", 800)?.words, "live");
  assert.equal(book.press("l", 900)?.words, "labels");
  book.press("g", 1_000);
  assert.equal(book.press("l", 5_000)?.words, "labels", "the first key is forgotten after a while");
  book.press("g", 6_000);
  assert.equal(book.press("g", 6_100), null);
  assert.equal(book.press("l", 6_200)?.words, "live", "the last first key counts");
});

test("what is only listed answers no key, and sections of one title are one", () => {
  const book = new ShortcutBook();
  book.add(() => ({ title: "Here", shortcuts: [{ keys: ["1"], words: "choose a tile" }] }));
  book.add(() => ({ title: "Here", shortcuts: [shortcut(["Space"], "pause")] }));
  book.add(() => ({ title: "Nothing", shortcuts: [] }));
  assert.equal(book.press("1", 0), null);
  assert.equal(book.press(" ", 0)?.words, "pause");
  assert.deepEqual(
    book.sections().map(({ title, shortcuts }) => [title, shortcuts.map(({ words }) => words)]),
    [["Here", ["pause", "choose a tile"]]],
  );
  assert.equal(keyWords("ArrowLeft"), "Left");
  assert.equal(keyWords("f"), "f");
});
