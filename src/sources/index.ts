import { resolve } from 'node:path';
import { durationMs } from '../domain/duration.js';
import type { SourceSpec } from '../spec/spec.js';
import { AddressGuard } from './address-guard.js';
import { FileSource } from './file-source.js';
import { headersFrom } from './http-headers.js';
import { HttpSource } from './http-source.js';
import { PostgresSource } from './postgres-source.js';
import { postgresUrlFrom } from './postgres-url.js';
import { s3AddressFrom, type Environment } from './s3-address.js';
import type { S3Address, S3Limits } from './s3-call.js';
import { S3Source } from './s3-source.js';
import type { Source } from './source.js';

export interface SourceContext {
  /** What relative paths of file sources are relative to. Default: the working directory. */
  readonly baseFolder?: string;
  /** Where buckets are. Default: what the environment says. */
  readonly s3?: S3Address;
  readonly s3Limits?: Partial<S3Limits>;
  /**
   * Hosts, addresses and ranges that http sources may connect to though they are not public. Default: the
   * `PERENNIAL_HTTP_ALLOW` of the environment, a list with commas; without it none.
   */
  readonly httpAllow?: readonly string[];
  /** Default: `process.env`. */
  readonly env?: Environment;
}

/**
 * Opens a source as a spec declares it. Nothing is read yet.
 *
 * @throws {SourceRefusedError} when the environment does not say where buckets are, or lacks credentials that are named.
 */
export function openSource(spec: SourceSpec, context: SourceContext = {}): Source {
  const env = context.env ?? process.env;
  switch (spec.kind) {
    case 'file':
      return new FileSource(resolve(context.baseFolder ?? process.cwd(), spec.path));
    case 's3': {
      const address = context.s3 ?? s3AddressFrom(env);
      return new S3Source({ bucket: spec.bucket, prefix: spec.prefix, address, limits: context.s3Limits ?? {} });
    }
    case 'http':
      return new HttpSource({
        urls: spec.urls,
        headers: headersFrom(spec.headers, env),
        maxBytes: spec.maxBytes,
        timeoutMs: durationMs(spec.timeout),
        guard: new AddressGuard(context.httpAllow ?? listOf(env['PERENNIAL_HTTP_ALLOW'])),
      });
    case 'postgres':
      return new PostgresSource({
        url: postgresUrlFrom(env, spec.connection),
        query: spec.query,
        cursor: spec.cursor,
        lagMs: durationMs(spec.lag),
      });
  }
}

function listOf(text = ''): string[] {
  return text.split(',').flatMap((entry) => entry.trim() || []);
}
