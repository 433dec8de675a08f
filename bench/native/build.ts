/** Builds the small C programs that measurements are compared with, by the machine's compiler, into a temporary folder. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const READERS = join(import.meta.dirname, "../../packages/frame-readers/c");

export type Programs = { path(name: string): string; [Symbol.dispose](): void };

/** @param names such as `tap`, for bench/native/tap.c; `libraries` are names that pkg-config knows */
export function buildPrograms(names: readonly string[], libraries: readonly string[] = []): Programs {
  const folder = mkdtempSync(join(tmpdir(), "bench-native-"));
  for (const library of libraries)
    if (spawnSync("pkg-config", ["--exists", library]).status !== 0)
      throw new Error(`${library} is missing: apt-get install gcc pkg-config ${library}-dev`);
  const flags =
    libraries.length === 0
      ? []
      : execFileSync("pkg-config", ["--cflags", "--libs", ...libraries], { encoding: "utf8" })
          .trim()
          .split(/\s+/);
  for (const name of names)
    execFileSync("gcc", [
      ...["-std=c11", "-O2", "-Wall", "-Wextra", "-I", READERS],
      ...[join(import.meta.dirname, `${name}.c`), "-o", join(folder, name), ...flags],
    ]);
  return {
    path: (name) => join(folder, name),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
