/**
 * Whether an assignment's parameters fit the model's `config_schema`. VAS asks the same when the assignment is stored;
 * Core asks again because a model's folder may change after that. The schema comes from the folder: a pattern that
 * backtracks for hours or a schema that refers to itself must not hold Core up, so each check has a time limit, and what
 * was found is kept for as long as the schema is.
 */
import { isTimeout, limited } from "@vas/base/limited.ts";
import { Compile } from "typebox/compile";

type Schema = Record<string, unknown>;
type Parameters = Record<string, unknown>;

const CHECK_MS = 100;
/** Once for each schema, and what is cut short here is called unusable: a busy machine gets more time. */
const FIRST_CHECK_MS = 1_000;
/** A busy machine may stop any check for so long; a schema that was cut short this often is asked no more. */
const MAX_TIMEOUTS = 3;
const MAX_KEPT = 1000;

type Kept = { answers: Map<string, string | null>; timeouts: number };
const kept = new WeakMap<Schema, Kept>();

/**
 * @param schema the model's config_schema; null takes anything
 * @returns null where they fit, else one sentence that names the field and the rule
 */
export function parameterProblem(schema: Schema | null, parameters: Parameters): string | null {
  if (schema === null) return null;
  let one = kept.get(schema);
  if (one === undefined || one.answers.size >= MAX_KEPT) {
    one = { answers: new Map(), timeouts: one?.timeouts ?? 0 };
    kept.set(schema, one);
  }
  const key = JSON.stringify(parameters);
  const known = one.answers.get(key);
  if (known !== undefined) return known;
  if (one.timeouts >= MAX_TIMEOUTS) return `the model's config_schema takes too long to check [limit ms:${CHECK_MS}]`;
  const { problem, tookTooLong } = check(schema, parameters);
  if (tookTooLong) one.timeouts++;
  else one.answers.set(key, problem);
  return problem;
}

/** @returns null where the schema can be used, else why not */
export function schemaProblem(schema: Schema): string | null {
  try {
    limited(FIRST_CHECK_MS, () => Compile(schema).Check({}));
    return null;
  } catch (thrown) {
    return (thrown as Error).message;
  }
}

function check(schema: Schema, parameters: Parameters): { problem: string | null; tookTooLong: boolean } {
  try {
    return { problem: limited(CHECK_MS, () => misfit(schema, parameters)), tookTooLong: false };
  } catch (thrown) {
    const { message } = thrown as Error;
    const problem = `the parameters cannot be checked against the model's config_schema: ${message}`;
    return { problem, tookTooLong: isTimeout(thrown) };
  }
}

function misfit(schema: Schema, parameters: Parameters): string | null {
  const compiled = Compile(schema);
  if (compiled.Check(parameters)) return null;
  const errors = compiled.Errors(parameters);
  // Where a field is one too many, the checker speaks of the field's impossible schema first.
  const first = errors.find((error) => error.keyword === "additionalProperties") ?? errors[0];
  const field = first?.instancePath.slice(1).replaceAll("/", ".");
  const names = Object.values(first?.params ?? {}).find(Array.isArray) as unknown[] | undefined;
  const rule = `${first?.message ?? "is not valid"}${names ? ` [${names.join(", ")}]` : ""}`;
  return `the parameters do not fit the model's config_schema: ${field || "they"} ${rule}`;
}
