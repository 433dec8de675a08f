/** Words that people read live in apps/web/src/strings, so that the web can be translated and its wording is one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAst } from "vite";
import { isTest, type Source, sources } from "./sources.ts";

const WEB = "apps/web/src/";
/** Attributes that are read or heard. */
const READ =
  /^(aria-(label|description|valuetext|roledescription)|title|placeholder|alt|label|fromLabel|toLabel|hint|words|busyWords|description|action|cancel|what)$/;
const LETTERS = /\p{L}{2}/u;
/** The same in every language. */
const UNITS = /^\W*(ms|s|fps|kbit\/s|px|JSON)\W*$/;

type Node = { type: string; start: number; [key: string]: unknown };

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as Node).type === "string";
}

/** Text in what an expression can come to: through `a ? "b" : "c"`, `a && "b"` and templates, not into calls. */
function literals(node: unknown): string[] {
  if (!isNode(node)) return [];
  switch (node.type) {
    case "Literal":
      return typeof node.value === "string" ? [node.value] : [];
    case "TemplateLiteral":
      return (node.quasis as { value: { cooked: string } }[]).map((part) => part.value.cooked);
    case "ConditionalExpression":
      return [...literals(node.consequent), ...literals(node.alternate)];
    case "LogicalExpression":
    case "BinaryExpression":
      return node.operator === "===" || node.operator === "!=="
        ? []
        : [...literals(node.left), ...literals(node.right)];
    case "JSXExpressionContainer":
    case "ParenthesizedExpression":
      return literals(node.expression);
    default:
      return [];
  }
}

/** @returns `line: words` for every text in the markup that says something */
function wordsIn({ path, text }: Source): string[] {
  const found: string[] = [];
  const say = (node: Node, words: string[]) => {
    const line = text.slice(0, node.start).split("\n").length;
    for (const word of words)
      if (LETTERS.test(word) && !UNITS.test(word)) found.push(`${path}:${line}: ${word.trim()}`);
  };
  const visit = (node: Node) => {
    if (node.type === "JSXText") say(node, [node.value as string]);
    if (node.type === "JSXElement" || node.type === "JSXFragment")
      for (const child of node.children as Node[])
        if (child.type === "JSXExpressionContainer") say(child, literals(child));
    if (node.type === "JSXAttribute" && READ.test((node.name as { name: string }).name))
      say(node, literals(node.value));
    for (const value of Object.values(node))
      for (const part of Array.isArray(value) ? (value as unknown[]) : [value]) if (isNode(part)) visit(part);
  };
  visit(parseAst(text, { lang: "tsx" }) as unknown as Node);
  return found;
}

test("no markup of the web holds words of its own", () => {
  const wrong = sources(".tsx")
    .filter(({ path }) => path.startsWith(WEB) && !isTest(path))
    .flatMap(wordsIn);
  assert.deepEqual(wrong, []);
});

test("the rule for words finds them wherever markup can hold them", () => {
  const text = `const a = <p title="One two">Three {b ? "four" : \`five \${c}\`} {d && "six"} {e === "seven"} 8 x
    <Field label={f ? "nine" : g.ten} className="eleven" value="twelve">{call("thirteen")}</Field></p>;`;
  assert.deepEqual(
    wordsIn({ path: "a.tsx", text }).map((line) => line.replace(/^a.tsx:\d+: /, "")),
    ["four", "five", "six", "One two", "Three", "nine"],
  );
});
