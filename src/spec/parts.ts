import type { z } from 'zod';
import { childSchema, definitionOf, innerSchema } from './walk-schema.js';
import { modelSpecSchema, type ParsedSpec } from './spec.js';

/** A value of which any part may be missing, because what stands there is wrong. */
export type Loose<T> = T extends string | number | boolean | null
  ? T | undefined
  : T extends readonly (infer Item)[]
    ? readonly Loose<Item>[] | undefined
    : { readonly [Key in keyof T]?: Loose<T[Key]> } | undefined;

/** What of a spec is right by itself, defaults filled in: what can be checked further though other parts are wrong. */
export type SpecParts = NonNullable<Loose<ParsedSpec>>;

/** Takes the parts of a plain value that fit the spec's schema; never throws. */
export function specParts(value: unknown): SpecParts {
  // What `salvage` gives has the schema's shape, with parts missing: exactly this type.
  const parts: SpecParts = salvage(modelSpecSchema, value) ?? {};
  const { trainer } = parts;
  if (!trainer || !PROGRAMS.some((name) => trainer[name] === undefined && isThere(value, ['trainer', name])))
    return parts;
  // Nobody has asked for the estimator that is the default: parameters are those of the program.
  return { ...parts, trainer: { ...trainer, estimator: undefined } };
}

/** Programs of the user's own, in place of a built-in estimator. */
const PROGRAMS = ['command', 'entry'] as const;

function isThere(value: unknown, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return value !== undefined;
  return typeof value === 'object' && value !== null && isThere((value as Record<string, unknown>)[key], rest);
}

/** The parsed value when it fits; else an object, record or list of those members that do, in their places. */
function salvage(schema: z.core.$ZodType, value: unknown): unknown {
  const parsed = (schema as z.ZodType).safeParse(value);
  if (parsed.success) return parsed.data;
  if (typeof value !== 'object' || value === null) return undefined;
  const { schema: inside } = innerSchema(schema, value);
  const { type } = definitionOf(inside);
  if (Array.isArray(value) ? type !== 'array' : type !== 'object' && type !== 'record') return undefined;
  if (Array.isArray(value)) {
    const element = childSchema(inside, 0);
    return element && value.map((item) => salvage(element, item));
  }
  const members = value as Record<string, unknown>;
  const keys = new Set([...Object.keys('shape' in inside ? (inside.shape as object) : {}), ...Object.keys(members)]);
  const result: Record<string, unknown> = {};
  for (const key of keys) {
    const child = childSchema(inside, key);
    if (child) result[key] = salvage(child, Object.hasOwn(members, key) ? members[key] : undefined);
  }
  return result;
}
