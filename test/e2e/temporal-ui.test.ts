import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, it } from 'vitest';
import { loopId, runId, scheduleId } from '../../src/domain/run.js';
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
  const answer = await world.client.requestTraining('toy-ui', { by: 'ann', reason: 'to look at it' });
  if (answer.outcome === 'refused') throw new Error(answer.message);
  await world.client.runResult('toy-ui', answer.run);
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

  it('shows the paused Schedule with its overlap policy', async () => {
    await page.goto(`${world.temporal.uiUrl}/namespaces/default/schedules/${encodeURIComponent(scheduleId('toy-ui'))}`);
    await waitForTexts(page, [/paused/i, 'retrainOnSchedule', 'Know which visits end in a purchase.']);
  });
});
