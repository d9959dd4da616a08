import { tmpdir } from 'node:os';
import type { ArtifactStore } from '../stores/store.js';
import { checkDisk, checkInference, checkNode, checkProtobuf } from './doctor-machine.js';
import { checkPython } from './doctor-python.js';
import { checkClock, checkStore } from './doctor-store.js';
import { checkTemporal } from './doctor-temporal.js';

/** What one look found. */
export interface Check {
  /** What was looked at: "Temporal", "worker". */
  readonly name: string;
  /** `warn` works, but not for everybody or not for long; `fail` does not work. */
  readonly status: 'pass' | 'warn' | 'fail';
  /** What is there, in one sentence. */
  readonly found: string;
  /** The next step, as a sentence or a command; on everything but a pass. */
  readonly fix?: string;
}

export interface DoctorOptions {
  readonly temporal: {
    /** `host:port`. */
    readonly address: string;
    readonly namespace: string;
    readonly taskQueue: string;
  };
  /** Opens the store as a worker would; doctor closes it. What it throws is what the check says. */
  openStore(): ArtifactStore | Promise<ArtifactStore>;
  /** The store's URL, for a look at its clock. Default: none (a store on a local folder has our clock). */
  readonly storeUrl?: string;
  /** The folder whose disk fills up: data of the local stack, scratch files. Default: the system's temporary folder. */
  readonly folder?: string;
}

/**
 * Looks at everything that Perennial stands on, and changes nothing but a few probe objects in the store, which are
 * removed. Installs nothing. Never throws for what it finds: a broken thing is a check that failed.
 */
export async function runDoctor(options: DoctorOptions): Promise<Check[]> {
  const checks = await Promise.all([
    checkInference(),
    checkPython(),
    checkTemporal(options.temporal),
    checkStore(() => options.openStore()),
    options.storeUrl === undefined ? Promise.resolve([]) : checkClock(options.storeUrl),
    checkDisk(options.folder ?? tmpdir()),
  ]);
  return [checkNode(process.versions.node), checkProtobuf(), ...checks.flat()];
}
