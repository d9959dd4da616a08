import { readFileSync } from 'node:fs';
import { arch, cpus, platform, release } from 'node:os';
import type { Machine } from '../src/domain/model.js';
import { sha256Hex } from '../src/stores/digest.js';

/** What this machine is, as far as it may decide the last digits of a model. The same in every process on it. */
export function thisMachine(): Machine {
  machine ??= {
    platform: platform(),
    arch: arch(),
    cpuModel: cpus()[0]?.model.trim() ?? 'unknown',
    cpuFeatures: sha256Hex(cpuFeatures()),
    node: process.versions.node,
    osRelease: release(),
  };
  return machine;
}

let machine: Machine | undefined;

/** The flags of the first processor, in order; on other systems than Linux nobody says them. */
function cpuFeatures(): string {
  try {
    const flags = /^(?:flags|Features)\s*:\s*(.+)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
    return flags.split(' ').toSorted().join(' ');
  } catch {
    return '';
  }
}
