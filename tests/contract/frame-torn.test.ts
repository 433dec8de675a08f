import assert from "node:assert/strict";
import { test } from "node:test";
import { LANGUAGES } from "./frame-readers/readers.ts";
import { runTorn } from "./frame-readers/torn.ts";

// bench/frame-torn.ts is the same with a million frames.
test("no reader accepts a torn frame, with a writer at full speed and readers stopped in the midst of a frame", async (t) => {
  const { counts, stops, written } = await runTorn({
    ...{ width: 256, height: 144, slotCount: 4, remakeEvery: 20_000 },
    accepted: { C: 80_000, TypeScript: 15_000, Python: 5000 },
    mixed: 10,
    withinMs: 240_000,
  });
  t.diagnostic(JSON.stringify({ counts, stops, written }));
  for (const language of LANGUAGES) assert.equal(counts[language].wrong, 0, `${language} took a torn frame`);
  // More than ten frames of which the pixels were mixed came to each reader: the check is what kept them out.
  assert.ok(written > 100_000 && stops > 10);
});
