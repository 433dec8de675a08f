/**
 * Frames taken by readers in C, TypeScript and Python from a writer at full speed, each reader stopped in the midst of a frame
 * at random, until a million were accepted: how many of them were torn. tests/contract/frame-torn.test.ts is the short form.
 *
 *   node bench/frame-torn.ts [millions]
 */
import { LANGUAGES } from "../tests/contract/frame-readers/readers.ts";
import { runTorn } from "../tests/contract/frame-readers/torn.ts";

const million = Number(process.argv[2] ?? 1) * 1_000_000;
const start = performance.now();
const { counts, stops, written } = await runTorn({
  ...{ width: 256, height: 144, slotCount: 4, remakeEvery: 20_000 },
  accepted: { C: million * 0.8, TypeScript: million * 0.15, Python: million * 0.05 },
  mixed: 10,
  withinMs: 900_000,
});
console.log(
  `${written} frames written in ${((performance.now() - start) / 1000).toFixed(0)} s, readers stopped ${stops} times`,
);
for (const language of LANGUAGES) {
  const { accepted, wrong, mixed, torn, gone } = counts[language];
  console.log(
    `${language.padEnd(10)} accepted ${accepted}, of them torn ${wrong}; rejected ${mixed + torn}, mixed pixels seen in ${mixed} of them; files being remade ${gone}`,
  );
}
process.exit(0);
