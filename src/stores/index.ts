import { StoreRefusedError, UsageError } from '../errors.js';
import { FolderStore } from './folder-store.js';
import { MinioStore, type MinioStoreOptions } from './minio-store.js';
import type { ArtifactStore } from './store.js';

/** Where artifacts are kept, as plain data. */
export type StoreConfig =
  ({ readonly kind: 'minio' } & MinioStoreOptions) | { readonly kind: 'folder'; readonly path: string };

/** The built-in stores, by kind. Another one is handed to the plugin as an object. */
const builtIn: { readonly [K in StoreConfig['kind']]: (config: Extract<StoreConfig, { kind: K }>) => ArtifactStore } = {
  minio: (config) => new MinioStore(config),
  folder: (config) => new FolderStore(config.path),
};

/**
 * Opens a store. Nothing is asked of the backend yet: `probe()` does that.
 *
 * @param where a configuration, or an address: `folder:./artifacts`, or `http://127.0.0.1:9000/perennial` (endpoint and
 *   bucket) with the credentials in `env`.
 * @param env default `process.env`. PERENNIAL_S3_ACCESS_KEY and PERENNIAL_S3_SECRET_KEY, else AWS_ACCESS_KEY_ID,
 *   AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; PERENNIAL_S3_REGION, else AWS_REGION. PERENNIAL_S3_PUBLIC_ENDPOINT:
 *   the endpoint as the machines reach it that train elsewhere.
 * @throws {UsageError} for an address that cannot be read; {@link StoreRefusedError} when credentials are missing.
 */
export function openStore(where: StoreConfig | string, env: Environment = process.env): ArtifactStore {
  const config = typeof where === 'string' ? configOf(where, env) : where;
  switch (config.kind) {
    case 'minio':
      return builtIn.minio(config);
    case 'folder':
      return builtIn.folder(config);
  }
}

/**
 * Opens the store that PERENNIAL_STORE names; see {@link openStore}.
 *
 * @throws {UsageError} when it is not set.
 */
export function storeFromEnvironment(env: Environment = process.env): ArtifactStore {
  const where = env['PERENNIAL_STORE'];
  if (where === undefined || where === '') {
    throw new UsageError('Cannot open the artifact store: PERENNIAL_STORE is not set', {
      fix: 'Set it to http://host:port/bucket or to folder:PATH; `perennial dev` starts a MinIO and says what to set.',
    });
  }
  return openStore(where, env);
}

export type Environment = Readonly<Record<string, string | undefined>>;

function configOf(address: string, env: Environment): StoreConfig {
  if (address.startsWith('folder:') && address.length > 'folder:'.length) {
    return { kind: 'folder', path: address.slice('folder:'.length) };
  }
  if (!/^https?:\/\//.test(address) || !URL.canParse(address)) throw unreadable(address);
  const url = new URL(address);
  const bucket = url.pathname.replaceAll(/^\/|\/$/g, '');
  if (bucket === '' || bucket.includes('/') || url.search !== '' || url.username !== '') throw unreadable(address);
  const own = credentials(env, 'PERENNIAL_S3_ACCESS_KEY', 'PERENNIAL_S3_SECRET_KEY');
  const found = own ?? credentials(env, 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN');
  if (!found) {
    throw new StoreRefusedError(`Cannot open the artifact store at ${url.host}/${bucket}: no credentials were found`, {
      fix: 'Set PERENNIAL_S3_ACCESS_KEY and PERENNIAL_S3_SECRET_KEY (or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY).',
    });
  }
  const region = env['PERENNIAL_S3_REGION'] || env['AWS_REGION'];
  const publicEndpoint = env['PERENNIAL_S3_PUBLIC_ENDPOINT'];
  return {
    kind: 'minio',
    endpoint: url.origin,
    bucket,
    ...found,
    ...(region ? { region } : {}),
    ...(publicEndpoint ? { publicEndpoint } : {}),
  };
}

function credentials(
  env: Environment,
  access: string,
  secret: string,
  session?: string,
): Pick<MinioStoreOptions, 'accessKey' | 'secretKey' | 'sessionToken'> | undefined {
  const [accessKey, secretKey] = [env[access], env[secret]];
  if (!accessKey || !secretKey) return undefined;
  const sessionToken = session === undefined ? undefined : env[session];
  return { accessKey, secretKey, ...(sessionToken ? { sessionToken } : {}) };
}

function unreadable(address: string): UsageError {
  // An address may hold a password; what cannot be read is not shown.
  const shown = address.includes('@') ? 'the address given' : `"${address}"`;
  return new UsageError(`Cannot open ${shown} as artifact store: want http://host:port/bucket or folder:PATH`, {
    fix: 'For example http://127.0.0.1:9000/perennial, with the credentials in the environment.',
  });
}
