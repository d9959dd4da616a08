import { expect, test } from 'vitest';
import { openStore, storeFromEnvironment } from '../../../src/stores/index.js';

const keys = { PERENNIAL_S3_ACCESS_KEY: 'access-1', PERENNIAL_S3_SECRET_KEY: 'secret-1' };

test('address of a bucket, opens MinIO with the credentials of the environment', () => {
  expect(openStore('http://127.0.0.1:9000/perennial', keys).name).toBe('MinIO http://127.0.0.1:9000/perennial');
  expect(openStore('https://s3.example.org/perennial/', keys).name).toBe('MinIO https://s3.example.org/perennial');
  const aws = {
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_SESSION_TOKEN: 'c',
    AWS_REGION: 'eu-central-1',
  };
  expect(storeFromEnvironment({ ...aws, PERENNIAL_STORE: 'http://localhost/box' }).name).toBe(
    'MinIO http://localhost/box',
  );
});

test('address of a folder, opens the folder', () => {
  expect(openStore('folder:/srv/artifacts', {}).name).toBe('folder /srv/artifacts');
  expect(openStore({ kind: 'folder', path: '/srv/artifacts' }).name).toBe('folder /srv/artifacts');
});

test('configuration, opens what its kind says', () => {
  const config = { endpoint: 'http://127.0.0.1:9000', bucket: 'box', accessKey: 'a', secretKey: 'b' };
  expect(openStore({ kind: 'minio', ...config }).name).toBe('MinIO http://127.0.0.1:9000/box');
});

test('credentials, are asked for by name when half or all are missing', () => {
  for (const env of [{}, { PERENNIAL_S3_ACCESS_KEY: 'a' }, { PERENNIAL_S3_SECRET_KEY: 'a', AWS_ACCESS_KEY_ID: 'b' }]) {
    expect(() => openStore('http://127.0.0.1:9000/perennial', env)).toThrow(
      expect.objectContaining({ code: 'STORE.REFUSED', fix: expect.stringContaining('PERENNIAL_S3_ACCESS_KEY') }),
    );
  }
});

test.each(['', 'folder:', 'perennial', 's3://bucket', 'http://host', 'http://host/a/b', 'http://host/a?b', 'file:/x'])(
  'address "%s", is refused with what is wanted',
  (address) => {
    expect(() => openStore(address, keys)).toThrow(
      expect.objectContaining({ code: 'USAGE.INVALID', message: expect.stringContaining('folder:PATH') }),
    );
  },
);

test('address with a password, is refused and not shown', () => {
  const open = (): unknown => openStore('http://me:secret-word@host/bucket', keys);
  expect(open).toThrow(expect.objectContaining({ code: 'USAGE.INVALID' }));
  expect(open).not.toThrow('secret-word');
});

test('environment without a store, is told how to name one', () => {
  expect(() => storeFromEnvironment({})).toThrow(
    expect.objectContaining({ code: 'USAGE.INVALID', message: expect.stringContaining('PERENNIAL_STORE') }),
  );
});
