import { tmpdir } from 'node:os';
import type { DuckDbOptions } from './duckdb.js';

/** What every job on data takes. */
export interface DataJobOptions {
  /** Aborting it interrupts the job and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Where to spill what does not fit into memory. Default: beside the output; without one, the system's folder. */
  readonly tempFolder?: string;
  /** Default: the number of cores, at least 2 and at most 4. */
  readonly threads?: number;
  /** For example `512MB`. Default: 1 GB, for ingest 256 MB. */
  readonly memoryLimit?: string;
}

/** The DuckDB options of a job that reads `files` and writes into `outFolder`. */
export function writingOptions(files: readonly string[], outFolder: string, options: DataJobOptions): DuckDbOptions {
  return { ...common(options, outFolder), files, folders: [outFolder] };
}

/** The DuckDB options of a job that only reads `files`. */
export function readingOptions(files: readonly string[], options: DataJobOptions): DuckDbOptions {
  return { ...common(options, tmpdir()), files, folders: [] };
}

function common({ signal, threads, memoryLimit, tempFolder }: DataJobOptions, fallback: string) {
  return {
    tempFolder: tempFolder ?? fallback,
    ...(threads !== undefined && { threads }),
    ...(memoryLimit !== undefined && { memoryLimit }),
    ...(signal && { signal }),
  };
}
