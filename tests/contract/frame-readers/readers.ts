/** Starts the three readers' drivers; the one in C is built here, by the machine's compiler, once per test process. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after } from "node:test";
import { within } from "@vas/testkit/processes.ts";

const HERE = import.meta.dirname;
const READERS = join(HERE, "../../../packages/frame-readers");
export const LANGUAGES = ["TypeScript", "Python", "C"] as const;
export type Language = (typeof LANGUAGES)[number];

export type Answer = Record<string, unknown> & { ok?: true; code?: string; text?: string };

export type Driver = {
  language: Language;
  child: ChildProcess;
  ask(command: string): Promise<Answer>;
  /** Answers that nobody asked for, such as those of `stress`. */
  onAnswer(listener: (answer: Answer) => void): void;
  end(): Promise<void>;
};

let driverInC: string | undefined;

function buildC(): string {
  if (driverInC !== undefined) return driverInC;
  const folder = mkdtempSync(join(tmpdir(), "vas-frame-reader-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const compiler = ["gcc", "cc", "clang"].find((name) => spawnSync(name, ["--version"]).status === 0);
  assert.ok(compiler, "the reader in C is tested with a compiler: apt-get install gcc libc6-dev");
  const flags = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-I", join(READERS, "c")];
  const built = spawnSync(compiler, [...flags, join(HERE, "driver.c"), "-o", join(folder, "driver")], {
    encoding: "utf8",
  });
  assert.equal(
    built.status,
    0,
    `${compiler} failed; are C's headers there (apt-get install libc6-dev)?\n${built.stderr}`,
  );
  driverInC = join(folder, "driver");
  return driverInC;
}

function commandOf(language: Language, shmDir: string): [string, string[]] {
  if (language === "TypeScript") return [process.execPath, [join(HERE, "driver.ts"), shmDir]];
  if (language === "C") return [buildC(), [shmDir]];
  assert.ok(existsSync("/usr/bin/python3"), "the reader in Python is tested with Debian's: apt-get install python3");
  return ["/usr/bin/python3", ["-B", join(HERE, "driver.py"), shmDir, join(READERS, "python")]];
}

export function startReader(language: Language, shmDir: string): Driver {
  const [command, args] = commandOf(language, shmDir);
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const waiting: ((answer: Answer) => void)[] = [];
  let listener: (answer: Answer) => void = () => undefined;
  createInterface({ input: child.stdout }).on("line", (line) => {
    const answer = JSON.parse(line) as Answer;
    (waiting.shift() ?? listener)(answer);
  });
  return {
    language,
    child,
    ask(question) {
      const answered = new Promise<Answer>((resolve, reject) => {
        waiting.push(resolve);
        void ended.then(([code, signal]) => reject(new Error(`the ${language} reader ended [${code ?? signal}]`)));
      });
      child.stdin.write(`${question}\n`);
      return within(`the ${language} reader's answer to "${question}"`, answered);
    },
    onAnswer(heard) {
      listener = heard;
    },
    async end() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
