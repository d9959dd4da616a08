import { SourceRefusedError } from '../errors.js';
import type { S3Address } from './s3-call.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where buckets are and with which credentials they are read: `PERENNIAL_S3_ENDPOINT` (default: the server of
 * `PERENNIAL_STORE`), `PERENNIAL_S3_ACCESS_KEY` and `PERENNIAL_S3_SECRET_KEY` (default: the AWS variables),
 * `PERENNIAL_S3_REGION` (default `AWS_REGION`, then `us-east-1`).
 *
 * @throws {SourceRefusedError} naming the variable that is missing or wrong.
 */
export function s3AddressFrom(env: Environment): S3Address {
  const endpoint = env['PERENNIAL_S3_ENDPOINT'] || storeEndpoint(env['PERENNIAL_STORE']);
  if (!endpoint) {
    throw new SourceRefusedError('Cannot open a bucket as source: PERENNIAL_S3_ENDPOINT is not set', {
      fix: 'Set it to http://host:port or https://host.',
    });
  }
  const own = pair(env, 'PERENNIAL_S3_ACCESS_KEY', 'PERENNIAL_S3_SECRET_KEY');
  const aws = pair(env, 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY');
  const keys = own ?? aws;
  if (!keys) {
    throw new SourceRefusedError('Cannot open a bucket as source: no credentials were found', {
      fix: 'Set PERENNIAL_S3_ACCESS_KEY and PERENNIAL_S3_SECRET_KEY.',
    });
  }
  const token = own ? undefined : env['AWS_SESSION_TOKEN'];
  const region = env['PERENNIAL_S3_REGION'] || env['AWS_REGION'] || 'us-east-1';
  return { endpoint: origin(endpoint), ...keys, region, ...(token && { sessionToken: token }) };
}

function storeEndpoint(store: string | undefined): string | undefined {
  return store && /^https?:/.test(store) && URL.canParse(store) ? new URL(store).origin : undefined;
}

function pair(env: Environment, access: string, secret: string): { accessKey: string; secretKey: string } | undefined {
  const [accessKey, secretKey] = [env[access], env[secret]];
  return accessKey && secretKey ? { accessKey, secretKey } : undefined;
}

function origin(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.username === '' && url.pathname === '/') return url.origin;
  // It may hold a password, so it is not shown.
  throw new SourceRefusedError('Cannot read PERENNIAL_S3_ENDPOINT: want http://host:port or https://host, no more', {
    fix: 'For example http://127.0.0.1:9000.',
  });
}
