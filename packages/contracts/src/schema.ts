/** Validation of anything that crosses a boundary, with errors a person can act on. */
import { type Static, type TSchema, Type } from "typebox";
import { Compile } from "typebox/compile";

/** What a check answers: the value, now typed, or one sentence naming the field and the rule. */
export type Checked<T> = { ok: true; value: T } | { ok: false; message: string };

/**
 * Compiles a schema once.
 *
 * @returns a function from an untrusted value to the typed value or a sentence such as `/fps: must be >= 0`
 */
export function checker<S extends TSchema>(schema: S): (value: unknown) => Checked<Static<S>> {
  const compiled = Compile(schema);
  return (value) => {
    if (compiled.Check(value)) return { ok: true, value };
    const first = compiled.Errors(value)[0];
    return { ok: false, message: first ? `${first.instancePath || "/"}: ${first.message}` : "is not valid" };
  };
}

export const Uuid = Type.String({ format: "uuid", maxLength: 36 });
/** ISO 8601 UTC with milliseconds in replies; any ISO date-time with an offset in requests. */
export const IsoTime = Type.String({ format: "date-time", maxLength: 40 });
export const ModelId = Type.String({ pattern: "^[a-z0-9][a-z0-9._-]{0,127}$" });
/** A decimal string, for integers that can pass 2^53. */
export const BigintText = Type.String({ pattern: "^-?[0-9]{1,20}$" });
export const Nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);
