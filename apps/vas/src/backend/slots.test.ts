import assert from "node:assert/strict";
import { test } from "node:test";
import { CodedError } from "@vas/contracts/errors.ts";
import { Slots } from "./slots.ts";

const never = new AbortController().signal;
const gate = () => Promise.withResolvers<void>();

test("no more run at once than there are slots, in the order in which they came", async () => {
  const slots = new Slots(2, 10, () => new CodedError("internal"));
  const order: number[] = [];
  const gates = [gate(), gate(), gate(), gate()];
  const runs = gates.map(({ promise }, n) =>
    slots.run(never, () => {
      order.push(n);
      return promise;
    }),
  );
  await Promise.resolve();
  assert.deepEqual(order, [0, 1]);
  gates[1]?.resolve();
  await runs[1];
  await Promise.resolve();
  assert.deepEqual(order, [0, 1, 2]);
  for (const { resolve } of gates) resolve();
  await Promise.all(runs);
  assert.deepEqual(order, [0, 1, 2, 3]);
});

test("a full queue refuses, and one who gives up leaves it", async () => {
  const slots = new Slots(1, 1, () => new CodedError("probe_failed", "full"));
  const first = gate();
  const running = slots.run(never, () => first.promise);
  const impatient = new AbortController();
  const waiting = slots.run(impatient.signal, async () => "ran");
  await assert.rejects(
    slots.run(never, async () => "ran"),
    { message: "full" },
  );
  impatient.abort(new Error("gone"));
  await assert.rejects(waiting, { message: "gone" });
  const next = slots.run(never, async () => "ran");
  first.resolve();
  await running;
  assert.equal(await next, "ran");
});

test("a failure gives its slot back", async () => {
  const slots = new Slots(1, 1, () => new CodedError("internal"));
  await assert.rejects(slots.run(never, () => Promise.reject(new Error("broken"))));
  assert.equal(await slots.run(never, async () => 5), 5);
});
