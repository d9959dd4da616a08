import { shownBytes } from '../code/code-limits.js';
import type { Needs } from '../domain/resources.js';

/** Amounts for people: `2 cpus, 8.0 GiB of memory and 1 gpu`; what is 0 is left out. */
export function amountText({ cpus, memoryBytes, gpus }: Needs): string {
  const parts = [
    counted(cpus, 'cpu'),
    ...(memoryBytes > 0 ? [`${shownBytes(memoryBytes)} of memory`] : []),
    ...(gpus > 0 ? [counted(gpus, 'gpu')] : []),
  ];
  return parts.length === 1 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

/** What is missing: `8.0 GiB of memory: 2.0 GiB of 32.0 GiB free`. Empty when nothing is. */
export function lackText(needs: Needs, free: Needs, total: Needs): string {
  const lacks = [];
  if (needs.cpus > free.cpus) lacks.push(`${counted(needs.cpus, 'cpu')}: ${round(free.cpus)} of ${total.cpus} free`);
  if (needs.memoryBytes > free.memoryBytes) {
    const [wanted = '', left = '', all = ''] = [needs, free, total].map(({ memoryBytes }) => shownBytes(memoryBytes));
    lacks.push(`${wanted} of memory: ${left} of ${all} free`);
  }
  if (needs.gpus > free.gpus) lacks.push(`${counted(needs.gpus, 'gpu')}: ${free.gpus} of ${total.gpus} free`);
  return lacks.join(', ');
}

function counted(amount: number, what: string): string {
  return `${round(amount)} ${what}${amount === 1 ? '' : 's'}`;
}

function round(amount: number): number {
  return Math.round(amount * 1000) / 1000;
}
