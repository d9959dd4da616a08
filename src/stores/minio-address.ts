import { StoreRefusedError } from '../errors.js';
import type { S3Address } from './s3-connection.js';

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/**
 * The address of a bucket with its defaults.
 *
 * @throws {StoreRefusedError} for an endpoint that is no plain http or https URL, or a bucket name that S3 does not have.
 */
export function checkedAddress(
  address: Omit<S3Address, 'region' | 'publicEndpoint'> & {
    readonly region?: string;
    readonly publicEndpoint?: string | undefined;
  },
): S3Address {
  const { endpoint, publicEndpoint, bucket } = address;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new StoreRefusedError(`Cannot use MinIO endpoint "${endpoint}": want http://host:port or https://host`, {
      fix: 'For example http://127.0.0.1:9000.',
    });
  }
  if (url.username !== '' || url.password !== '') {
    // The address is shown in messages and logs.
    throw new StoreRefusedError(`Cannot use MinIO endpoint at "${url.host}": found credentials in the URL`, {
      fix: 'Put them into PERENNIAL_S3_ACCESS_KEY and PERENNIAL_S3_SECRET_KEY instead.',
    });
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new StoreRefusedError(`Cannot use MinIO endpoint "${endpoint}": found something after the host`, {
      fix: 'Name the bucket apart from the endpoint.',
    });
  }
  if (!BUCKET.test(bucket)) {
    throw new StoreRefusedError(`Cannot use bucket "${bucket}": want 3 to 63 of a-z, 0-9, dot and dash`, {
      fix: 'For example "perennial".',
    });
  }
  if (publicEndpoint !== undefined) checkedAddress({ ...address, endpoint: publicEndpoint, publicEndpoint: undefined });
  return { region: 'us-east-1', ...address, endpoint: url.origin };
}
