import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuditEntry } from "@vas/contracts/audit.ts";
import { auditDetails, auditObject, auditQuery } from "./audit.ts";

const entry = (fields: Partial<AuditEntry>) =>
  ({ object_id: null, object_name: null, camera_id: null, details: {}, ...fields }) as AuditEntry;

test("an assignment is a model on a camera, everything else goes by its name", () => {
  const pause = entry({ action: "assignment.pause", object_id: "person", object_name: "Door" });
  assert.equal(auditObject(pause), "person on Door");
  assert.equal(auditObject(entry({ action: "camera.delete", object_id: "1", object_name: "Yard" })), "Yard");
  assert.equal(auditObject(entry({ action: "clip.delete", object_id: "7f" })), "7f");
  assert.equal(auditObject(entry({ action: "auth.login", object_id: "7f", object_name: "ann" })), "");
});

test("what was set is named, with the values that are shown", () => {
  const details = { fields: ["desired_fps", "parameters", "zones"], desired_fps: 3, zones: ["door", "path"] };
  assert.equal(
    auditDetails(entry({ action: "assignment.edit", details })),
    "set desired_fps 3, parameters, zones [door, path]",
  );
  assert.equal(
    auditDetails(entry({ action: "assignment.pause", details: { fields: ["enabled"], enabled: false } })),
    "",
  );
  assert.equal(auditDetails(entry({ action: "camera.stop" })), "");
});

test("only what VAS filters by is taken from the address", () => {
  assert.deepEqual(auditQuery(new URLSearchParams("actor=ann&action=camera&x=1&camera_id=")), {
    actor: "ann",
    action: "camera",
  });
});
