/** Children of the media plane: no shell, dead when VAS is dead, their last words kept in bounded memory. */
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { redact } from "@vas/base/redact.ts";

const KEPT_LINES = 40;
const MAX_LINE = 500;
const KILL_AFTER_MS = 2_000;

export type ChildExit = { code: number | null; signal: NodeJS.Signals | null };

export class Child {
  readonly process: ChildProcess;
  readonly exited: Promise<ChildExit>;
  readonly #lines: string[] = [];
  #partial = "";

  /**
   * @param stdio must have "pipe" at index 2, which is read here so that no child ever waits for its own complaints
   * @param onLine called with each redacted line of stderr
   */
  constructor(command: string, args: readonly string[], stdio: StdioOptions, onLine?: (line: string) => void) {
    // setpriv sets the parent-death signal and becomes the command: kill -9 of VAS leaves no child behind.
    this.process = spawn("setpriv", ["--pdeathsig", "KILL", command, ...args], { stdio, shell: false });
    this.exited = new Promise((resolve) => {
      this.process.once("error", (error) => {
        this.#keep(error.message, onLine);
        resolve({ code: null, signal: null });
      });
      this.process.once("close", (code, signal) => {
        this.#take("\n", onLine);
        resolve({ code, signal });
      });
    });
    this.process.stderr?.setEncoding("utf8").on("data", (text: string) => this.#take(text, onLine));
  }

  /** The last lines of stderr, redacted. */
  get lastLines(): readonly string[] {
    return this.#lines;
  }

  /** Asks with SIGTERM, then insists with SIGKILL; resolves when the process is gone. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<ChildExit> {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill(signal);
    const timer = setTimeout(() => this.process.kill("SIGKILL"), KILL_AFTER_MS);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  #take(text: string, onLine?: (line: string) => void): void {
    const lines = (this.#partial + text).split(/\r\n|\n|\r/);
    this.#partial = (lines.pop() ?? "").slice(-MAX_LINE);
    for (const line of lines) if (line.trim() !== "") this.#keep(line, onLine);
  }

  #keep(line: string, onLine?: (line: string) => void): void {
    const clean = redact(line.slice(0, MAX_LINE));
    this.#lines.push(clean);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
    onLine?.(clean);
  }
}

/**
 * Runs a program that takes bytes and gives bytes.
 *
 * @throws Error with the program's last words where it fails, says nothing, or the signal aborts
 */
export async function runToBuffer(
  command: string,
  args: readonly string[],
  input: readonly Buffer[],
  limits: { maxBytes: number; signal: AbortSignal },
): Promise<Buffer> {
  const child = new Child(command, args, ["pipe", "pipe", "pipe"]);
  const chunks: Buffer[] = [];
  let size = 0;
  const kill = () => child.process.kill("SIGKILL");
  limits.signal.addEventListener("abort", kill, { once: true });
  if (limits.signal.aborted) kill();
  child.process.stdout?.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > limits.maxBytes) kill();
    else chunks.push(chunk);
  });
  const { stdin } = child.process;
  // A program that has what it needs closes its input early; that is no failure.
  stdin?.on("error", () => stdin.destroy());
  void feed(stdin, input);
  const { code } = await child.exited;
  limits.signal.removeEventListener("abort", kill);
  if (limits.signal.aborted) throw new Error("it took too long");
  if (size > limits.maxBytes) throw new Error(`its output is larger than ${limits.maxBytes} bytes`);
  if (code !== 0) throw new Error(child.lastLines.at(-1) ?? `it ended with code ${code}`);
  return Buffer.concat(chunks);
}

async function feed(stdin: NodeJS.WritableStream | null, input: readonly Buffer[]): Promise<void> {
  if (!stdin) return;
  for (const chunk of input) {
    if (!stdin.writable) return;
    if (!stdin.write(chunk)) await Promise.race([once(stdin, "drain"), once(stdin, "close")]).catch(() => undefined);
  }
  if (stdin.writable) stdin.end();
}
