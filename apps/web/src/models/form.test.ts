import assert from "node:assert/strict";
import { test } from "node:test";
import { type FormValues, fieldsOf, parametersOf, valuesOf } from "./form.ts";

const fields = fieldsOf({
  type: "object",
  required: ["mode"],
  properties: {
    score: { type: "number", minimum: 0, maximum: 1, default: 0.4 },
    most: { type: "integer", title: "At most" },
    mode: { type: "string", enum: ["fast", "exact", 3] },
    track: { type: "boolean", default: true },
    name: { type: "string" },
    classes: { type: "array", items: { type: "string" } },
  },
});

test("each property becomes the field that fits its type", () => {
  assert.deepEqual(
    fields.map((field) => [field.name, field.kind, field.required]),
    [
      ["score", "number", false],
      ["most", "integer", false],
      ["mode", "choice", true],
      ["track", "boolean", false],
      ["name", "text", false],
      ["classes", "json", false],
    ],
  );
  assert.deepEqual(fieldsOf(null), []);
  assert.deepEqual(fieldsOf({ type: "string" }), []);
});

test("parameters come back from the form as they went in", () => {
  const parameters = { score: 0.5, most: 3, mode: 3, track: false, name: "a", classes: ["x"], other: 1 };
  assert.deepEqual(parametersOf(fields, valuesOf(fields, parameters), parameters), { parameters, errors: {} });
});

test("fields that were left empty are not sent", () => {
  const values: FormValues = { ...valuesOf(fields, {}), mode: "fast" };
  assert.equal(values.track, true);
  assert.deepEqual(parametersOf(fields, values, {}), { parameters: { mode: "fast" }, errors: {} });
});

test("what cannot be sent is said beside its field", () => {
  const { errors } = parametersOf(fields, { score: "2", most: "1.5", mode: "", classes: "[", track: true }, {});
  assert.equal(errors.score, "At most 1.");
  assert.equal(errors.most, "Give a whole number.");
  assert.equal(errors.mode, "This is required.");
  assert.match(errors.classes ?? "", /^This is not JSON/);
});
