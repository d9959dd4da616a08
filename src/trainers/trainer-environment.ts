/** Threads of the numerical libraries, unless the job's parameters say otherwise; see python/README.md for why one. */
const THREADS = '1';

/** The environment of a trainer: built from nothing, so that no credential of the worker is in it. */
export function trainerEnvironment(folder: string, more: Readonly<Record<string, string>>): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    LANG: 'C.UTF-8',
    HOME: folder,
    TMPDIR: folder,
    OMP_NUM_THREADS: THREADS,
    OPENBLAS_NUM_THREADS: THREADS,
    MKL_NUM_THREADS: THREADS,
    // Same job, same model: the order of Python's sets depends on this.
    PYTHONHASHSEED: '0',
    PYTHONUNBUFFERED: '1',
    ...more,
  };
}
