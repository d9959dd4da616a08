import { userInfo } from 'node:os';
import { Client, Connection } from '@temporalio/client';
import { PerennialClient } from '../client.js';
import { portOpen } from '../dev/port-open.js';
import { NotFoundError, UsageError } from '../errors.js';
import { nearestName } from '../spec/nearest.js';
import { openStore } from '../stores/index.js';
import type { ArtifactStore } from '../stores/store.js';
import type { CommandContext } from './command.js';
import { connectionOf, type Connection as Where } from './connection-options.js';
import { knownModels, runningModels } from './known-models.js';
import { temporalError, unreachable } from './temporal-error.js';
import { untilAborted } from './until-aborted.js';

/** Everything that a command needs to ask and to tell. */
export interface Connected {
  readonly perennial: PerennialClient;
  readonly temporal: Client;
  readonly store: ArtifactStore;
  readonly where: Where;
}

const PATIENCE_MS = 5000;
const GUESS_MS = 2000;

/**
 * Opens the store and Temporal, lets a command use them, and closes them. Temporal is first reached for when it is used, so
 * that what only reads the store works without it.
 *
 * @throws errors of ours in place of those that Temporal's client throws
 */
export async function withPerennial<Result>(
  context: CommandContext,
  use: (connected: Connected) => Promise<Result>,
): Promise<Result> {
  const where = connectionOf(context);
  const store = openStoreAt(where);
  const connection = Connection.lazy({ address: where.address, connectTimeout: PATIENCE_MS });
  const temporal = new Client({ connection, namespace: where.namespace, identity: identity() });
  const perennial = new PerennialClient({ client: temporal, store, taskQueue: where.taskQueue });
  try {
    // What waits for Temporal does not look at the signal: closing the connection ends it.
    return await Promise.race([use({ perennial, temporal, store, where }), rejectedBy(context.signal)]);
  } catch (error) {
    throw await explained(error, where, store, temporal);
  } finally {
    await Promise.all([connection.close(), store.close()]);
  }
}

/** Says at once that nobody listens at Temporal's address: the client would try for a while first. */
export async function reachTemporal({ address }: Where): Promise<void> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replaceAll(/[[\]]/g, '');
  if (await portOpen(Number(address.slice(colon + 1)), host === '' ? '127.0.0.1' : host, PATIENCE_MS)) return;
  throw unreachable(address);
}

/**
 * Opens the store that the command line, the environment or a running `perennial dev` names.
 *
 * @throws {UsageError} when none of them does
 */
export function openStoreAt({ store, env }: Where): ArtifactStore {
  if (store !== undefined) return openStore(store, env);
  throw new UsageError('Cannot open the artifact store: PERENNIAL_STORE is not set', {
    fix: 'Start `perennial dev` in this folder, or set PERENNIAL_STORE to http://host:port/bucket or to folder:PATH.',
  });
}

async function explained(error: unknown, where: Where, store: ArtifactStore, temporal: Client): Promise<unknown> {
  if (error instanceof NotFoundError) return await withGuess(error, store, temporal);
  return temporalError(error, where) ?? error;
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return untilAborted(signal).then(() => {
    throw signal.reason;
  });
}

/** Adds the model that was most likely meant, or else the models that there are. */
async function withGuess(missing: NotFoundError, store: ArtifactStore, temporal: Client): Promise<NotFoundError> {
  const { model } = missing.details;
  if (typeof model !== 'string') return missing;
  // A guess is a courtesy: a store or a Temporal that cannot be listed does not get in its way.
  const [inStore, running] = await Promise.all([
    knownModels(store).catch((): string[] => []),
    temporal.withDeadline(Date.now() + GUESS_MS, () => runningModels(temporal)).catch((): string[] => []),
  ]);
  const known = [...new Set([...inStore, ...running])].toSorted();
  if (known.length === 0 || known.includes(model)) return missing;
  const guess = nearestName(model, known);
  if (guess === undefined) return withModels(missing, known);
  return new NotFoundError(`${missing.message}; did you mean "${guess}"?`, {
    fix: `perennial status ${guess}`,
    details: { ...missing.details, guess },
    cause: missing,
  });
}

function withModels(missing: NotFoundError, models: readonly string[]): NotFoundError {
  const shown = models.slice(0, SHOWN_MODELS).join(', ');
  const more = models.length > SHOWN_MODELS ? ` and ${models.length - SHOWN_MODELS} more` : '';
  return new NotFoundError(missing.message, {
    fix: `Name one of the models that there are: ${shown}${more}. For a new one: perennial apply perennial.yaml`,
    details: { ...missing.details, models },
    cause: missing,
  });
}

const SHOWN_MODELS = 10;

function identity(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a user that has no name.
    return 'perennial cli';
  }
}
