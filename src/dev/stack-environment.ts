import type { Stack } from './stack.js';

/**
 * The environment variables by which another process (a worker, a command) finds this stack. They hold the store's
 * credentials: hand them to child processes, do not print them into logs.
 */
export function stackEnvironment({ temporal, store, python }: Stack): Record<string, string> {
  return {
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    PERENNIAL_PYTHON: python,
    ...storeEnvironment(store),
  };
}

function storeEnvironment(store: Stack['store']): Record<string, string> {
  if (store.kind === 'folder') return { PERENNIAL_STORE: `folder:${store.path}` };
  return {
    PERENNIAL_STORE: `${store.endpoint}/${store.bucket}`,
    PERENNIAL_S3_ACCESS_KEY: store.accessKey,
    PERENNIAL_S3_SECRET_KEY: store.secretKey,
  };
}
