import { SourceRefusedError } from '../errors.js';

/**
 * Takes the connection string from the environment.
 *
 * @throws {SourceRefusedError} naming the variable, never its value: it holds a password.
 */
export function postgresUrlFrom(env: Readonly<Record<string, string | undefined>>, variable: string): string {
  const value = env[variable];
  if (!value) {
    throw new SourceRefusedError(`Cannot open a PostgreSQL source: ${variable} is not set`, {
      fix: `Set ${variable} where the worker runs, to postgres://user:password@host:5432/database.`,
      details: { variable },
    });
  }
  if (/^postgres(ql)?:\/\//.test(value) && URL.canParse(value)) return value;
  throw new SourceRefusedError(
    `Cannot read ${variable}: want a connection string that begins with postgres:// or postgresql://`,
    { fix: 'For example postgres://user:password@host:5432/database.', details: { variable } },
  );
}

/** For people: which database that is, without a password. */
export function databaseName(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname || 'localhost'}${port && `:${port}`}${pathname}`;
}
