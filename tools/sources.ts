/** The repository's own text files, for the tests that keep its rules. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** `path` is relative to the repository's root. */
export type Source = { path: string; text: string };

/** All files that git tracks or would track and whose name ends so. */
export function sources(...endings: string[]): Source[] {
  const listed = spawnSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: ROOT });
  if (listed.status !== 0) throw new Error(`git ls-files failed: ${listed.stderr?.toString() ?? "git was not found"}`);
  const paths = new Set(listed.stdout.toString().split("\0"));
  return [...paths]
    .filter((path) => endings.some((ending) => path.endsWith(ending)) && existsSync(join(ROOT, path)))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

/** Tests and what only tests use. */
export function isTest(path: string): boolean {
  return /\.(test|testing)\.tsx?$|\/testing\//.test(path) || /^(tests|bench)\//.test(path);
}

/** What a file imports: repository paths of our own modules, package or node: names of others. */
export function importsOf({ path, text }: Source): string[] {
  const found: string[] = [];
  for (const [, name = ""] of text.matchAll(/^(?:import|export)\b[^;"]*?"([^"]+)"|\bimport\("([^"]+)"\)/gms))
    found.push(resolveImport(path, name));
  for (const [, name = ""] of text.matchAll(/\bimport\("([^"]+)"\)/g)) found.push(resolveImport(path, name));
  return found.filter((name) => name !== "");
}

function resolveImport(from: string, name: string): string {
  if (name.startsWith(".")) return normalize(join(dirname(from), name));
  const [, workspace, rest] = /^@vas\/([^/]+)\/(.*)$/.exec(name) ?? [];
  return workspace === undefined ? name : `packages/${workspace}/src/${rest}`;
}

/** The names that a file imports from a module, `*` for all of them. */
export function namesFrom({ text }: Source, module: RegExp): string[] {
  const names: string[] = [];
  for (const [, clause = "", from = ""] of text.matchAll(/^import\s+(?!type\b)([^;"]*?)\s+from\s+"([^"]+)"/gms)) {
    if (!module.test(from)) continue;
    const braces = /\{([^}]*)\}/s.exec(clause)?.[1];
    if (braces === undefined) names.push("*");
    else
      for (const item of braces.split(","))
        names.push(
          item
            .trim()
            .replace(/^type\s.*/, "")
            .replace(/\s+as\s.*/, ""),
        );
  }
  return names.filter((name) => name !== "");
}
