import type { ConnectionLike } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { SEARCH_ATTRIBUTES } from './domain/search-attributes.js';
import { ServiceUnreachableError, SetupConflictError } from './errors.js';

/** Temporal's number for the type Keyword (`INDEXED_VALUE_TYPE_KEYWORD`). */
const KEYWORD = 2;
/** A server tells its parts of a new attribute with a delay. */
const SETTLE_MS = 15_000;
/** gRPC status ALREADY_EXISTS: somebody else made it between our look and our call. */
const ALREADY_EXISTS = 6;

/**
 * Makes the search attributes of Perennial that a namespace lacks, and returns when workflows can use them. Does
 * nothing when all are there.
 *
 * @throws {SetupConflictError} when one exists with another type than Keyword, or when we may not make them
 */
export async function ensureSearchAttributes(connection: ConnectionLike, namespace: string): Promise<void> {
  const lacking = await missingSearchAttributes(connection, namespace);
  if (lacking.length === 0) return;
  const searchAttributes = Object.fromEntries(lacking.map((name) => [name, KEYWORD]));
  try {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (error) {
    if (!isAlreadyThere(error)) throw refused(namespace, lacking, error);
  }
  await waitUntilUsable(connection, namespace);
}

/**
 * The names of our search attributes that a namespace does not have.
 *
 * @throws {SetupConflictError} when one exists with another type than Keyword
 */
export async function missingSearchAttributes(connection: ConnectionLike, namespace: string): Promise<string[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return Object.values(SEARCH_ATTRIBUTES).filter((name) => {
    // The SDK's enum lies in a package that we do not depend on.
    const type: number | undefined = customAttributes[name] ?? undefined;
    if (type === undefined || type === KEYWORD) return type === undefined;
    throw new SetupConflictError(
      `use the search attribute "${name}" of namespace "${namespace}": its type has number ${type}, wanted is Keyword (${KEYWORD})`,
      {
        fix: `temporal operator search-attribute remove --namespace ${namespace} --name ${name}`,
        details: { namespace, attribute: name, type },
      },
    );
  });
}

function isAlreadyThere(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === ALREADY_EXISTS;
}

function refused(namespace: string, names: readonly string[], cause: unknown): SetupConflictError {
  const flags = names.map((name) => `--name ${name} --type Keyword`).join(' ');
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SetupConflictError(`make the search attributes ${names.join(', ')} in namespace "${namespace}": ${why}`, {
    fix: `ask who runs Temporal for: temporal operator search-attribute create --namespace ${namespace} ${flags}`,
    details: { namespace, missing: names },
    cause,
  });
}

/** A query that names every attribute fails until the part of the server that answers it knows them. */
async function waitUntilUsable(connection: ConnectionLike, namespace: string): Promise<void> {
  const query = Object.values(SEARCH_ATTRIBUTES)
    .map((name) => `${name} = 'none'`)
    .join(' AND ');
  const deadline = Date.now() + SETTLE_MS;
  for (;;) {
    try {
      await connection.workflowService.countWorkflowExecutions({ namespace, query });
      return;
    } catch (cause) {
      if (Date.now() > deadline) {
        throw new ServiceUnreachableError(
          `wait for the new search attributes of namespace "${namespace}": still unknown after ${SETTLE_MS / 1000} s`,
          { fix: 'try again; see `perennial doctor`', cause },
        );
      }
    }
    await sleep(30);
  }
}
