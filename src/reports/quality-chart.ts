import type { TopLevelSpec } from 'vega-lite';
import type { MetricName } from '../domain/evaluation.js';
import { metricFacts } from '../domain/metric-facts.js';
import type { VerdictKind } from '../domain/verdict.js';
import { spreadLabels } from './spread-labels.js';
import { wrapText } from './wrap-text.js';

/** What became of one request for training; FAILED is a run that ended before there was anything to judge. */
export interface ChartDecision {
  readonly kind: VerdictKind | 'FAILED';
  /** The version that was registered, when one was. */
  readonly version?: number;
}

/** One week of serving and the decisions that were taken just before it. */
export interface QualityWeek {
  /** The Monday, `2001-02-05`. */
  readonly week: string;
  /** Of what was served. */
  readonly live: number;
  /** Of the first model, had it stayed. */
  readonly frozen: number;
  /** Of the newest candidate, had every one been put live. */
  readonly newest: number;
  /** In the order in which they were taken. */
  readonly decisions: readonly ChartDecision[];
  /** The version that served the week. */
  readonly liveVersion: number;
}

export interface QualityChartOptions {
  /** What the numbers are. Default: `brier`. */
  readonly metric?: MetricName;
  /** The finding in words. */
  readonly title: string;
  /** One more sentence, smaller. */
  readonly subtitle?: string;
}

/** Fonts of the picture; {@link renderPng} brings the first. */
const FONT = 'DejaVu Sans, Verdana, sans-serif';
const INK = '#222222';
const WIDTH = 640;
/** Blue, brown and grey: dark enough for text and told apart with every common kind of colour blindness; dashes help in print. */
const LINES = [
  { key: 'live', label: 'live', colour: '#0072B2', dash: [1, 0], width: 3.5 },
  { key: 'newest', label: 'always newest', colour: '#B35900', dash: [6, 3], width: 2 },
  { key: 'frozen', label: 'frozen first model', colour: '#7A7A7A', dash: [2, 2], width: 2 },
] as const;
const DECISIONS = [
  { kind: 'PROMOTE', label: 'promoted', shape: 'triangle-up', colour: '#009E73' },
  { kind: 'HOLD', label: 'held: not proven better', shape: 'circle', colour: '#56B4E9' },
  { kind: 'REJECT', label: 'rejected', shape: 'cross', colour: '#D55E00' },
  { kind: 'FAILED', label: 'run failed', shape: 'square', colour: '#000000' },
] as const;

/**
 * The picture of quality week by week: what was live beside the frozen first model and the newest candidate, the
 * decisions, and how far each was ahead of the frozen model. A Vega-Lite specification: keep it for notebooks, draw it
 * with `renderSvg`. At least one week is wanted.
 */
export function qualityChart(weeks: readonly QualityWeek[], options: QualityChartOptions): TopLevelSpec {
  const metric = options.metric ?? 'brier';
  const sort = weeks.map((week) => weekLabel(week.week));
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    description: options.title,
    background: 'white',
    padding: 12,
    title: {
      text: wrapText(options.title, 66),
      ...(options.subtitle === undefined ? {} : { subtitle: wrapText(options.subtitle, 84) }),
      anchor: 'start',
      frame: 'group',
      fontSize: 15,
      subtitleFontSize: 12,
      subtitleColor: INK,
      subtitlePadding: 5,
      offset: 14,
    },
    spacing: 10,
    // Each panel has its own meaning of colour.
    resolve: { scale: { color: 'independent', shape: 'independent' } },
    vconcat: [levels(weeks, metric, sort), decisions(weeks, sort), lead(weeks, metric, sort)],
    config: {
      font: FONT,
      axis: { labelFontSize: 11, titleFontSize: 12, titleFontWeight: 'normal', labelColor: INK, titleColor: INK },
      legend: { labelFontSize: 11, labelColor: INK },
      title: { color: INK },
      view: { stroke: null },
    },
  };
}

/** The metric of each week, one line a model. */
function levels(weeks: readonly QualityWeek[], metric: MetricName, sort: string[]): Panel {
  const { label, better, unit } = metricFacts[metric];
  const title = `${label.slice(0, 1).toUpperCase()}${label.slice(1)} of the week: ${better} is better`;
  const points = LINES.flatMap(({ key, label }) =>
    weeks.map((week) => ({ week: weekLabel(week.week), model: label, value: week[key] })),
  );
  return lines(points, sort, { title, format: FORMATS[unit], height: 190, weekLabels: false });
}

/** Who was ahead of the frozen first model, and by how many per cent: differences are small beside bad weather. */
function lead(weeks: readonly QualityWeek[], metric: MetricName, sort: string[]): Panel {
  const direction = metricFacts[metric].better === 'higher' ? 1 : -1;
  const points = LINES.flatMap(({ key, label }) =>
    weeks.map((week) => {
      const gain = direction * (week[key] - week.frozen);
      // R² may be zero or less: then a share of it says nothing.
      return { week: weekLabel(week.week), model: label, value: week.frozen > 0 ? (100 * gain) / week.frozen : 0 };
    }),
  );
  return lines(points, sort, {
    title: 'How much better than the frozen first model, in %',
    format: '+.1~f',
    height: 120,
    weekLabels: true,
  });
}

