import type { z } from 'zod';
import type { SpecPath } from './path.js';

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
    value = memberOf(value, part);
  }
  const found = innerSchema(here, value);
  description = found.description;
  return { keys: keysOf(found.schema), ...(description === undefined ? {} : { description }) };
}

/** The alternative that the value at a path means, where the schema has a union of several kinds there. */
export function unionAt(schema: z.core.$ZodType, input: unknown, path: SpecPath): number | undefined {
  let here: z.core.$ZodType | undefined = schema;
  let value = input;
  for (const part of path) {
    here = here && childSchema(innerSchema(here, value).schema, part);
    value = memberOf(value, part);
  }
  return here && alternativeOf(unwrapped(here), value);
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
    if (isWrapper(definition)) {
      here = definition.innerType;
    } else if (definition.type === 'union') {
      const option = definition.options[alternativeOf(here, value) ?? -1];
      if (!option) return { schema: here, description };
      here = option;
    } else {
      return { schema: here, description };
    }
    description ??= describedAs(here);
  }
}

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  const definition = definitionOf(schema);
  return isWrapper(definition) ? unwrapped(definition.innerType) : schema;
}

type Definition = z.core.$ZodTypes['_zod']['def'];
type Wrapper = Extract<Definition, { readonly type: 'default' | 'prefault' | 'optional' }>;

function isWrapper(definition: Definition): definition is Wrapper {
  return definition.type === 'default' || definition.type === 'prefault' || definition.type === 'optional';
}

function memberOf(value: unknown, part: string | number): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[part] : undefined;
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

/**
 * Which alternative of a union a value means: the one that its discriminator names, else the only one of its kind (text,
 * keys and values), else the only one of those that knows one of its keys. Undefined when that decides nothing.
 */
export function alternativeOf(union: z.core.$ZodType, value: unknown): number | undefined {
  const definition = definitionOf(union);
  if (definition.type !== 'union') return undefined;
  const options = definition.options.map((option, index) => ({ option, index }));
  if ('discriminator' in definition) {
    const key = String(definition.discriminator);
    const named = (value as Record<string, unknown> | null | undefined)?.[key];
    return options.find(({ option }) => literalsOf(childSchema(option, key)).includes(named))?.index;
  }
  const ofKind = options.filter(({ option }) => kindsOf(option).includes(kindOf(value)));
  if (ofKind.length < 2) return ofKind[0]?.index;
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const knowing = ofKind.filter(({ option }) => keysOf(option).some((key) => keys.includes(key)));
  return knowing.length === 1 ? knowing[0]?.index : undefined;
}

function literalsOf(schema: z.core.$ZodType | undefined): readonly unknown[] {
  const definition = schema && definitionOf(schema);
  return definition?.type === 'literal' ? definition.values : [];
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value;
}

function kindsOf(schema: z.core.$ZodType): readonly string[] {
  const { type } = definitionOf(schema);
  return type === 'record' ? ['object'] : [type];
}

/** Every schema that zod makes carries one of these definitions; the base type does not say which. */
export function definitionOf(schema: z.core.$ZodType): Definition {
  // oxlint-disable-next-line no-underscore-dangle -- zod's documented way for code that walks schemas
  return (schema as z.core.$ZodTypes)._zod.def;
}

function describedAs(schema: z.core.$ZodType): string | undefined {
  return (schema as z.ZodType).description;
}
