import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ERROR_CODES } from "@vas/contracts/errors.ts";
import { sources } from "./sources.ts";

const page = readFileSync(new URL("../docs/ref/errors.md", import.meta.url), "utf8");
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split(" | ").map((cell) => cell.replace(/^\|\s*|\s*\|$/g, "").trim()));

test("docs/ref/errors.md lists the registered codes with their status, each once, in the same order", () => {
  assert.deepEqual(
    rows.map(([code = "", status]) => [code.replaceAll("`", ""), Number(status)]),
    Object.entries(ERROR_CODES).map(([code, { status }]) => [code, status]),
  );
});

test("every code has a cause and a cure", () => {
  for (const [code, , cause = "", cure = ""] of rows)
    assert.ok(cause.length > 10 && cure.length > 5, `${code} wants a cause and a cure`);
});

test("no code is thrown that is not registered", () => {
  const product = sources(".ts", ".tsx").filter(({ path }) => path.startsWith("apps/") && !path.endsWith(".test.ts"));
  const thrown = product.flatMap(({ text }) => [...text.matchAll(/new CodedError\(\s*"([a-z_]+)"/g)].map(([, c]) => c));
  assert.deepEqual(
    thrown.filter((code) => code === undefined || !(code in ERROR_CODES)),
    [],
  );
});