/** Axis labels by the unit of the metric. */
const FORMATS = { number: '.3f', share: '.1%', amount: '.4~s' } as const;

type Panel = Extract<TopLevelSpec, { vconcat: unknown }>['vconcat'][number];

interface LinesOptions {
  readonly title: string;
  readonly format: string;
  readonly height: number;
  readonly weekLabels: boolean;
}

function lines(
  points: readonly { week: string; model: string; value: number }[],
  sort: string[],
  options: LinesOptions,
): Panel {
  const domain = paddedRange(points.map((point) => point.value));
  const last = points.filter((point) => point.week === sort.at(-1));
  const gap = ((domain[1] - domain[0]) * 15) / options.height;
  const labels = spreadLabels(
    last.map((point) => point.value),
    gap,
  ).map((value, index) => ({ ...last[index], value }));
  const x = weekAxis(sort, options.weekLabels);
  const y = {
    field: 'value',
    type: 'quantitative',
    scale: { domain, nice: false, zero: false },
    axis: {
      title: null,
      format: options.format,
      tickCount: 4,
      gridColor: '#E5E5E5',
      domain: false,
      ticks: false,
      labelPadding: 8,
    },
  } as const;
  const colour = {
    field: 'model',
    type: 'nominal',
    legend: null,
    scale: { domain: LINES.map((line) => line.label), range: LINES.map((line) => line.colour) },
  } as const;
  return {
    title: panelTitle(options.title),
    width: WIDTH,
    height: options.height,
    layer: [
      // Frozen first, live last: what was served is never hidden.
      ...[...LINES].toReversed().map((line) => ({
        data: { values: points.filter((point) => point.model === line.label) },
        mark: { type: 'line' as const, strokeWidth: line.width, strokeDash: [...line.dash], point: { size: 28 } },
        encoding: { x, y, color: colour },
      })),
      {
        data: { values: labels },
        mark: { type: 'text', align: 'left', dx: 10, fontSize: 12 },
        encoding: { x, y, color: colour, text: { field: 'model' } },
      },
    ],
  };
}

/** One mark a decision, with the version that it made, above the week that it decided for. */
function decisions(weeks: readonly QualityWeek[], sort: string[]): Panel {
  const marks = weeks.flatMap((week) =>
    week.decisions.map((decision, index) => ({
      week: weekLabel(week.week),
      decision: DECISIONS.find(({ kind }) => kind === decision.kind)?.label,
      version: decision.kind === 'PROMOTE' && decision.version !== undefined ? `v${decision.version}` : '',
      shift: index - (week.decisions.length - 1) / 2,
    })),
  );
  const shown = DECISIONS.filter(({ label }) => marks.some((mark) => mark.decision === label));
  const domain = shown.map(({ label }) => label);
  // Several decisions before one week stand side by side.
  const shift = { field: 'shift', type: 'quantitative' as const, scale: { domain: [-1, 1], range: [-18, 18] } };
  const encoding = { x: weekAxis(sort, false), xOffset: shift };
  const legend = {
    orient: 'bottom' as const,
    direction: 'horizontal' as const,
    columns: DECISIONS.length,
    labelLimit: 0,
    symbolSize: 100,
    symbolOpacity: 1,
  };
  return {
    title: panelTitle('Decided just before the week'),
    width: WIDTH,
    height: 34,
    data: { values: marks },
    layer: [
      {
        mark: { type: 'point', filled: true, size: 110, opacity: 1, yOffset: -6 },
        encoding: {
          ...encoding,
          shape: {
            field: 'decision',
            type: 'nominal',
            title: null,
            scale: { domain, range: shown.map(({ shape }) => shape) },
            legend,
          },
          color: {
            field: 'decision',
            type: 'nominal',
            title: null,
            scale: { domain, range: shown.map(({ colour }) => colour) },
            legend,
          },
        },
      },
      {
        mark: { type: 'text', fontSize: 11, yOffset: 11, color: INK },
        encoding: { ...encoding, text: { field: 'version' } },
      },
    ],
  };
}

function panelTitle(text: string) {
  return { text, anchor: 'start', frame: 'group', fontSize: 12, fontWeight: 'normal', offset: 6 } as const;
}

function weekAxis(sort: string[], labelled: boolean) {
  return {
    field: 'week',
    type: 'ordinal',
    sort,
    scale: { type: 'point', padding: 0.4, domain: sort },
    axis: labelled
      ? { title: 'Week that began on Monday', labelAngle: 0, domainColor: '#999999', tickColor: '#999999', grid: false }
      : null,
  } as const;
}

/** `2001-02-05` as `5 Feb`. */
function weekLabel(monday: string): string {
  const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
  const [, month, day] = monday.split('-');
  return `${Number(day)} ${months[Number(month) - 1]}`;
}

/** Least and greatest value with a little room; never empty. */
function paddedRange(values: readonly number[]): [number, number] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const room = (high - low) * 0.08 || 0.01;
  return [low - room, high + room];
}
