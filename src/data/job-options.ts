import { join } from 'node:path';
import type { DuckDbOptions } from './duckdb.js';

/** What every job on data takes. */
export interface DataJobOptions {
  /** Aborting it interrupts the job and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Where to spill what does not fit into memory. Default: a folder `spill` beside the output. */
  readonly tempFolder?: string;
  /** Default: the number of cores, at least 2 and at most 4. */
  readonly threads?: number;
  /** For example `512MB`. Default: 1 GB, for ingest 256 MB. */
  readonly memoryLimit?: string;
}

/** The DuckDB options of a job that reads and writes in `folders`. */
export function jobOptions(folders: readonly string[], outFolder: string, options: DataJobOptions): DuckDbOptions {
  const { signal, threads, memoryLimit, tempFolder = join(outFolder, 'spill') } = options;
  return {
    folders,
    tempFolder,
    ...(threads !== undefined && { threads }),
    ...(memoryLimit !== undefined && { memoryLimit }),
    ...(signal && { signal }),
  };
}
