/** Mondays of the weeks that the sample data covers. */
export const SAMPLE_WEEKS = [
  '2026-01-05',
  '2026-01-12',
  '2026-01-19',
  '2026-01-26',
  '2026-02-02',
  '2026-02-09',
  '2026-02-16',
] as const;

const ROWS_A_WEEK = 600;
const WEEK_MS = 7 * 24 * 3_600_000;

const COUNTRIES = ['DE', 'FR', 'AT', 'CH', 'NL', 'IT'];
const CHANNELS = ['web', 'app', 'store'];
/** How much oftener than an average order one of this category comes back, on the scale of `returnShare`. */
const CATEGORIES: readonly (readonly [string, number])[] = [
  ['shoes', 1.4],
  ['dresses', 1.1],
  ['shirts', 0.1],
  ['books', -1.8],
  ['toys', -0.7],
];

/**
 * One week of made-up orders as CSV: the same bytes on every machine, with something to learn in them. Returns follow
 * the category, the discount, the number of items and the hour.
 */
export function sampleWeek(index: number): string {
  const random = generator(2026 + index);
  const start = Date.parse(`${SAMPLE_WEEKS[index]}T00:00:00Z`);
  const times = Array.from({ length: ROWS_A_WEEK }, () => start + Math.floor(random() * WEEK_MS)).toSorted(
    (a, b) => a - b,
  );
  const rows = times.map((time) => sampleRow(time, random));
  return `${['order_time,country,channel,category,items,price,discount,returned', ...rows].join('\n')}\n`;
}

function sampleRow(time: number, random: () => number): string {
  const [category, weight] = pick(CATEGORIES, random());
  const items = 1 + Math.floor(random() * random() * 6);
  const price = (items * (8 + random() * 70)).toFixed(2);
  const discount = random() < 0.6 ? 0 : Math.round(random() * 8) / 20;
  const isNight = new Date(time).getUTCHours() < 7;
  const pull = -1.3 + weight + discount * 3 + (items - 1) * 0.35 + (isNight ? 0.8 : 0);
  const returned = random() < returnShare(pull);
  const clock = new Date(time).toISOString().slice(0, 19).replace('T', ' ');
  const fields = [clock, pick(COUNTRIES, random() ** 2), pick(CHANNELS, random()), random() < 0.01 ? '' : category];
  return [...fields, items, price, discount, returned].join(',');
}

/** From 0 to 1 without `Math.exp`, whose last digit differs between machines. */
function returnShare(pull: number): number {
  return 0.5 + (0.5 * pull) / (0.6 + Math.abs(pull));
}

function pick<Item>(items: readonly Item[], share: number): Item {
  const item = items[Math.min(Math.floor(share * items.length), items.length - 1)];
  if (item === undefined) throw new RangeError('Cannot pick from an empty list');
  return item;
}

/** Mulberry32: numbers from 0 to 1, the same for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
