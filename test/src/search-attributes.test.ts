import { Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTemporal, type TemporalServer } from '../../src/dev/temporal.js';
import { SEARCH_ATTRIBUTES } from '../../src/domain/search-attributes.js';
import { SetupConflictError } from '../../src/errors.js';
import { ensureSearchAttributes, missingSearchAttributes } from '../../src/search-attributes.js';

const { IndexedValueType } = temporal.api.enums.v1;
let server: TemporalServer;
let connection: Connection;

beforeAll(async () => {
  server = await startTemporal();
  connection = await Connection.connect({ address: server.address });
});
afterAll(async () => {
  await connection.close();
  await server.stop();
});

it('search attributes that are missing are made, by two callers at once too, and making them again changes nothing', async () => {
  const { namespace } = server;
  await remove(SEARCH_ATTRIBUTES.verdict);
  expect(await missingSearchAttributes(connection, namespace)).toEqual([SEARCH_ATTRIBUTES.verdict]);
  await Promise.all([1, 2, 3].map(() => ensureSearchAttributes(connection, namespace)));
  expect(await missingSearchAttributes(connection, namespace)).toEqual([]);
  await ensureSearchAttributes(connection, namespace);
});

it('a search attribute of another type is refused, naming it and the command that removes it', async () => {
  const { namespace } = server;
  const name = SEARCH_ATTRIBUTES.stage;
  await remove(name);
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: { [name]: IndexedValueType.INDEXED_VALUE_TYPE_INT },
  });
  const error = await ensureSearchAttributes(connection, namespace).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(SetupConflictError);
  const { message, fix } = error as SetupConflictError;
  expect(message).toContain(`"${name}"`);
  expect(message).toContain(`Keyword (2)`);
  expect(fix).toBe(`temporal operator search-attribute remove --namespace ${namespace} --name ${name}`);
});

async function remove(name: string): Promise<void> {
  await connection.operatorService.removeSearchAttributes({ namespace: server.namespace, searchAttributes: [name] });
}
