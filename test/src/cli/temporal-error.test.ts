import { NamespaceNotFoundError } from '@temporalio/common';
import { expect, test } from 'vitest';
import type { Connection } from '../../../src/cli/connection-options.js';
import { isOutOfTime, lacksWorker, temporalError } from '../../../src/cli/temporal-error.js';

const WHERE: Connection = {
  address: 'host:7233',
  namespace: 'default',
  taskQueue: 'perennial',
  store: undefined,
  env: {},
  fromDev: false,
};

test.each([
  [14, 'No connection established', 'SERVICE.UNREACHABLE', 'Cannot reach Temporal at host:7233'],
  [4, 'Deadline exceeded after 5.0s', 'SERVICE.UNREACHABLE', 'Cannot reach Temporal at host:7233'],
  [4, 'query timed out before a worker could process it', 'SERVICE.UNREACHABLE', 'no worker answers'],
  [9, 'no poller seen for task queue recently', 'SERVICE.UNREACHABLE', 'no worker answers'],
  [5, 'Namespace nope is not found.', 'NOT.FOUND', 'Namespace nope is not found.'],
  [7, 'Request unauthorized.', 'USAGE.INVALID', 'Request unauthorized.'],
  [16, 'no token', 'USAGE.INVALID', 'no token'],
  [3, 'bad request', 'USAGE.INVALID', 'bad request'],
])('gRPC status %i "%s" is %s', (code, details, expected, message) => {
  const found = temporalError(new Error('Failed to query Workflow', { cause: grpc(code, details) }), WHERE);
  expect(found?.code).toBe(expected);
  expect(found?.message).toContain(message);
  expect(found?.fix).toMatch(/\S/);
});

test('a namespace that is not there is NOT.FOUND, with its name', () => {
  const found = temporalError(new Error('Failed to describe', { cause: new NamespaceNotFoundError('nope') }), WHERE);
  expect(found?.code).toBe('NOT.FOUND');
  expect(found?.message).toContain('the namespace "nope"');
});

test('a fault of the server, and what is not from Temporal, stay what they are', () => {
  expect(temporalError(grpc(13, 'internal'), WHERE)).toBeUndefined();
  expect(temporalError(new Error('odd'), WHERE)).toBeUndefined();
  expect(temporalError(undefined, WHERE)).toBeUndefined();
});

test('a deadline of ours is out of time whether the client or the server noticed it first', () => {
  // The server cancels the call about as often as the client gives up: `status` ended with 1 when it did.
  expect(isOutOfTime(new Error('Failed to query Workflow', { cause: grpc(1, 'Call cancelled') }))).toBe(true);
  expect(isOutOfTime(grpc(4, 'Deadline exceeded'))).toBe(true);
  expect(isOutOfTime(grpc(14, ''))).toBe(false);
  expect(lacksWorker(grpc(1, 'Call cancelled'))).toBe(false);
});

/** An error as grpc-js makes it. */
function grpc(code: number, details: string): Error {
  return Object.assign(new Error(`${code}: ${details}`), { code, details, metadata: {} });
}
