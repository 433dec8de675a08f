import assert from "node:assert/strict";
import { test } from "node:test";
import type { Camera, CameraStatus } from "@vas/contracts/http.ts";
import { CameraList } from "./list.ts";

const camera = (id: string, name: string) =>
  ({ id, name, status: { camera_id: id, state: "live" } }) as unknown as Camera;

test("a status notice changes its camera and no other", async () => {
  const list = new CameraList(async () => ({ ok: true, value: { items: [camera("b", "Yard"), camera("a", "Gate")] } }));
  await list.reload();
  assert.deepEqual(
    list.view().cameras?.map((one) => one.name),
    ["Gate", "Yard"],
  );
  list.notice({ notice: "camera", status: { camera_id: "b", state: "retrying" } as CameraStatus });
  assert.deepEqual(
    list.view().cameras?.map((one) => one.status.state),
    ["live", "retrying"],
  );
});

test("an unknown camera and a changed list are listed again; a failure keeps what was known", async () => {
  let loads = 0;
  const list = new CameraList(async () => {
    loads += 1;
    if (loads === 3) return { ok: false, error: { code: "unreachable", message: "No.", status: 0, requestId: null } };
    return { ok: true, value: { items: [camera("a", "Gate")] } };
  });
  await list.reload();
  list.notice({ notice: "camera", status: { camera_id: "new", state: "live" } as CameraStatus });
  assert.equal(loads, 2);
  list.notice({ notice: "cameras_changed" });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(loads, 3);
  assert.equal(list.view().cameras?.length, 1);
  assert.equal(list.view().error?.message, "No.");
});
