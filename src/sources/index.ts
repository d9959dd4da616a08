import { resolve } from 'node:path';
import type { SourceSpec } from '../spec.js';
import { FileSource } from './file-source.js';
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
  /** Default: `process.env`. */
  readonly env?: Environment;
}

/**
 * Opens a source as a spec declares it. Nothing is read yet.
 *
 * @throws {SourceRefusedError} when the environment does not say where buckets are, or with which credentials.
 */
export function openSource(spec: SourceSpec, context: SourceContext = {}): Source {
  switch (spec.kind) {
    case 'file':
      return new FileSource(resolve(context.baseFolder ?? process.cwd(), spec.path));
    case 's3': {
      const address = context.s3 ?? s3AddressFrom(context.env ?? process.env);
      return new S3Source({ bucket: spec.bucket, prefix: spec.prefix, address, limits: context.s3Limits ?? {} });
    }
  }
}
