import assert from "node:assert/strict";
import { test } from "node:test";
import { parameterProblem, schemaProblem } from "./parameters.ts";

const SCHEMA = {
  type: "object",
  additionalProperties: false,
  required: ["threshold"],
  properties: { threshold: { type: "number", maximum: 1 }, zone: { type: "string" } },
};

test("parameters that fit pass, others are refused with the field and the rule", () => {
  assert.equal(parameterProblem(null, { anything: [1] }), null);
  assert.equal(parameterProblem(SCHEMA, { threshold: 0.5, zone: "door" }), null);
  assert.match(parameterProblem(SCHEMA, { threshold: 2 }) ?? "", /threshold must be <= 1/);
  assert.match(parameterProblem(SCHEMA, {}) ?? "", /\[threshold\]/);
  assert.match(parameterProblem(SCHEMA, { threshold: 0.5, colour: "red" }) ?? "", /\[colour\]/);
  assert.match(parameterProblem(SCHEMA, { threshold: 2 }) ?? "", /threshold must be <= 1/, "the same when asked again");
});

test("a schema that cannot be used, or that takes for ever, is a sentence and not a stop", () => {
  const broken = { properties: { a: { type: "string", pattern: "(" } } };
  assert.notEqual(schemaProblem(broken), null);
  assert.match(parameterProblem(broken, { a: "x" }) ?? "", /cannot be checked/);
  assert.notEqual(schemaProblem({ $ref: "#" }), null);
  assert.equal(schemaProblem(SCHEMA), null);
  const endless = { type: "object", properties: { a: { type: "string", pattern: "^(a+)+$" } } };
  assert.match(parameterProblem(endless, { a: `${"a".repeat(60)}!` }) ?? "", /cannot be checked.*timed out/);
  for (let n = 0; n < 5; n++) parameterProblem(endless, { a: `${"a".repeat(60)}!${n}` });
  assert.match(parameterProblem(endless, { a: "another" }) ?? "", /takes too long/, "no more time is spent on it");
});
