import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

/** Native libraries that a process has mapped after it ran this. */
function librariesAfter(script: string): string[] {
  const said = execFileSync(
    process.execPath,
    [
      "--input-type=module-typescript",
      "-e",
      `import { readFileSync } from "node:fs";
       ${script}
       console.log([...new Set(readFileSync("/proc/self/maps", "utf8").match(/[^/ ]+[.]node$/gm))].join(" "));
       process.exit();`,
    ],
    { encoding: "utf8" },
  );
  return said.trim().split(" ").filter(Boolean);
}
const from = (file: string) => JSON.stringify(join(import.meta.dirname, file));

test("a VAS that exports no frames maps no native code for it", () => {
  assert.deepEqual(librariesAfter(`await import(${from("../index.ts")});`), []);
  // The same question has another answer where frames are exported: a pipe for a tap is the first that needs it.
  assert.deepEqual(librariesAfter(`(await import(${from("pipe.ts")})).openPipe();`), ["koffi.node"]);
});
