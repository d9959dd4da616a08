import type { ColumnProfile, NumberProfile } from '../../domain/profile.js';
import { quantileOf, total } from '../histogram.js';
import { OTHER, sharedCategories } from './shared-categories.js';

/** In a few words what is different: of numbers what moved furthest, of categories the share that changed most. */
export function describeShift(reference: ColumnProfile, current: ColumnProfile): string {
  const name = `"${reference.name}"`;
  if (reference.numbers && current.numbers) return `${name}: ${describeNumbers(reference.numbers, current.numbers)}`;
  const shared = sharedCategories(reference, current);
  if (!shared) return name;
  const [n, m] = [total(shared.reference), total(shared.current)];
  const shares = shared.names.map((category, index) => ({
    category,
    before: (shared.reference[index] ?? 0) / n,
    now: (shared.current[index] ?? 0) / m,
  }));
  const [most] = shares.toSorted((a, b) => Math.abs(b.now - b.before) - Math.abs(a.now - a.before));
  if (!most) return name;
  return `${name}: ${shown(most.category)} in ${percent(most.before)} of the values, now ${percent(most.now)}`;
}

function describeNumbers(reference: NumberProfile, current: NumberProfile): string {
  const at = (numbers: NumberProfile) => [0.5, 0.05, 0.95].map((share) => quantileOf(numbers, share) ?? Number.NaN);
  const [before, now] = [at(reference), at(current)];
  const moved = before.map((value, index) => Math.abs((now[index] ?? 0) - value));
  const furthest = moved.indexOf(Math.max(...moved));
  const what = ['median', 'lowest twentieth below', 'highest twentieth above'][Math.max(0, furthest)];
  return `${what} ${number(before[furthest])}, now ${number(now[furthest])}`;
}

function shown(category: string): string {
  const short = category.length > 40 ? `${category.slice(0, 40)}...` : category;
  return category === OTHER ? 'other values' : `"${short}"`;
}

function number(value: number | undefined): string {
  return String(Number((value ?? 0).toPrecision(4)));
}

/** With three digits. */
export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
