import type { ErrorObject } from 'ajv';
import { didYouMean, wantOneOf } from '../spec/issues.js';
import { described, quoted, type SpecIssue, type SpecPath } from '../spec/path.js';

/** What ajv says about a document, in our words and without what only follows from something else that is wrong. */
export function odcsIssues(document: unknown, all: readonly ErrorObject[], schema: unknown): SpecIssue[] {
  // A file of nothing but mistakes must not take a second: each is held against each.
  const errors = all.slice(0, 1000);
  const told = errors.filter((error) => !FOLLOWS.has(error.keyword) && !isSaidBetter(error, errors));
  const certain = told.filter(({ keyword }) => keyword !== 'unevaluatedProperties');
  const issues = told.flatMap((error) => {
    const at = pathOf(document, error.instancePath);
    if (error.keyword !== 'unevaluatedProperties') return issueOf(error, at);
    const key = String(error.params['unevaluatedProperty']);
    const known = [...knownKeys(error.parentSchema, schema)];
    if (!known.includes(key)) return unknownKey(at, key, known);
    // A part of the schema that failed has evaluated nothing: its keys are no problem of their own.
    const fails = certain.some(({ instancePath }) => isBelow(instancePath, error.instancePath));
    return fails ? [] : [{ path: [...at, key], message: `found ${quoted(key)}, which does not belong here`, at: KEY }];
  });
  const [first] = errors;
  // Whatever is left out above, an invalid document is never taken for a valid one.
  if (issues.length > 0 || !first) return withoutDoubles(issues);
  return [{ path: pathOf(document, first.instancePath), message: `found what ${first.message ?? 'does not fit'}` }];
}

const KEY = 'key' as const;
/** Keywords that only say that something below them failed. */
const FOLLOWS = new Set(['if', 'allOf', '$ref']);

/** Each branch of a union complains; one of the complaints, or the union's own, says it best. */
function isSaidBetter(error: ErrorObject, errors: readonly ErrorObject[]): boolean {
  return errors.some((union) => {
    if (!isUnion(union) || !isBelow(error.instancePath, union.instancePath)) return false;
    const operators = operatorsIn(union);
    if (operators) {
      const [operator, ...others] = operators;
      // One operator means that branch: what is wrong with its value is the thing to say.
      const isMeant = others.length === 0 && error.instancePath === `${union.instancePath}/${operator}`;
      return error !== union && !isMeant && error.schemaPath.startsWith(`${union.schemaPath}/`);
    }
    const isOfUnion = error === union || (error.keyword === 'type' && error.instancePath === union.instancePath);
    return isOfUnion && (error !== union || errors.some((each) => isInside(each, union)));
  });
}

function isUnion({ keyword }: ErrorObject): boolean {
  return keyword === 'oneOf' || keyword === 'anyOf';
}

/** Something that a branch of the right kind has to say about what is in it. */
function isInside(error: ErrorObject, union: ErrorObject): boolean {
  const isOfKind = error.keyword === 'type' && error.instancePath === union.instancePath;
  return error !== union && !isUnion(error) && !isOfKind && isBelow(error.instancePath, union.instancePath);
}

function issueOf(error: ErrorObject, at: SpecPath): SpecIssue[] {
  const { keyword, params, data, parentSchema } = error;
  const found = `found ${described(data)}`;
  switch (keyword) {
    case 'required':
      return [{ path: [...at, String(params['missingProperty'])], message: 'found nothing, want a value' }];
    case 'additionalProperties': {
      const known = Object.keys((parentSchema?.['properties'] ?? {}) as object);
      return unknownKey(at, String(params['additionalProperty']), known);
    }
    case 'enum':
      return [
        { path: at, message: `${found}, ${wantOneOf(data, (params['allowedValues'] as unknown[]).map(String))}` },
      ];
    case 'type':
      return [{ path: at, message: `${found}, want ${typeWords(params['type'])}` }];
    case 'oneOf':
    case 'anyOf':
      return unionIssue(error, at);
    case 'pattern':
      return [{ path: at, message: `${found}, want text that matches ${String(params['pattern'])}` }];
    case 'format':
      return [{ path: at, message: `${found}, want a text of the format ${String(params['format'])}` }];
    case 'not':
      return [{ path: at, message: `found a key that does not belong here` }];
    default:
      return [{ path: at, message: `${found}, which ${error.message ?? 'does not fit'}` }];
  }
}

