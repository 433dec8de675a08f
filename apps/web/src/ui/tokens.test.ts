import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

type Rgb = [number, number, number];
const require = createRequire(import.meta.url);
const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");

function declarations(text: string): [string, string][] {
  return [...text.matchAll(/--([\w-]+):\s*([^;]+);/g)].map(([, name = "", value = ""]) => [name, value.trim()]);
}

/** All tokens as one theme has them; the wide-gamut twins of the scales are left aside. */
function tokensOf(theme: "light" | "dark"): Map<string, string> {
  const all = new Map<string, string>();
  for (const [, file = ""] of css.matchAll(/@import "(@radix-ui\/colors\/[\w-]+\.css)"/g)) {
    if (file.includes("-dark") && theme === "light") continue;
    const scale = readFileSync(require.resolve(file), "utf8").split("@supports")[0] ?? "";
    for (const [name, value] of declarations(scale)) all.set(name, value);
  }
  const [light = "", dark = ""] = css.split(":root.dark");
  for (const [name, value] of declarations(light)) all.set(name, value);
  if (theme === "dark") for (const [name, value] of declarations(dark)) all.set(name, value);
  return all;
}

function colour(value: string, all: Map<string, string>): Rgb {
  const named = /^var\(--([\w-]+)\)$/.exec(value)?.[1];
  if (named !== undefined) return colour(all.get(named) ?? assert.fail(`no token ${named}`), all);
  const mixed = /^color-mix\(in srgb, (.+), (\S+) (\d+)%\)$/.exec(value);
  if (mixed) {
    const [, first = "", second = "", percent = ""] = mixed;
    const [a, b, share] = [colour(first, all), colour(second, all), Number(percent) / 100];
    return a.map((part, at) => part * (1 - share) + (b[at] ?? 0) * share) as Rgb;
  }
  const hex = /^#([0-9a-f]{6})$/.exec(value)?.[1] ?? assert.fail(`not a colour: ${value}`);
  return [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as Rgb;
}

function luminance(rgb: Rgb): number {
  const [red = 0, green = 0, blue = 0] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: Rgb, other: Rgb): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** Which words stand on which surfaces. */
const WORDS: [string, string[]][] = [
  ["text", ["page", "panel", "raised", "field", "hover", "accent-back", "good-back", "warn-back", "bad-back"]],
  ["quiet", ["page", "panel", "raised", "field", "hover"]],
  ["accent", ["page", "panel", "raised", "field", "hover", "accent-back"]],
  ["accent-text", ["accent"]],
  ["accent-solid-text", ["accent-solid", "accent-solid-hover"]],
  ["bad-solid-text", ["bad-solid", "bad-solid-hover"]],
  ...["good", "warn", "bad"].map((tone): [string, string[]] => [tone, ["page", "panel", "raised", `${tone}-back`]]),
  ["bad", ["hover"]],
  ["media-text", ["media-back"]],
];

for (const theme of ["light", "dark"] as const) {
  test(`words have a contrast of 4.5 to 1 or more on every surface they stand on, ${theme}`, () => {
    const all = tokensOf(theme);
    const of = (name: string) => colour(`var(--${name})`, all);
    const weak = WORDS.flatMap(([word, surfaces]) =>
      surfaces
        .map((surface): [string, number] => [`${word} on ${surface}`, contrast(of(word), of(surface))])
        .filter(([, ratio]) => ratio < 4.5)
        .map(([pair, ratio]) => `${pair}: ${ratio.toFixed(2)}`),
    );
    assert.deepEqual(weak, []);
  });

  test(`the lines of a chart and the mark of the focus stand out by 3 to 1 from a panel, ${theme}`, () => {
    const all = tokensOf(theme);
    const of = (name: string) => colour(`var(--${name})`, all);
    const weak = ["series-1", "series-2", "series-3", "series-4", "series-5", "series-6", "accent"]
      .map((name): [string, number] => [name, contrast(of(name), of("panel"))])
      .filter(([, ratio]) => ratio < 3);
    assert.deepEqual(weak, []);
  });
}
