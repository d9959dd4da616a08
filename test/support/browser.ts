import { chromium, type Browser, type Page } from 'playwright-core';
import { chromiumBinary } from '../../src/dev/tools.js';

/** Debian's Chromium without a window, and without the calls home that a machine without network cannot make. */
export async function openBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: await chromiumBinary(),
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-background-networking', '--no-first-run'],
    timeout: 60_000,
  });
}

/** All text that a page shows, its frames included: the Temporal UI renders Markdown in frames. */
export async function shownText(page: Page): Promise<string> {
  const texts = await Promise.all(
    page.frames().map((frame) =>
      frame
        .locator('body')
        .innerText()
        .catch(() => ''),
    ),
  );
  return texts.join('\n');
}

/** Waits until the page shows every one of these texts; fails with what it shows instead. */
export async function waitForTexts(
  page: Page,
  texts: readonly (string | RegExp)[],
  timeoutMs = 45_000,
): Promise<string> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const shown = await shownText(page);
    const missing = texts.filter((text) => (typeof text === 'string' ? !shown.includes(text) : !text.test(shown)));
    if (missing.length === 0) return shown;
    if (Date.now() > deadline)
      throw new Error(`The page does not show ${missing.map(String).join(', ')}, but:\n${shown}`);
    await page.waitForTimeout(200);
  }
}
