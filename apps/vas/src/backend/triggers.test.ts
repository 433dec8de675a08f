import assert from "node:assert/strict";
import { test } from "node:test";
import { type Clock, systemClock } from "@vas/base/clock.ts";
import { CodedError } from "@vas/contracts/errors.ts";
import { CAMERA, discovered, openedAt, OTHER_CAMERA, startAiSite, until, watched } from "./testing/ai-site.ts";
import { MAX_QUEUED, MAX_RUNNING, type MakeClip, type TakeSnapshot, Triggers } from "./triggers.ts";

const T0 = Date.parse("2026-05-01T12:00:00.000Z");
type Wish = Parameters<TakeSnapshot>[1];

/** Time that moves when the test says so; sleepers wake in passing. */
function steppedClock(): Clock & { advance(ms: number): void } {
  let nowMs = 1000;
  const sleepers = new Set<{ atMs: number; wake(): void }>();
  return {
    wallMs: () => T0 + nowMs,
    monotonicNs: () => BigInt(nowMs) * 1_000_000n,
    sleep(ms, signal) {
      return new Promise((resolve) => {
        const sleeper = { atMs: nowMs + ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", () => {
          sleepers.delete(sleeper);
          resolve();
        });
      });
    },
    advance(ms) {
      nowMs += ms;
      for (const sleeper of sleepers)
        if (sleeper.atMs <= nowMs) {
          sleepers.delete(sleeper);
          sleeper.wake();
        }
    },
  };
}

const noClip: MakeClip = async () => {
  throw new Error("no clip was asked for");
};

const event = (n: number, cameraId: string = CAMERA) => ({
  eventId: crypto.randomUUID(),
  cameraId,
  modelId: `m${n}`,
  pts90k: T0 * 90 + n,
  wallMs: T0,
  label: "person",
});

test("a stored event gets the picture of its very frame, once, and is published again with it", async () => {
  const wishes: Wish[] = [];
  const snapshotId = crypto.randomUUID();
  await using site = await startAiSite({
    takeSnapshot: async (backend, wish) => {
      wishes.push(wish);
      const { cameraId, eventId, moment } = wish;
      await backend.db
        .insertInto("snapshots")
        .values({
          id: snapshotId,
          camera_id: cameraId,
          event_id: eventId,
          wall_ms: T0,
          pts90k: moment.pts90k,
          width: 64,
          height: 48,
          size_bytes: 1,
          path: "p",
          created_at: T0,
        })
        .execute();
    },
  });
  const core = await site.connectCore();
  const opened = openedAt(T0);
  await core.ask({ type: "events", opened: [opened], closed: [] });
  await core.ask({ type: "events", opened: [opened], closed: [] });
  await until("the event's second notice", () => site.notices.length === 2);
  assert.deepEqual(
    site.notices.map((notice) => notice.notice === "event" && [notice.event.id, notice.event.snapshot_id]),
    [
      [opened.event_id, null],
      [opened.event_id, snapshotId],
    ],
  );
  assert.equal(wishes.length, 1);
  assert.deepEqual(
    [wishes[0]?.cameraId, wishes[0]?.eventId, wishes[0]?.moment],
    [CAMERA, opened.event_id, { pts90k: opened.pts90k }],
  );
  assert.equal(site.counter("taken"), 1);
});

test("a picture that cannot be made is counted, spoken of once a second, and never tried again", async () => {
  let tries = 0;
  await using site = await startAiSite({
    clock: { ...systemClock, monotonicNs: () => 5n },
    takeSnapshot: async () => {
      tries += 1;
      throw new CodedError("not_recorded");
    },
  });
  const core = await site.connectCore();
  const opened = [openedAt(T0, { model_id: "a" }), openedAt(T0, { model_id: "b" })];
  assert.ok("ack" in (await core.ask({ type: "events", opened, closed: [] })));
  await until("two failures", () => site.counter("failed") === 2);
  assert.equal(tries, 2);
  assert.equal(site.notices.length, 2);
  assert.equal(site.logLines.filter((line) => line.message === "an event's trigger failed").length, 1);
});

test("two pictures are made at a time, 32 wait, and what is more is counted", async () => {
  const gates: PromiseWithResolvers<void>[] = [];
  await using site = await startAiSite();
  const triggers = new Triggers(
    site.backend,
    async () => {
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      await gate.promise;
    },
    noClip,
  );
  const count = (outcome: string) => triggers.counters().find((c) => c.labels.outcome === outcome)?.value;
  const MORE = 5;
  for (let n = 0; n < MAX_RUNNING + MAX_QUEUED + MORE; n++) triggers.eventStored(event(n));
  assert.equal(gates.length, MAX_RUNNING);
  assert.equal(count("overflowed"), MORE);
  for (let n = 0; n < MAX_RUNNING + MAX_QUEUED; n++) {
    await until(`picture ${n}`, () => gates.length > n);
    assert.ok(gates.length - n <= MAX_RUNNING);
    gates[n]?.resolve();
    await until(`the end of picture ${n}`, () => count("taken") === n + 1);
  }
  assert.equal(gates.length, MAX_RUNNING + MAX_QUEUED);
  await triggers.close();
});

