import { expect, test } from 'vitest';
import { qualityChart, type QualityWeek } from '../../../src/reports/quality-chart.js';
import { renderPng, renderSvg } from '../../../src/reports/render-chart.js';

const WEEKS: QualityWeek[] = [
  {
    week: '2001-01-22',
    live: 0.091,
    frozen: 0.091,
    newest: 0.091,
    decisions: [{ kind: 'PROMOTE', version: 1 }],
    liveVersion: 1,
  },
  {
    week: '2001-01-29',
    live: 0.09,
    frozen: 0.09,
    newest: 0.087,
    decisions: [{ kind: 'FAILED' }, { kind: 'HOLD', version: 2 }],
    liveVersion: 1,
  },
  {
    week: '2001-02-05',
    live: 0.101,
    frozen: 0.103,
    newest: 0.101,
    decisions: [{ kind: 'REJECT' }, { kind: 'PROMOTE', version: 3 }],
    liveVersion: 3,
  },
];
const TITLE = 'Retraining beat the frozen first model in one of three weeks';

test('the quality chart, says its finding, its lines, weeks and decisions in words', async () => {
  const svg = await renderSvg(qualityChart(WEEKS, { title: TITLE, subtitle: 'Late flights' }));
  const words = textsOf(svg);
  for (const word of [
    TITLE,
    'Late flights',
    'live',
    'always newest',
    'frozen first model',
    '22 Jan',
    '5 Feb',
    'v1',
    'v3',
  ]) {
    expect(words).toContain(word);
  }
  for (const decision of ['promoted', 'held: not proven better', 'rejected', 'run failed'])
    expect(words).toContain(decision);
  expect(words).toContain('Brier score of the week: lower is better');
  // A held candidate has a version too, but nobody was served by it.
  expect(words).not.toContain('v2');
});

test.each([
  ['rmse', 'RMSE of the week: lower is better'],
  ['logLoss', 'Log loss of the week: lower is better'],
  ['accuracy', 'Accuracy of the week: higher is better'],
] as const)('the quality chart, says which way %s runs', async (metric, words) => {
  expect(textsOf(await renderSvg(qualityChart(WEEKS, { title: TITLE, metric })))).toContain(words);
});

test('the quality chart, explains only the decisions that were taken', async () => {
  const words = textsOf(await renderSvg(qualityChart(WEEKS.slice(0, 1), { title: TITLE })));
  expect(words).toContain('promoted');
  expect(words).not.toContain('rejected');
});

test('the quality chart, shows AUC as better when higher', async () => {
  const auc = WEEKS.map((week) => ({ ...week, live: 0.85, frozen: 0.84, newest: 0.85 }));
  const words = textsOf(await renderSvg(qualityChart(auc, { title: TITLE, metric: 'auc' })));
  expect(words).toContain('AUC of the week: higher is better');
  expect(words.some((word) => word.startsWith('+'))).toBe(true);
});

test('the quality chart, draws the same bytes every time', async () => {
  const spec = qualityChart(WEEKS, { title: TITLE });
  const [first, second] = [await renderSvg(spec), await renderSvg(qualityChart(WEEKS, { title: TITLE }))];
  expect(first).toBe(second);
  expect((await renderPng(first)).equals(await renderPng(second))).toBe(true);
});

test('a picture, has its letters on a machine without fonts', async () => {
  const withText = `<svg xmlns="http://www.w3.org/2000/svg" width="100" height="30"><text y="20" font-family="DejaVu Sans">Late</text></svg>`;
  const without = withText.replace('Late', '');
  const png = await renderPng(withText);
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  expect(png.equals(await renderPng(without))).toBe(false);
});

function textsOf(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text ?? '');
}
