import assert from "node:assert/strict";
import { test } from "node:test";
import {
  agentWords,
  changedPerson,
  endOf,
  endWords,
  grantOf,
  grantWords,
  hasEnded,
  makePassword,
  newPerson,
  type PersonForm,
  personErrors,
} from "./form.ts";

const form = (more: Partial<PersonForm> = {}): PersonForm => ({
  username: " Ann ",
  password: "12345678",
  role: "viewer",
  allCameras: false,
  cameraIds: ["a"],
  ...more,
});

test("a new person needs a name without spaces and a password of 8 characters", () => {
  assert.deepEqual(personErrors(form(), true), {});
  assert.match(personErrors(form({ username: "" }), true).username ?? "", /name/);
  assert.match(personErrors(form({ username: "Ann Lee" }), true).username ?? "", /without spaces/);
  assert.match(personErrors(form({ password: "1234567" }), true).password ?? "", /8 characters/);
  assert.match(personErrors(form({ password: "\u{1F511}".repeat(4) }), true).password ?? "", /8 characters/);
  assert.deepEqual(personErrors(form({ password: "" }), false), {}, "an existing person keeps the password");
  assert.ok(personErrors(form({ password: "x" }), false).password);
});

test("an administrator is granted nothing, and all cameras leave no list behind", () => {
  assert.deepEqual(grantOf(form()), { all_cameras: false, camera_ids: ["a"] });
  assert.deepEqual(grantOf(form({ allCameras: true })), { all_cameras: true, camera_ids: [] });
  assert.deepEqual(grantOf(form({ role: "administrator", allCameras: true })), { all_cameras: false, camera_ids: [] });
  assert.equal(newPerson(form()).username, "Ann");
  const unchanged = { role: "viewer", all_cameras: false, camera_ids: ["a"] };
  assert.deepEqual(changedPerson(form({ password: "" }), "ann"), unchanged);
  assert.deepEqual(changedPerson(form({ password: "" }), "bob"), { ...unchanged, username: "Ann" });
  assert.equal(changedPerson(form(), "ann").password, "12345678");
});

test("grants are words, and a camera that is gone is not among them", () => {
  const cameras = [
    { id: "a", name: "Door" },
    { id: "b", name: "Yard" },
  ];
  assert.equal(grantWords({ all_cameras: true, camera_ids: [] }, cameras), "every camera");
  assert.equal(grantWords({ all_cameras: false, camera_ids: ["b", "a", "gone"] }, cameras), "Door, Yard");
  assert.equal(grantWords({ all_cameras: false, camera_ids: ["gone"] }, cameras), "no camera yet");
});

test("a made-up password is easy to read aloud, and never the same", () => {
  const random = (bytes: Uint8Array<ArrayBuffer>) => void crypto.getRandomValues(bytes);
  const made = new Set(Array.from({ length: 200 }, () => makePassword(random)));
  assert.equal(made.size, 200);
  for (const password of made) assert.match(password, /^[a-hjkmnp-z2-9]{5}(-[a-hjkmnp-z2-9]{5}){3}$/);
  let calls = 0;
  makePassword((bytes) => bytes.fill(calls++ === 0 ? 255 : 7));
  assert.equal(calls, 2, "bytes that would favour a letter are not used");
});

test("sessions are named by browser and system", () => {
  const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
  assert.equal(agentWords(chrome), "Chrome on Linux");
  const phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Safari/604.1";
  assert.equal(agentWords(phone), "Safari on iPhone");
  assert.equal(agentWords("Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0"), "Firefox on Windows");
  assert.equal(agentWords("curl/8.5"), "curl");
  assert.equal(agentWords(""), "Unknown program");
});

test("a key's end is counted in days from now, and said in words", () => {
  const now = new Date("2026-03-01T12:00:00.000Z");
  assert.deepEqual(endOf("never", now.getTime()), {});
  const week = { expires_at: endOf("week", now.getTime()).expires_at ?? null };
  assert.equal(week.expires_at, "2026-03-08T12:00:00.000Z");
  assert.equal(hasEnded(week, now.getTime()), false);
  assert.equal(hasEnded(week, Date.parse("2026-03-08T12:00:00.000Z")), true);
  assert.match(endWords(week, new Date("2026-03-09T12:00:00.000Z")), /^has ended, 2026-03-08/);
  assert.equal(hasEnded({ expires_at: null }, now.getTime()), false);
  assert.equal(endWords({ expires_at: null }, now), "when it is revoked");
});
