import { validateHeaderName, validateHeaderValue } from 'node:http';
import { SourceRefusedError } from '../errors.js';

/** Headers that a source names, with their values from the worker's environment. */
export type HeaderVariables = Readonly<Record<string, { readonly env: string }>>;

/** These say how a request is made, which is not for a spec to say. */
const OURS = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'if-range',
  'keep-alive',
  'range',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** What the worker itself works with, which no spec may have sent anywhere. */
const WORKERS_OWN = /^(PERENNIAL|TEMPORAL|AWS)_/;

/**
 * Takes the values of headers from the environment.
 *
 * @throws {SourceRefusedError} naming the header or the variable, never a value.
 */
export function headersFrom(
  variables: HeaderVariables,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, { env: variable }] of Object.entries(variables)) {
    const refuse = (found: string, fix: string) => {
      throw new SourceRefusedError(`Cannot send the header "${name}" of an http source: ${found}`, {
        fix,
        details: { header: name, variable },
      });
    };
    const value = env[variable];
    if (!isValid(() => validateHeaderName(name))) refuse('it is no name of a header', 'Correct it in the spec.');
    if (OURS.has(name.toLowerCase())) refuse('Perennial sets it itself', 'Remove it from the spec.');
    if (WORKERS_OWN.test(variable)) {
      refuse(`${variable} is one of the worker's own`, 'Give the worker the value in a variable of another name.');
    }
    if (!value) {
      throw new SourceRefusedError(`Cannot send the header "${name}" of an http source: ${variable} is not set`, {
        fix: `Set ${variable} where the worker runs.`,
        details: { header: name, variable },
      });
    }
    if (!isValid(() => validateHeaderValue(name, value))) {
      refuse(`the value of ${variable} has a character that a header cannot have`, `Correct ${variable}.`);
    }
    headers[name] = value;
  }
  return headers;
}

function isValid(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}
