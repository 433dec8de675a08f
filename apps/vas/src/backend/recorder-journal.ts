/**
 * Rows that wait for the store, one JSON object a line, so that a VAS that dies while its store is away loses none.
 * Appended in order; read once, at the next start, before anything else is recorded. Not flushed to the disk line by
 * line: it outlives VAS, as the footage of the last second does, and not the machine's power.
 */
import { appendFileSync, existsSync, readFileSync, rmSync } from "node:fs";

export class Journal<Row> {
  readonly #path: string;

  /** @param path absolute; the file is there only while rows wait */
  constructor(path: string) {
    this.#path = path;
  }

  /** @throws Error where the disk refuses it */
  append(rows: readonly Row[]): void {
    appendFileSync(this.#path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""), { mode: 0o600 });
  }

  /** What an earlier VAS left, oldest first. A line that was cut by its end is left out: it is the last one. */
  read(): Row[] {
    if (!existsSync(this.#path)) return [];
    const lines = readFileSync(this.#path, "utf8").split("\n");
    lines.pop(); // what follows the last line's end: nothing, or half a line
    return lines.map((line) => JSON.parse(line) as Row);
  }

  clear(): void {
    rmSync(this.#path, { force: true });
  }
}
