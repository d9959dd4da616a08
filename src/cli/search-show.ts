import { NotFoundError, UsageError } from '../errors.js';
import type { SearchReport } from '../searches.js';
import type { Command, CommandContext } from './command.js';
import type { Connected } from './connect.js';
import { runWord } from './run-record-of.js';

export const show: Command = {
  name: 'show',
  summary: 'Shows the search of a run: the best trial so far, the curve, what was pruned and what failed.',
  examples: ['search show returns', 'search show returns 3 -o search.svg', 'search show returns 3 --json'],
  arguments: [
    { name: '<model>', description: 'name of the model' },
    {
      name: '[run]',
      description: 'number of the run, or latest as in `show`; default: the newest run that has a search',
    },
  ],
  options: [{ flags: '-o, --output <file>', description: 'a new file for a picture of the curve: .svg or .html' }],
  connects: true,
  async run(context) {
    const [model = '', word] = context.words;
    const wanted = word === undefined ? undefined : runWord(DOING, model, word);
    checkOutput(context.text('output'));
    const [{ withPerennial }, { searchText }] = await Promise.all([import('./connect.js'), import('./search-text.js')]);
    await withPerennial(context, async (connected) => {
      const report = await wantedSearch(connected, model, wanted);
      if (context.text('output') === undefined) return context.answer({ ...report }, () => searchText(context, report));
      return await draw(context, report);
    });
  },
};

const DOING = 'show the search of run';

async function wantedSearch(
  connected: Connected,
  model: string,
  wanted: number | 'latest' | undefined,
): Promise<SearchReport> {
  const [{ findSearch }, { newestRun }] = await Promise.all([import('../searches.js'), import('./newest-run.js')]);
  const find = (run: number) => findSearch(connected.temporal, connected.store, model, run);
  if (typeof wanted === 'number') return await find(wanted);
  const newest = await newestRun(connected, DOING, model);
  if (wanted === 'latest') return await find(newest);
  try {
    return await find(newest);
  } catch (error) {
    // Which run has one was looked up for the message.
    const searched = error instanceof NotFoundError ? error.details['other'] : undefined;
    if (typeof searched !== 'number') throw error;
    return await find(searched);
  }
}

/** Before anything is read: another ending would promise another format. */
function checkOutput(output: string | undefined): void {
  if (output === undefined || /\.(svg|html?)$/i.test(output)) return;
  throw new UsageError(`Cannot draw "${output.slice(0, 200)}": want a file that ends in .svg or .html`, {
    fix: 'Name such a file with --output, or take the trials as data: --json',
  });
}

/** In a narrow window the picture gets smaller. */
const PAGE_STYLE = 'body { margin: 24px } svg { max-width: 100%; height: auto }';

async function draw(context: CommandContext, { model, run, search, trials, underWay }: SearchReport): Promise<void> {
  const [{ searchChart }, { renderSvg }, { giveText }] = await Promise.all([
    import('../reports/search-chart.js'),
    import('../reports/render-chart.js'),
    import('./write-new.js'),
  ]);
  const svg = await renderSvg(searchChart({ run, search, trials, isUnderWay: underWay !== undefined }));
  const isHtml = /\.html?$/i.test(context.text('output') ?? '');
  const page = `<!doctype html>\n<meta charset="utf-8">\n<title>Search of ${model}, run ${run}</title>\n<style>${PAGE_STYLE}</style>\n${svg}`;
  await giveText(context, isHtml ? page : svg, { model, run });
}
