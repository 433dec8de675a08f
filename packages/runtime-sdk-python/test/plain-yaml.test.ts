/** The reader of model.yaml in Python gives what YAML's own reader gives, or refuses. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseDocument } from "yaml";

const SDK = join(import.meta.dirname, "..");
const REPOSITORY = join(SDK, "../..");
const PROGRAM = `
import json, sys
from vas_runtime.plain_yaml import parse, YamlError
def one(text):
    try:
        return {"value": parse(text)}
    except YamlError as error:
        return {"line": error.line, "message": error.message}
print(json.dumps([one(text) for text in json.load(sys.stdin)]))
`;

type Outcome = { value: unknown } | { line: number; message: string };

function parseInPython(texts: string[]): Outcome[] {
  const env = { PATH: "/usr/bin:/bin", PYTHONPATH: SDK };
  const input = JSON.stringify(texts);
  return JSON.parse(
    execFileSync("/usr/bin/python3", ["-B", "-c", PROGRAM], { env, input, maxBuffer: 256 * 1024 * 1024 }).toString(),
  ) as Outcome[];
}

const ACCEPTED = [
  "",
  "# nothing\n",
  "---\na: 1\n",
  "a: 1\nb: -2\nc: 1.5\nd: 1e3\ne: 0x1F\nf: 0o17\ng: 012\nh: 1.0.0\ni: '1'\nj: \"2\"\nk: +3\n",
  "a: true\nb: False\nc: null\nd: ~\ne:\nf: yes\ng: TRUE\n",
  "a: plain text, with commas # and a comment\nb: a#b\nc: it's\nd: a:b\ne: http://x/y\n",
  "a: 'it''s'\nb: \"a \\\"b\\\" \\n \\u00e9 \\x41\"\nc: '# no comment'\nd: \"# none\"\n",
  "a: [1, two, 'three', [4, 5], {six: 7}, null, -8]\nb: {}\nc: []\nd: { x: 1, y: [2, 3], 'z z': \"q\" }\n",
  "a:\n  [\n    one,\n    two,\n    three, # with a comment\n  ]\nb: 1\n",
  "a:\n  - 1\n  - two\n  - - 3\n    - 4\n  - x: 5\n    y: 6\n  -\n    z: 7\nb:\n- 1\n- 2\n",
  "- a\n- b: c\n  d: e\n- [1, 2]\n",
  "a:\n  b:\n    c:\n      d: 1\n  e: 2\nf: 3\n",
  "a: |\n  first\n   second\n\n  third\nb: >-\n  folded\n  lines\n\n  and more\nc: |-\n  x\nd: 1\n",
  "a: first\n  second\n  third\nb: 2\n",
  "a: 'over\n  two lines'\nb: 2\n",
  'a: "x" # comment\n\'b b\': 1\n"c": 2\n',
  "a: -\nb: --x\nc: 50%\nd: a b c\n".replace("a: -\n", ""),
  "mean: [0.485, 0.456, 0.406]\nscale: 0.00392156862745098\n",
  "a:   spaced   \nb:\t1\n".replace("\t", " "),
  "a: 1\r\nb: two\r\n",
];

const REFUSED: [string, number][] = [
  ["a: 1\na: 2\n", 2],
  ["a: &x 1\nb: *x\n", 1],
  ["b: 1\na: *x\n", 2],
  ["a: !tag x\n", 1],
  ["a: [1, 2\nb: 3\n", 1],
  ["a: {x: 1, x: 2}\n", 1],
  ["a: 'open\n", 1],
  ["a: b: c\n", 1],
  ["a:\n    b: 1\n  c: 2\n", 3],
  ["a: 1\n  b: 2\n", 1],
  ["a:\n\tb: 1\n", 2],
  ["a: 1\njust text\n", 2],
  ["a: [1] 2\n", 1],
  ["a: @x\n", 1],
];

test("what a model.yaml may hold is read as YAML's own reader reads it", () => {
  const files = globSync("{runtimes,packages}/**/model.yaml", { cwd: REPOSITORY, exclude: ["**/node_modules/**"] });
  assert.ok(files.length >= 4, String(files));
  const texts = [...ACCEPTED, ...files.map((file) => readFileSync(join(REPOSITORY, file), "utf8"))];
  for (const [at, outcome] of parseInPython(texts).entries()) {
    const document = parseDocument(texts[at] as string, { schema: "core", uniqueKeys: true });
    assert.deepEqual(document.errors, [], texts[at]);
    assert.deepEqual(outcome, { value: document.toJS() as unknown }, texts[at]);
  }
});

test("anchors, tags, duplicate keys and broken lines are refused with the line", () => {
  const outcomes = parseInPython(REFUSED.map(([text]) => text));
  for (const [at, [text, line]] of REFUSED.entries()) {
    const outcome = outcomes[at] as Outcome;
    assert.ok("line" in outcome, `accepted: ${text} ${JSON.stringify(outcome)}`);
    assert.equal(outcome.line, line, `${text}: ${outcome.message}`);
  }
});

test("cut and changed files end in a value or a refusal, never in another exception", () => {
  const whole = readFileSync(join(REPOSITORY, "runtimes/barcode/model.yaml"), "utf8");
  const texts = Array.from({ length: whole.length }, (_, at) => whole.slice(0, at));
  for (let at = 0; at < whole.length; at += 3)
    for (const char of ["[", "'", "{", ":", "\n", "- "]) texts.push(whole.slice(0, at) + char + whole.slice(at + 1));
  assert.equal(parseInPython(texts).length, texts.length);
});