function unionIssue(error: ErrorObject, at: SpecPath): SpecIssue[] {
  const operators = operatorsIn(error);
  // Of one that is there its value speaks, of what is no rule at all its type.
  if (operators?.length === 1 || (operators && !isObject(error.data))) return [];
  if (operators) {
    const found = operators.length === 0 ? 'found no operator' : `found the operators ${operators.join(' and ')}`;
    return [{ path: at, message: `${found}, want one of ${operatorNames(error).join(', ')}` }];
  }
  const types = branches(error).flatMap(({ type, $ref }) => (typeof $ref === 'string' ? 'object' : (type ?? [])));
  return [{ path: at, message: `found ${described(error.data)}, want ${typeWords([...new Set(types)])}` }];
}

/** The operators that a rule has, when the union is that of the operators. */
function operatorsIn(union: ErrorObject): string[] | undefined {
  const names = operatorNames(union);
  const rule: unknown = union.data;
  if (!names.includes('mustBe')) return undefined;
  return isObject(rule) ? names.filter((name) => Object.hasOwn(rule, name)) : [];
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function operatorNames(union: ErrorObject): string[] {
  return branches(union).flatMap(({ required }) => (Array.isArray(required) ? required.map(String) : []));
}

function branches({ keyword, parentSchema }: ErrorObject): Record<string, unknown>[] {
  return (parentSchema?.[keyword] ?? []) as Record<string, unknown>[];
}

function unknownKey(at: SpecPath, key: string, known: readonly string[]): SpecIssue[] {
  const guess = didYouMean(key, known);
  const want = guess === '' ? `, ${wantOneOf(key, known.toSorted())}` : guess;
  return [{ path: [...at, key], message: `found the unknown key ${quoted(key)}${want}`, at: KEY }];
}

/** All keys that some part of the schema has a word about, whatever their conditions. */
function knownKeys(schema: unknown, root: unknown, keys = new Set<string>()): Set<string> {
  if (Array.isArray(schema)) for (const part of schema) knownKeys(part, root, keys);
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return keys;
  const { properties, $ref, allOf, anyOf, oneOf, then } = schema as Record<string, unknown>;
  for (const key of Object.keys(properties ?? {})) keys.add(key);
  for (const part of [allOf, anyOf, oneOf, then]) knownKeys(part, root, keys);
  if (typeof $ref === 'string') knownKeys(atPointer(root, $ref), root, keys);
  return keys;
}

function atPointer(root: unknown, pointer: string): unknown {
  const parts = pointer.replace(/^#\/?/, '').split('/');
  return parts.reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], root);
}

/** A JSON pointer as a path: positions in lists become numbers. */
function pathOf(document: unknown, pointer: string): SpecPath {
  let at = document;
  return pointer
    .split('/')
    .slice(1)
    .map((part) => {
      const key = Array.isArray(at) ? Number(part) : part.replaceAll('~1', '/').replaceAll('~0', '~');
      at = (at as Record<string | number, unknown> | undefined)?.[key];
      return key;
    });
}

function isBelow(pointer: string, top: string): boolean {
  return pointer === top || pointer.startsWith(`${top}/`);
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  null: 'an empty value',
  array: 'a list',
  object: 'keys and values',
};

function typeWords(types: unknown): string {
  return [types]
    .flat()
    .map((type) => TYPE_WORDS[String(type)] ?? String(type))
    .join(' or ');
}

function withoutDoubles(issues: readonly SpecIssue[]): SpecIssue[] {
  const seen = new Set<string>();
  return issues.filter(({ path, message }) => {
    const key = JSON.stringify([path, message]);
    const isFirst = !seen.has(key);
    seen.add(key);
    return isFirst;
  });
}
