import type { Connection } from '@temporalio/client';
import { PerennialError } from '../errors.js';
import { missingSearchAttributes } from '../search-attributes.js';
import { workersByClass, workersOn } from '../resources/find-workers.js';
import { portOpen } from './port-open.js';
import type { Check, DoctorOptions } from './doctor.js';

const PATIENCE_MS = 5_000;

/** Temporal itself, the namespace, our search attributes and the workers, in this order: each needs the one before. */
export async function checkTemporal(options: DoctorOptions['temporal']): Promise<Check[]> {
  const { Connection } = await import('@temporalio/client');
  const { address } = options;
  let connection: Connection;
  try {
    // The client would try again until its time is up, even where nobody listens.
    if (!(await listens(address))) throw new Error(`nobody listens at ${address}`);
    connection = await Connection.connect({ address, connectTimeout: PATIENCE_MS });
  } catch {
    const found = `nothing answers at ${address}`;
    const fix = 'start it: perennial dev, or docker compose up; or name another: TEMPORAL_ADDRESS';
    return [
      { name: 'Temporal', status: 'fail', found, fix },
      ...notChecked(['namespace', 'search attributes', 'worker']),
    ];
  }
  try {
    const temporal: Check = { name: 'Temporal', status: 'pass', found: `Temporal answers at ${address}` };
    return [
      temporal,
      ...(await connection.withDeadline(Date.now() + PATIENCE_MS, () => lookInside(connection, options))),
    ];
  } finally {
    await connection.close();
  }
}

async function listens(address: string): Promise<boolean> {
  const colon = address.lastIndexOf(':');
  return portOpen(Number(address.slice(colon + 1)), address.slice(0, colon).replaceAll(/[[\]]/g, ''), PATIENCE_MS);
}

async function lookInside(connection: Connection, options: DoctorOptions['temporal']): Promise<Check[]> {
  const namespace = await checkNamespace(connection, options.namespace);
  if (namespace.status === 'fail') return [namespace, ...notChecked(['search attributes', 'worker'])];
  return [
    namespace,
    ...(await Promise.all([
      checkSearchAttributes(connection, options.namespace),
      checkWorker(connection, options.namespace, options.taskQueue),
    ])),
  ];
}

async function checkNamespace(connection: Connection, namespace: string): Promise<Check> {
  const name = 'namespace';
  try {
    await connection.workflowService.describeNamespace({ namespace });
    return { name, status: 'pass', found: `namespace ${namespace} is there` };
  } catch (error) {
    const found = `namespace ${namespace}: ${messageOf(error)}`;
    return { name, status: 'fail', found, fix: `temporal operator namespace create --namespace ${namespace}` };
  }
}

async function checkSearchAttributes(connection: Connection, namespace: string): Promise<Check> {
  const name = 'search attributes';
  try {
    const missing = await missingSearchAttributes(connection, namespace);
    if (missing.length === 0) return { name, status: 'pass', found: 'all are there, as keywords' };
    const flags = missing.map((attribute) => `--name ${attribute} --type Keyword`).join(' ');
    const fix = `perennial apply makes them; by hand: temporal operator search-attribute create --namespace ${namespace} ${flags}`;
    return { name, status: 'fail', found: `missing: ${missing.join(', ')}`, fix };
  } catch (error) {
    const fix = error instanceof PerennialError ? error.fix : undefined;
    return { name, status: 'fail', found: messageOf(error), fix: fix ?? 'ask who runs Temporal' };
  }
}

async function checkWorker(connection: Connection, namespace: string, taskQueue: string): Promise<Check> {
  const name = 'worker';
  const fix = `start one: perennial worker --task-queue ${taskQueue}`;
  const { Client } = await import('@temporalio/client');
  const client = new Client({ connection, namespace });
  try {
    const workers = await workersOn(client, taskQueue, 'workflows');
    if (workers === 0) return { name, status: 'fail', found: `nobody polls the task queue ${taskQueue}`, fix };
    // And those of other classes than that of the queue itself.
    const others = (await workersByClass(client, taskQueue)).map((each) => `; class ${each.class}: ${each.workers}`);
    const found = `${workers} worker${workers === 1 ? '' : 's'} on the task queue ${taskQueue}${others.join('')}`;
    return { name, status: 'pass', found };
  } catch (error) {
    return { name, status: 'fail', found: messageOf(error), fix };
  }
}

function notChecked(names: readonly string[]): Check[] {
  return names.map((name) => ({
    name,
    status: 'warn',
    found: 'not checked: it needs the check before it',
    fix: 'mend the failed check above first',
  }));
}

function messageOf(error: unknown): string {
  // gRPC errors carry the server's own words in `details`.
  const details = (error as { details?: unknown }).details;
  return typeof details === 'string' && details !== ''
    ? details
    : error instanceof Error
      ? error.message
      : String(error);
}
