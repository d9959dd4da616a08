import type { TopLevelSpec } from 'vega-lite';
import { shownValue, type Search, type Trial } from '../domain/search.js';
import { searchCurve, shownRange } from './search-curve.js';

const WIDTH = 640;
const INK = '#333333';
const STATES = [
  { state: 'complete', colour: '#9ecae1' },
  { state: 'pruned', colour: '#fdae6b' },
  { state: 'failed', colour: '#de2d26' },
] as const;

/** The curve of a search: each trial by its value, and the best so far as a line. */
export function searchChart(
  { model, metric, direction }: Pick<Search, 'model' | 'metric' | 'direction'>,
  run: number,
  trials: readonly Trial[],
): TopLevelSpec {
  const curve = searchCurve(trials, direction);
  const [low, high] = shownRange(curve, direction);
  const room = (high - low) * 0.05;
  const range = [low - room, high + room];
  const edge = direction === 'minimize' ? high : low;
  const points = trials.map(({ number, state, value = edge, parameters }) => ({
    number,
    state,
    value,
    told: Object.entries(parameters)
      .map(([name, chosen]) => `${name} ${String(chosen)}`)
      .join(', '),
  }));
  const shown = STATES.filter(({ state }) => points.some((point) => point.state === state));
  const x = { field: 'number', type: 'quantitative', title: 'trial', axis: { grid: false } } as const;
  const y = (field: string) => ({
    field,
    type: 'quantitative' as const,
    title: `${metric} (${direction === 'minimize' ? 'lower' : 'higher'} is better)`,
    scale: { domain: range, zero: false, clamp: true },
  });
  const best = curve.at(-1)?.best;
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: {
      text: `Hyperparameters of ${model}, run ${run}`,
      subtitle:
        best === undefined ? 'no trial is complete' : `best ${metric} ${shownValue(best)} of ${trials.length} trials`,
      anchor: 'start',
    },
    background: 'white',
    width: WIDTH,
    height: 280,
    config: { axis: { labelColor: INK, titleColor: INK }, font: 'DejaVu Sans, sans-serif' },
    layer: [
      {
        data: { values: points },
        mark: { type: 'point', filled: true, size: 36, opacity: 0.8 },
        encoding: {
          x,
          y: y('value'),
          tooltip: { field: 'told', type: 'nominal' },
          color: {
            field: 'state',
            type: 'nominal',
            title: null,
            scale: { domain: shown.map(({ state }) => state), range: shown.map(({ colour }) => colour) },
            legend: { orient: 'bottom' },
          },
        },
      },
      {
        data: { values: curve },
        mark: { type: 'line', interpolate: 'step-after', color: '#08519c', strokeWidth: 2 },
        encoding: { x, y: y('best') },
      },
    ],
  };
}
