/**
 * Starts the model doctor, a process for each question. Its parser and onnxruntime read files that anybody may have made, so
 * they get what a broken one can use up without harm: bounded memory, processor time and open files, no file to write, no
 * variable of ours, a lower priority than video. It dies with VAS and with the question.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Log } from "@vas/base/log.ts";
import { CodedError } from "@vas/contracts/errors.ts";
import { DoctorAnswer, type DoctorQuestion } from "@vas/contracts/model-drafts.ts";
import { checker } from "@vas/contracts/schema.ts";
import type { Doctor } from "../backend/context.ts";

export type DoctorLimits = {
  /** Bytes of memory that it may make its own. */
  memoryBytes: number;
  /** Seconds of processor time, over all its threads. */
  cpuSeconds: number;
  wallMs: number;
};

const LIMITS: DoctorLimits = { memoryBytes: 3 * 1024 ** 3, cpuSeconds: 120, wallMs: 90_000 };
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
const MAX_WORDS = 4096;
const PROGRAM = fileURLToPath(new URL("../../../../packages/model-doctor/src/draft-main.ts", import.meta.url));
const checkAnswer = checker(DoctorAnswer);

type Ended = { code: number | null; signal: NodeJS.Signals | null; out: Buffer; words: string; isLate: boolean };

/** The doctor of this installation; an image of VAS alone has none. */
export function findDoctor(log: Log): Doctor | undefined {
  return existsSync(PROGRAM) ? createDoctor(log) : undefined;
}

export function createDoctor(log: Log, limits: DoctorLimits = LIMITS, program = PROGRAM): Doctor {
  return {
    async ask(question, signal) {
      signal.throwIfAborted();
      const ended = await run(question, { limits, program, signal });
      signal.throwIfAborted();
      const answer = ended.code === 0 ? parsed(ended.out) : undefined;
      if (answer !== undefined) return answer;
      log.warn("the model doctor gave up", { code: ended.code, signal: ended.signal, words: ended.words });
      throw new CodedError(
        "model_examination_failed",
        `The doctor gave up on these files: ${reasonOf(ended, limits)}.`,
      );
    },
  };
}

function run(
  question: DoctorQuestion,
  { limits, program, signal }: { limits: DoctorLimits; program: string; signal: AbortSignal },
): Promise<Ended> {
  const bounds = [
    `--data=${limits.memoryBytes}`,
    `--cpu=${limits.cpuSeconds}:${limits.cpuSeconds + 1}`,
    "--fsize=0",
    "--core=0",
    "--nofile=256",
  ];
  const node = [process.execPath, "--max-old-space-size=512", program];
  const args = ["--pdeathsig", "KILL", "--no-new-privs", "prlimit", ...bounds, "nice", "-n", "10", ...node];
  return new Promise((resolve) => {
    const child = spawn("setpriv", args, {
      env: { PATH: process.execPath.replace(/\/[^/]*$/, ":/usr/bin:/bin") },
      stdio: ["pipe", "pipe", "pipe"],
      shell: false,
    });
    const out: Buffer[] = [];
    let size = 0;
    let words = "";
    let isLate = false;
    const kill = () => child.kill("SIGKILL");
    const timer = setTimeout(() => {
      isLate = true;
      kill();
    }, limits.wallMs);
    signal.addEventListener("abort", kill, { once: true });
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_ANSWER_BYTES) kill();
      else out.push(chunk);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      words = (words + text).slice(-MAX_WORDS);
    });
    child.once("error", (error) => {
      words += error.message;
    });
    child.once("close", (code, how) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", kill);
      resolve({ code, signal: how, out: Buffer.concat(out), words, isLate });
    });
    // A doctor that died before it read the question is told by its end.
    child.stdin.once("error", () => undefined);
    child.stdin.end(JSON.stringify(question));
  });
}

function parsed(out: Buffer): DoctorAnswer | undefined {
  try {
    const checked = checkAnswer(JSON.parse(out.toString()));
    return checked.ok ? checked.value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function reasonOf({ code, signal, words, isLate }: Ended, limits: DoctorLimits): string {
  const memory = `${Math.round(limits.memoryBytes / 1024 ** 2)} MiB of memory`;
  if (isLate) return `they took longer than ${limits.wallMs / 1000} s`;
  if (signal === "SIGXCPU") return `they took more than ${limits.cpuSeconds} s of processor time`;
  if (/bad_alloc|out of memory|heap limit|memory allocation/i.test(words)) return `they need more than ${memory}`;
  return `it broke down over them, or they need more than ${memory} [${signal ?? code}]`;
}
