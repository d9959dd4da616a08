import type { TopLevelSpec } from 'vega-lite';
import { shownValue, type Search, type Trial } from '../domain/search.js';
import { searchCurve, shownRange } from './search-curve.js';

const WIDTH = 640;
const INK = '#333333';
/** Between the frame and what stands at its edge. */
const EDGE = 8;
const STATES = [
  { state: 'complete', colour: '#4292c6' },
  { state: 'pruned', colour: '#fd8d3c' },
  { state: 'failed', colour: '#de2d26' },
] as const;

export interface ChartedSearch {
  readonly run: number;
  readonly search: Pick<Search, 'model' | 'metric' | 'direction'>;
  readonly trials: readonly Trial[];
  /** Whether more trials will come. Default: false. */
  readonly isUnderWay?: boolean;
}

/** The curve of a search: each trial by its value, and the best so far as a line. */
export function searchChart({ run, search, trials, isUnderWay = false }: ChartedSearch): TopLevelSpec {
  const { model, metric, direction } = search;
  const curve = searchCurve(trials, direction);
  const best = curve.at(-1)?.best;
  const last = trials.at(-1)?.number ?? 0;
  const [low, high] = shownRange(curve, direction);
  const room = (high - low) * 0.05;
  const range = [low - room, high + room] as const;
  const edge = direction === 'minimize' ? range[1] : range[0];
  const within = (value: number) => Math.min(range[1], Math.max(range[0], value));
  const points = trials.map(({ number, state, value = edge }) => ({ number, state, value: within(value) }));
  const outside = trials.filter(({ value }) => value !== undefined && within(value) !== value).length;
  const shown = STATES.filter(({ state }) => points.some((point) => point.state === state));
  const x = {
    field: 'number',
    type: 'quantitative' as const,
    title: 'trial',
    axis: { grid: false, tickMinStep: 1, format: 'd' },
    scale: { domain: [0, Math.max(1, last)], nice: false, padding: EDGE },
  };
  const y = (field: string) => ({
    field,
    type: 'quantitative' as const,
    title: `${metric} (${direction === 'minimize' ? 'lower' : 'higher'} is better)`,
    scale: { domain: [...range], zero: false, nice: false, padding: EDGE },
  });
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: {
      text: `Hyperparameters of ${model}, run ${run}`,
      subtitle: [
        `${best === undefined ? 'none complete' : `best ${metric} ${shownValue(best)}`} of ${countText(trials, isUnderWay)}`,
        ...(outside > 0 ? [`${outside} beyond the scale, shown at its edge`] : []),
      ],
      anchor: 'start',
    },
    background: 'white',
    width: WIDTH,
    height: 280,
    config: { axis: { labelColor: INK, titleColor: INK }, font: 'DejaVu Sans, sans-serif' },
    layer: [
      {
        // It stays the best until the last trial, complete or not.
        data: { values: best === undefined ? [] : [...curve, { number: last, best }] },
        mark: { type: 'line', interpolate: 'step-after', color: '#08519c', strokeWidth: 2 },
        encoding: { x, y: y('best') },
      },
      {
        data: { values: points },
        mark: { type: 'point', filled: true, size: 36, opacity: 1 },
        encoding: {
          x,
          y: y('value'),
          color: {
            field: 'state',
            type: 'nominal',
            title: null,
            scale: { domain: shown.map(({ state }) => state), range: shown.map(({ colour }) => colour) },
            legend: { orient: 'bottom' },
          },
        },
      },
    ],
  };
}

function countText({ length }: readonly Trial[], isUnderWay: boolean): string {
  return `${length} trial${length === 1 ? '' : 's'}${isUnderWay ? ' so far' : ''}`;
}
