/** A form made from a model's config_schema, and the assignment's parameters made from the form. */

import { assignmentText as words } from "../strings/assignments.ts";

/** Frames a second that a new assignment asks for. */
export const FIRST_FPS = 5;
export const FIRST_PRIORITY = 50;

export type FieldKind = "text" | "number" | "integer" | "boolean" | "choice" | "json";

export type ParameterField = {
  name: string;
  title: string;
  description: string | null;
  kind: FieldKind;
  required: boolean;
  minimum: number | null;
  maximum: number | null;
  /** A `choice`'s values, shown by their text. */
  choices: unknown[];
  /** Used by the model where nothing is given. */
  fallback: unknown;
};

/** What the form holds: text as typed, true or false for a switch. */
export type FormValues = Record<string, string | boolean>;

type Schema = Record<string, unknown>;

const isObject = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const numberOr = (value: unknown): number | null => (typeof value === "number" ? value : null);

function kindOf(schema: Schema): FieldKind {
  if (Array.isArray(schema.enum)) return "choice";
  switch (schema.type) {
    case "string":
      return "text";
    case "number":
    case "integer":
    case "boolean":
      return schema.type;
    default:
      return "json";
  }
}

/** @returns one field per property, in the schema's order; none where the schema describes no object */
export function fieldsOf(schema: Schema | null): ParameterField[] {
  if (!schema || !isObject(schema.properties)) return [];
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(schema.properties).map(([name, property]) => {
    const one = isObject(property) ? property : {};
    return {
      name,
      title: typeof one.title === "string" ? one.title : name,
      description: typeof one.description === "string" ? one.description : null,
      kind: kindOf(one),
      required: required.includes(name),
      minimum: numberOr(one.minimum) ?? numberOr(one.exclusiveMinimum),
      maximum: numberOr(one.maximum) ?? numberOr(one.exclusiveMaximum),
      choices: Array.isArray(one.enum) ? one.enum : [],
      fallback: one.default,
    };
  });
}

export const choiceText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** The form's content for an assignment's parameters. */
export function valuesOf(fields: readonly ParameterField[], parameters: Record<string, unknown>): FormValues {
  const values: FormValues = {};
  for (const field of fields) {
    const value = parameters[field.name];
    if (field.kind === "boolean") values[field.name] = (value ?? field.fallback) === true;
    else if (value === undefined) values[field.name] = "";
    else if (field.kind === "json") values[field.name] = JSON.stringify(value);
    else values[field.name] = choiceText(value);
  }
  return values;
}

export type Parsed = { parameters: Record<string, unknown>; errors: Record<string, string> };

/**
 * @param kept the parameters as they were: what the form has no field for is left in place
 * @returns the parameters, and one sentence for each field that cannot be sent
 */
export function parametersOf(
  fields: readonly ParameterField[],
  values: FormValues,
  kept: Record<string, unknown>,
): Parsed {
  const parameters: Record<string, unknown> = { ...kept };
  const errors: Record<string, string> = {};
  for (const field of fields) {
    delete parameters[field.name];
    const value = values[field.name];
    if (field.kind === "boolean") {
      // A switch that stands where the model's default has it is not a wish.
      if (field.name in kept || field.required || value !== (field.fallback === true))
        parameters[field.name] = value === true;
      continue;
    }
    const text = typeof value === "string" ? value.trim() : "";
    if (text === "") {
      if (field.required && field.fallback === undefined) errors[field.name] = words.missing;
      continue;
    }
    const parsed = parseField(field, text);
    if (parsed.ok) parameters[field.name] = parsed.value;
    else errors[field.name] = parsed.message;
  }
  return { parameters, errors };
}

function parseField(
  field: ParameterField,
  text: string,
): { ok: true; value: unknown } | { ok: false; message: string } {
  switch (field.kind) {
    case "number":
    case "integer": {
      const value = Number(text);
      if (!Number.isFinite(value)) return { ok: false, message: words.giveNumber };
      if (field.kind === "integer" && !Number.isInteger(value)) return { ok: false, message: words.giveWhole };
      if (field.minimum !== null && value < field.minimum) return { ok: false, message: words.atLeast(field.minimum) };
      if (field.maximum !== null && value > field.maximum) return { ok: false, message: words.atMost(field.maximum) };
      return { ok: true, value };
    }
    case "choice": {
      const value = field.choices.find((choice) => choiceText(choice) === text);
      return value === undefined ? { ok: false, message: words.chooseOne } : { ok: true, value };
    }
    case "json":
      try {
        return { ok: true, value: JSON.parse(text) as unknown };
      } catch (error) {
        return { ok: false, message: words.notJson((error as Error).message) };
      }
    default:
      return { ok: true, value: text };
  }
}
