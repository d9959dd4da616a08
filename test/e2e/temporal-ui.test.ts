import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loopId, runId, scheduleId } from '../../src/domain/run.js';
import { searchId, shownValue } from '../../src/domain/search.js';
import { findSearch } from '../../src/searches.js';
import { runCli } from '../src/cli/run-cli.js';
import { openBrowser, waitForTexts } from '../support/browser.js';
import { toyDays } from '../support/toy-data.js';
import { startWorld, type World } from '../support/world.js';

let world: World;
let browser: Browser;
let page: Page;
beforeAll(async () => {
  [world, browser] = await Promise.all([startWorld({ ui: true }), openBrowser()]);
  page = await browser.newPage({ viewport: { width: 1500, height: 1400 } });
  const schedule = { cron: '0 6 * * 1', timezone: 'UTC', paused: true };
  await world.applyToy('toy-ui', toyDays(14), { triggers: { schedule } });
  const space = {
    learning_rate: { type: 'float', low: 0.001, high: 1, log: true },
    max_leaf_nodes: { type: 'int', low: 2, high: 63, log: true },
  } as const;
  await world.applyToy('toy-ui-search', toyDays(14), {
    search: { sampler: 'random', trials: 16, parallel: 2, pruner: { kind: 'halving', first: 2 }, space },
    cost: { currency: 'CHF', cpuHour: 360 },
  });
  for (const model of ['toy-ui', 'toy-ui-search']) {
    const answer = await world.client.requestTraining(model, { by: 'ann', reason: 'to look at it' });
    if (answer.outcome === 'refused') throw new Error(answer.message);
    await world.client.runResult(model, answer.run);
  }
}, 240_000);
// To see what the tests see: PERENNIAL_SCREENSHOTS=folder npx vitest run test/e2e/temporal-ui.test.ts
afterEach(async ({ task }) => {
  const folder = process.env['PERENNIAL_SCREENSHOTS'];
  if (folder) await page.screenshot({ path: `${folder}/${task.name.replaceAll(' ', '-')}.png` });
});
afterAll(async () => {
  await browser?.close();
  await world?.stop();
});

/** Between the columns of our tables. */
const GAP = '[\\s\u200B]+';

const path = (id: string) => `${world.temporal.uiUrl}/namespaces/default/workflows/${encodeURIComponent(id)}`;

describe('the Temporal UI', () => {
  it('lists runs by model with their verdict', async () => {
    await page.goto(
      `${world.temporal.uiUrl}/namespaces/default/workflows?query=${encodeURIComponent('PerennialModel="toy-ui"')}`,
    );
    await waitForTexts(page, [runId('toy-ui', 1), 'trainingRun', /completed/i]);
  });

  it("shows a run's sentence, verdict and steps on its first page", async () => {
    await page.goto(path(runId('toy-ui', 1)));
    await page.waitForLoadState();
    await waitForTexts(page, [
      'Version 1 is now live',
      'PROMOTE',
      'Take what is new from the sources',
      /Check 2,800 new rows/,
      /Train on [\d,]+ rows/,
      'Judge the candidate',
      'Version 1 of toy-ui takes over',
    ]);
  });

  it('tells objective, trigger, data and verdict in the details of a run', async () => {
    await page.goto(path(runId('toy-ui', 1)));
    await page.getByText('User Metadata').first().click();
    await waitForTexts(page, ['Know which visits end in a purchase.', 'manual by ann: to look at it', /PROMOTE/]);
  });

  it('shows what the loop does', async () => {
    await page.goto(path(loopId('toy-ui')));
    await page.getByText('User Metadata').first().click();
    await waitForTexts(page, [/toy-ui.*waits for a trigger/, 'Version 1 is now live']);
  });

  it('tells of a search what is best so far, the curve that led to it, what was pruned and what it cost', async () => {
    await page.goto(path(searchId('toy-ui-search', 1)));
    await page.getByText('User Metadata').first().click();
    const { best, counts } = await findSearch(world.temporal.client, world.store, 'toy-ui-search', 1);
    expect(counts.pruned).toBeGreaterThan(0);
    await waitForTexts(page, [
      'Hyperparameters of toy-ui-search, run 1',
      `16 of 16 trials: ${counts.complete} complete, ${counts.pruned} pruned`,
      new RegExp(`best so far${GAP}brier ${shownValue(best!.value!)} in trial ${best!.number}\\b`),
      new RegExp(`learning_rate${GAP}0\\.\\d+`),
      new RegExp(`curve${GAP}█[▁▂▃▄▅▆▇█]*▁ 0\\.\\d+ \\(trial \\d+\\), 0\\.\\d+ \\(trial \\d+\\)`),
      new RegExp(`cost${GAP}\\d+\\.\\d+ CHF`),
    ]);
  });

  it('shows the paused Schedule with its overlap policy', async () => {
    await page.goto(`${world.temporal.uiUrl}/namespaces/default/schedules/${encodeURIComponent(scheduleId('toy-ui'))}`);
    await waitForTexts(page, [/paused/i, 'retrainOnSchedule', 'Know which visits end in a purchase.']);
  });
});

describe('the picture of a search', () => {
  it('shows trials by their state, the best so far as a line, and what it is of', async () => {
    const file = join(world.folder, 'search.html');
    const drawn = await runCli(['search', 'show', 'toy-ui-search', '-o', file], { env: world.environment });
    expect(drawn.stderr).toBe('');
    await page.goto(`file://${file}`);
    const { best, counts } = await findSearch(world.temporal.client, world.store, 'toy-ui-search', 1);
    const texts = await page.locator('svg text').allTextContents();
    expect(texts).toEqual(
      expect.arrayContaining([
        'Hyperparameters of toy-ui-search, run 1',
        expect.stringContaining(`best brier ${shownValue(best!.value!)} of 16 trials`),
        'brier (lower is better)',
        'trial',
        'complete',
        'pruned',
      ]),
    );
    const points = page.locator('svg .mark-symbol.layer_1_marks path');
    expect(await points.count()).toBe(counts.complete + counts.pruned + counts.failed);
    const [picture, line] = await Promise.all(
      ['svg', 'svg .mark-line path'].map((part) => page.locator(part).first().boundingBox()),
    );
    expect(line!.width, 'the line goes on to the last trial').toBeGreaterThan(600);
    for (const text of await page.locator('svg text').all()) {
      const { x, y, width, height } = (await text.boundingBox())!;
      expect(x >= picture!.x && y >= picture!.y, 'no text is cut off').toBe(true);
      expect(x + width <= picture!.x + picture!.width + 1 && y + height <= picture!.y + picture!.height + 1).toBe(true);
    }
  });
});
