/** A writer at full speed against readers that are stopped in the midst of a frame at random. Used by the test and the bench. */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { waitFor, within } from "@vas/testkit/processes.ts";
import { LANGUAGES, type Language, startReader } from "./readers.ts";

/**
 * | accepted | the reader called the frame valid, and all its pixels are that frame's |
 * | wrong | the reader called it valid, and they are not: what must never be |
 * | mixed | pixels of several frames were seen, and the reader called it torn |
 * | torn | called torn though what was seen was whole, or already when opened |
 * | gone | the files were just being made anew |
 */
export type TornCounts = Record<"accepted" | "wrong" | "mixed" | "torn" | "gone", number>;

/**
 * Runs until every reader accepted and rejected so many frames.
 *
 * @returns each reader's counts, how often it was stopped, and how many frames were written
 */
export async function runTorn(options: {
  width: number;
  height: number;
  slotCount: number;
  remakeEvery: number;
  accepted: Record<Language, number>;
  mixed: number;
  withinMs: number;
}): Promise<{ counts: Record<Language, TornCounts>; stops: number; written: number }> {
  const shmDir = mkdtempSync("/dev/shm/vas-frame-torn-");
  const camera = randomUUID();
  const { width, height, slotCount, remakeEvery } = options;
  const geometry = [width, height, slotCount, remakeEvery].map(String);
  const writer = spawn(process.execPath, [join(import.meta.dirname, "writer.ts"), join(shmDir, camera), ...geometry], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let said = "";
  writer.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const counts = {} as Record<Language, TornCounts>;
  const readers = LANGUAGES.map((language) => startReader(language, shmDir));
  let stops = 0;
  try {
    await waitFor("the writer to begin", () => existsSync(join(shmDir, camera, "frame.meta")));
    for (const reader of readers) {
      reader.onAnswer((answer) => {
        counts[reader.language] = answer as TornCounts;
      });
      counts[reader.language] = (await reader.ask(`stress ${camera}`)) as TornCounts;
    }
    const enough = () =>
      LANGUAGES.every((name) => counts[name].accepted >= options.accepted[name] && counts[name].mixed >= options.mixed);
    const until = performance.now() + options.withinMs;
    while (!enough()) {
      if (performance.now() > until)
        throw new Error(`not enough frames in ${options.withinMs} ms: ${JSON.stringify(counts)}`);
      for (const { child, language } of readers) {
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`the ${language} reader ended [${child.exitCode ?? child.signalCode}]`);
        // Anywhere in its loop, for anything from a part of a frame to hundreds of them.
        child.kill("SIGSTOP");
        stops++;
        await pause(Math.random() ** 3 * 8);
        child.kill("SIGCONT");
      }
      await pause(Math.random() * 10);
    }
    writer.stdin.end();
    await within("the writer's count", once(writer, "exit"));
    return { counts, stops, written: (JSON.parse(said) as { written: number }).written };
  } finally {
    writer.kill("SIGKILL");
    await Promise.all(readers.map((reader) => reader.end()));
    rmSync(shmDir, { recursive: true, force: true });
  }
}
