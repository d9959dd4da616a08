import { readFile } from 'node:fs/promises';
import type { ValidateFunction } from 'ajv';
import { quoted, described, type SpecIssue } from '../spec/path.js';
import { odcsIssues } from './odcs-issues.js';

/**
 * Checks a document against the JSON Schema of the Open Data Contract Standard 3.1.0, which also takes 3.0. An empty list
 * means that it is valid. Loads and compiles the schema at the first call: a third of a second.
 */
export async function checkOdcs(document: unknown): Promise<SpecIssue[]> {
  const version = (document as { apiVersion?: unknown } | null | undefined)?.apiVersion;
  if (typeof version === 'string' && version.startsWith('v2.')) {
    const message = `found ${quoted(version)}, want v3.1.0 (or v3.0.x): version 2 of the standard has other sections`;
    return [{ path: ['apiVersion'], message }];
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    return [{ path: [], message: `found ${described(document)}, want a data contract: keys and values` }];
  }
  compiled ??= compile();
  const validate = await compiled;
  return validate(document) ? [] : odcsIssues(document, validate.errors ?? [], validate.schema);
}

let compiled: Promise<ValidateFunction> | undefined;

async function compile(): Promise<ValidateFunction> {
  const [{ Ajv2019 }, { default: formats }, text] = await Promise.all([
    import('ajv/dist/2019.js'),
    import('ajv-formats'),
    readFile(schemaFile(), 'utf8'),
  ]);
  const ajv = new Ajv2019({ allErrors: true, verbose: true, strict: false });
  formats.default(ajv);
  return ajv.compile(JSON.parse(text) as object);
}

/** The standard's own file, which ships with us, seen from the sources and from `dist/`. */
function schemaFile(): URL {
  const root = import.meta.url.endsWith('.ts') ? '../../' : '../../../';
  return new URL(`${root}third-party/odcs/odcs-json-schema-v3.1.0.json`, import.meta.url);
}
