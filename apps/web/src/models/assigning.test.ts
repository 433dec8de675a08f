import assert from "node:assert/strict";
import { test } from "node:test";
import type { Assignment } from "@vas/contracts/http.ts";
import { asksOf, fieldErrorOf } from "./assigning.ts";

const assignment = (camera_id: string, model_id: string, desired_fps: number, enabled = true) =>
  ({ camera_id, model_id, desired_fps, enabled }) as Assignment;

test("what is asked counts the other cameras as they are and the chosen ones as the form has them", () => {
  const stored = [
    assignment("a", "m", 5),
    assignment("b", "m", 10),
    assignment("c", "m", 20, false),
    assignment("d", "other", 30),
  ];
  assert.deepEqual(asksOf(stored, "m", ["a"], 8), [
    { cameraId: "b", fps: 10 },
    { cameraId: "a", fps: 8 },
  ]);
  assert.deepEqual(
    asksOf(stored, "m", ["a", "b", "e"], 2).map(({ cameraId }) => cameraId),
    ["a", "b", "e"],
  );
});

test("a refused parameter is told at its field", () => {
  const error = {
    code: "parameters_invalid",
    message: "The parameter areas.0 must be an object.",
    status: 400,
    requestId: null,
  };
  assert.deepEqual(fieldErrorOf({ ...error, details: { field: "areas.0" } }), { areas: error.message });
  assert.deepEqual(fieldErrorOf(error), {});
  assert.deepEqual(fieldErrorOf({ ...error, code: "model_disabled", details: { field: "x" } }), {});
});