test("one camera and model get at most one picture a second, others are not held back by it", async () => {
  const clock = steppedClock();
  await using site = await startAiSite({ clock });
  const taken: string[] = [];
  const triggers = new Triggers(site.backend, async (_backend, wish) => void taken.push(wish.cameraId), noClip);
  for (let n = 0; n < 10; n++) triggers.eventStored(event(1));
  triggers.eventStored(event(1, OTHER_CAMERA));
  await until("two pictures", () => taken.length === 2);
  clock.advance(999);
  triggers.eventStored(event(1));
  clock.advance(1);
  triggers.eventStored(event(1));
  await until("the third picture", () => taken.length === 3);
  assert.deepEqual(taken, [CAMERA, OTHER_CAMERA, CAMERA]);
  assert.equal(triggers.counters().find((c) => c.labels.outcome === "rate_limited")?.value, 10);
  await triggers.close();
});

test("a picture past its deadline is aborted and counted, and its place is free once the work has ended", async () => {
  const clock = steppedClock();
  await using site = await startAiSite({ clock });
  const stuck: { signal: AbortSignal; gate: PromiseWithResolvers<void> }[] = [];
  const triggers = new Triggers(
    site.backend,
    async (_backend, wish) => {
      const gate = Promise.withResolvers<void>();
      stuck.push({ signal: wish.signal, gate });
      await gate.promise;
    },
    noClip,
  );
  for (let n = 0; n < 3; n++) triggers.eventStored(event(n));
  clock.advance(14_999);
  assert.equal(stuck[0]?.signal.aborted, false);
  clock.advance(1);
  await until("two failures", () => triggers.counters().find((c) => c.labels.outcome === "failed")?.value === 2);
  assert.equal(stuck[0]?.signal.aborted, true);
  assert.equal(stuck.length, 2);
  stuck[0]?.gate.resolve();
  await until("the third picture's turn", () => stuck.length === 3);
  assert.equal(stuck[2]?.signal.aborted, false);
  await watched("the end of the triggers", triggers.close());
  assert.equal(stuck[2]?.signal.aborted, true);
});

test("where the assignment says so an event gets a clip, once its end has happened, linked and told of", async () => {
  const clock = steppedClock();
  await using site = await startAiSite({ clock });
  const wishes: Parameters<MakeClip>[1][] = [];
  const triggers = new Triggers(
    site.backend,
    async () => undefined,
    async (_backend, wish) => void wishes.push(wish),
  );
  const clips = (outcome: string) =>
    triggers.counters().find(({ name, labels }) => name === "ai_event_clips_total" && labels.outcome === outcome)
      ?.value;
  const core = await site.connectCore();
  await core.ask({ type: "models", models: [discovered("m1"), discovered("m2")] });
  await site.request("PUT", `ai-model-assignments/${CAMERA}/m1`, { clip: true });
  const { body } = await site.request("PUT", `ai-model-assignments/${CAMERA}/m2`, {});
  assert.equal(body.clip, false);
  const wanted = { ...event(1), wallMs: clock.wallMs() };
  triggers.eventStored({ ...event(2), wallMs: clock.wallMs() });
  triggers.eventStored(wanted);
  triggers.eventStored({ ...event(1), wallMs: clock.wallMs() });
  await until("the second clip's refusal", () => clips("rate_limited") === 1);
  assert.equal(wishes.length, 0, "its end has not happened");
  clock.advance(5000);
  await until("a clip", () => clips("taken") === 1);
  const [{ signal: _signal, ...wish } = { signal: null }] = wishes;
  const { cameraId, eventId, label, wallMs } = wanted;
  assert.deepEqual(wish, { cameraId, eventId, label, fromWallMs: wallMs - 5000, toWallMs: wallMs + 5000 });
  assert.equal(wishes.length, 1);
  await triggers.close();
});

test("a clip that cannot be made is a counter, and one that waits is dropped when VAS ends", async () => {
  const clock = steppedClock();
  await using site = await startAiSite({ clock });
  const triggers = new Triggers(
    site.backend,
    async () => undefined,
    async () => {
      throw new CodedError("not_recorded");
    },
  );
  const failed = () =>
    triggers.counters().find(({ name, labels }) => name === "ai_event_clips_total" && labels.outcome === "failed");
  const core = await site.connectCore();
  await core.ask({ type: "models", models: [discovered("m1")] });
  await site.request("PUT", `ai-model-assignments/${CAMERA}/m1`, { clip: true });
  triggers.eventStored({ ...event(1), wallMs: clock.wallMs() - 60_000 });
  await until("a failure", () => failed()?.value === 1);
  clock.advance(5000);
  triggers.eventStored({ ...event(1), wallMs: clock.wallMs() });
  await watched("the end", triggers.close());
  assert.equal(failed()?.value, 1);
});
