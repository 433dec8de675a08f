/** Requests are checked by the schemas of the contracts themselves; a refusal names the field and the rule. */
import { CodedError } from "@vas/contracts/errors.ts";
import type { FastifySchemaCompiler } from "fastify";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { Value } from "typebox/value";

/** Bodies are taken as they are; query and path values are text and are converted to what the schema asks for. */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const compiled = Compile(schema);
  return (value) => {
    const converted = httpPart === "body" ? value : Value.Convert(schema, value);
    if (compiled.Check(converted)) return { value: converted };
    const first = compiled.Errors(converted)[0];
    const rule = first ? `${first.instancePath || "/"}: ${first.message}${ruleOf(first)}` : "/: is not valid";
    return { error: Object.assign(new Error(rule), { validation: [], statusCode: 400 }) };
  };
};

/** The names of fields that must not be there. */
function ruleOf(error: { keyword: string; params: object }): string {
  if (error.keyword !== "additionalProperties" || !("additionalProperties" in error.params)) return "";
  const names = JSON.stringify(error.params.additionalProperties).slice(0, 200);
  return ` ${names}`;
}

/**
 * @returns Unix milliseconds
 * @throws CodedError bad_request for what has the form of a time but is none, such as a leap second
 */
export function parseTime(field: string, text: string): number {
  const wallMs = Date.parse(text);
  if (Number.isNaN(wallMs) || wallMs < 0) throw new CodedError("bad_request", `/${field}: is not a time after 1970`);
  return wallMs;
}

export function isoTime(wallMs: number): string {
  return new Date(wallMs).toISOString();
}

/** @throws CodedError range_invalid */
export function parseRange(
  range: { from: string; to: string },
  maxMs: number,
): { fromWallMs: number; toWallMs: number } {
  const fromWallMs = parseTime("from", range.from);
  const toWallMs = parseTime("to", range.to);
  if (fromWallMs >= toWallMs) throw new CodedError("range_invalid", "The range must end after it begins.");
  if (toWallMs - fromWallMs > maxMs)
    throw new CodedError("range_invalid", `The range is too long [max:${maxMs / 3_600_000} h].`);
  return { fromWallMs, toWallMs };
}
