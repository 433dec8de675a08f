/**
 * Makes a VAS without frame export of the one whose process this is loaded into first (`node --import`): every module of
 * kernel/frames that VAS imports is replaced by functions that throw.
 */
import { registerHooks } from "node:module";

const NAMES = [
  ...["startTap", "openPipe", "closeEnd", "tapOutputArguments", "checkExportDir", "removeLeftExports", "exitNow"],
];
const NOTHING = NAMES.map(
  (name) => `export function ${name}() { throw new Error("frame export is not in this build"); }`,
).join("\n");

registerHooks({
  load(url, context, next) {
    if (!url.includes("/apps/vas/src/kernel/frames/")) return next(url, context);
    return { format: "module", shortCircuit: true, source: NOTHING };
  },
});
