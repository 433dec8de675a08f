/** One JSON object a line on stderr, redacted as a whole. Whoever ends an error's journey logs it, nobody else. */
import { redact } from "./redact.ts";

export type Level = "debug" | "info" | "warn" | "error";
export type Fields = Record<string, unknown>;

export interface Log {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** A log whose lines carry these fields too. */
  with(fields: Fields): Log;
}

const ORDER: Record<Level, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/**
 * @param write where a finished line goes
 * @param least lines below this level are not made
 */
export function createLog(write: (line: string) => void, least: Level = "info", bound: Fields = {}): Log {
  const at = (level: Level) => (message: string, fields?: Fields) => {
    if (ORDER[level] < ORDER[least]) return;
    const record = { time: new Date().toISOString(), level, message, ...bound, ...fields };
    write(`${redact(JSON.stringify(record, plain))}\n`);
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => createLog(write, least, { ...bound, ...fields }),
  };
}

/** A process's own log. */
export function stderrLog(name: string): Log {
  return createLog((line) => process.stderr.write(line), "info", { process: name });
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack };
  return value;
}

/** The message of anything thrown, redacted. */
export function errorText(thrown: unknown): string {
  return redact(thrown instanceof Error ? thrown.message : String(thrown));
}
