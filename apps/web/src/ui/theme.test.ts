import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { isDark, readTheme, THEME_KEY } from "./theme.ts";

const BEFORE_PAINT = readFileSync(new URL("../../public/theme.js", import.meta.url), "utf8");

/** What the script before the first paint makes of what was kept. */
function beforePaint(kept: string | null | Error, systemIsDark: boolean): boolean | undefined {
  let dark: boolean | undefined;
  runInNewContext(BEFORE_PAINT, {
    localStorage: {
      getItem: (key: string) => {
        if (kept instanceof Error) throw kept;
        return key === THEME_KEY ? kept : null;
      },
    },
    matchMedia: () => ({ matches: systemIsDark }),
    document: { documentElement: { classList: { toggle: (_name: string, on: boolean) => (dark = on) } } },
  });
  return dark;
}

test("the script before the first paint and the page agree, whatever was kept", () => {
  for (const systemIsDark of [true, false]) {
    for (const kept of ["light", "dark", "system", "mauve", null, 7, { dark: true }]) {
      const theme = readTheme(kept);
      const expected = isDark(theme, systemIsDark);
      assert.equal(
        beforePaint(JSON.stringify(kept), systemIsDark),
        expected,
        `${JSON.stringify(kept)} ${systemIsDark}`,
      );
    }
    assert.equal(beforePaint(null, systemIsDark), systemIsDark, "nothing kept follows the system");
    assert.equal(beforePaint("{broken", systemIsDark), systemIsDark, "a broken entry follows the system");
    assert.equal(beforePaint(new Error("denied"), systemIsDark), systemIsDark, "a browser that refuses storage");
  }
});
