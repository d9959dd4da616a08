import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { qualityChart, type ChartDecision, type QualityWeek } from '../reports/quality-chart.js';
import { renderPng, renderSvg } from '../reports/render-chart.js';
import { finding } from './finding.js';
import type { Played, PlayedFault, PlayedWeek } from './played.js';

/** Draws quality week by week into a folder, as SVG, PNG and the Vega-Lite they come from; returns the files. */
export async function drawPicture(
  folder: string,
  { weeks, faults }: Pick<Played, 'weeks' | 'faults'>,
): Promise<string[]> {
  const chart = qualityChart(
    weeks.map((week) =>
      qualityWeek(
        week,
        faults.filter((fault) => fault.week === week.week),
      ),
    ),
    finding(weeks),
  );
  const svg = await renderSvg(chart);
  await mkdir(folder, { recursive: true });
  const files = {
    'quality.svg': svg,
    'quality.png': await renderPng(svg),
    'quality.vl.json': JSON.stringify(chart, null, 2),
  };
  return await Promise.all(
    Object.entries(files).map(async ([name, content]) => {
      await writeFile(path.join(folder, name), content);
      return path.join(folder, name);
    }),
  );
}

function qualityWeek(week: PlayedWeek, faults: readonly PlayedFault[]): QualityWeek {
  const { record, served, live, frozen, newest, liveVersion } = week;
  // A run that went on after its worker died is the week's own run; the others are runs beside it.
  const beside = faults.filter((fault) => fault.record.run !== record.run).map(({ record }) => record);
  const decisions = [...beside, record]
    .toSorted((a, b) => a.run - b.run)
    .map(({ outcome, result }): ChartDecision => ({
      kind: outcome,
      ...(result?.version !== undefined && { version: result.version }),
    }));
  return { week: served, live: live.brier, frozen: frozen.brier, newest: newest.brier, decisions, liveVersion };
}
