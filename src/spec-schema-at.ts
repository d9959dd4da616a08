import type { z } from 'zod';
import type { SpecPath } from './spec-path.js';

/** What the schema says about one place. */
export interface SchemaPlace {
  /** The keys that may stand there, when it has fixed ones. */
  readonly keys: readonly string[];
  readonly description?: string;
}

/** Walks the schema along a path; `input` decides which alternative of a union is meant. */
export function schemaAt(schema: z.core.$ZodType, input: unknown, path: SpecPath): SchemaPlace {
  let here: z.core.$ZodType | undefined = schema;
  let value = input;
  let description: string | undefined;
  for (const part of path) {
    here = childSchema(innerSchema(here, value).schema, part);
    if (!here) return { keys: [] };
    value = typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[part] : undefined;
  }
  const found = innerSchema(here, value);
  description = found.description;
  return { keys: keysOf(found.schema), ...(description === undefined ? {} : { description }) };
}

/** Takes off what wraps a schema (defaults, optional) and picks the alternative of a union that the value names. */
export function innerSchema(
  schema: z.core.$ZodType,
  value: unknown,
): { schema: z.core.$ZodType; description: string | undefined } {
  let here = schema;
  let description = describedAs(here);
  for (;;) {
    const definition = definitionOf(here);
    if (definition.type === 'default' || definition.type === 'prefault' || definition.type === 'optional') {
      here = definition.innerType;
    } else if (definition.type === 'union' && 'discriminator' in definition) {
      const option = alternative(definition, value);
      if (!option) return { schema: here, description };
      here = option;
    } else {
      return { schema: here, description };
    }
    description ??= describedAs(here);
  }
}

/** The schema of one member: a key of an object or a record, an entry of a list. */
export function childSchema(schema: z.core.$ZodType, part: string | number): z.core.$ZodType | undefined {
  const definition = definitionOf(schema);
  if (definition.type === 'object') {
    return Object.hasOwn(definition.shape, part) ? definition.shape[part] : undefined;
  }
  if (definition.type === 'record') return definition.valueType;
  if (definition.type === 'array') return definition.element;
  return undefined;
}

function keysOf(schema: z.core.$ZodType): string[] {
  const definition = definitionOf(schema);
  return definition.type === 'object' ? Object.keys(definition.shape) : [];
}

function alternative(
  definition: z.core.$ZodUnionDef & { discriminator?: unknown },
  value: unknown,
): z.core.$ZodType | undefined {
  const key = String(definition.discriminator);
  const named = (value as Record<string, unknown> | null | undefined)?.[key];
  return definition.options.find((option) => {
    const literal = childSchema(option, key);
    const inside = literal && definitionOf(literal);
    return inside?.type === 'literal' && inside.values.some((known) => known === named);
  });
}

/** Every schema that zod makes carries one of these definitions; the base type does not say which. */
export function definitionOf(schema: z.core.$ZodType): z.core.$ZodTypes['_zod']['def'] {
  // oxlint-disable-next-line no-underscore-dangle -- zod's documented way for code that walks schemas
  return (schema as z.core.$ZodTypes)._zod.def;
}

function describedAs(schema: z.core.$ZodType): string | undefined {
  return (schema as z.ZodType).description;
}
