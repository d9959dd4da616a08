import { UsageError } from '../errors.js';
import type { Command, CommandContext } from './command.js';
import type { Connected } from './connect.js';
import { noneEnded, runWord } from './run-record-of.js';

export const show: Command = {
  name: 'show',
  summary: 'Shows the search of a run: the best trial so far, the curve, what was pruned and what failed.',
  examples: ['search show returns latest', 'search show returns 3 -o search.svg', 'search show returns 3 --json'],
  arguments: [
    { name: '<model>', description: 'name of the model' },
    { name: '<run>', description: 'number of the run, or latest' },
  ],
  options: [{ flags: '-o, --output <file>', description: 'a new file for a picture of the curve: .svg or .html' }],
  connects: true,
  async run(context) {
    const [model = '', word = ''] = context.words;
    const wanted = runWord('show the search of run', model, word);
    checkOutput(context.text('output'));
    const [{ withPerennial }, { findSearch }, { searchText }] = await Promise.all([
      import('./connect.js'),
      import('../searches.js'),
      import('./search-text.js'),
    ]);
    await withPerennial(context, async (connected) => {
      const run = wanted === 'latest' ? await latestRun(connected, model) : wanted;
      const report = await findSearch(connected.temporal, connected.store, model, run);
      if (context.text('output') === undefined) return context.answer({ ...report }, () => searchText(context, report));
      return await draw(context, report);
    });
  },
};

/** The run under way, else the last one that has ended. */
async function latestRun({ perennial }: Connected, model: string): Promise<number> {
  const { loop } = await perennial.status(model);
  const run = loop?.current?.run ?? (await perennial.runs(model, { limit: 1 }))[0]?.run;
  if (run === undefined) throw noneEnded('show the search of run', model);
  return run;
}

/** Before anything is read: another ending would promise another format. */
function checkOutput(output: string | undefined): void {
  if (output === undefined || /\.(svg|html?)$/i.test(output)) return;
  throw new UsageError(`Cannot draw "${output.slice(0, 200)}": want a file that ends in .svg or .html`, {
    fix: 'Name such a file with --output, or take the trials as data: --json',
  });
}

async function draw(
  context: CommandContext,
  { model, run, search, trials }: Awaited<ReturnType<typeof import('../searches.js').findSearch>>,
): Promise<void> {
  const [{ searchChart }, { renderSvg }, { giveText }] = await Promise.all([
    import('../reports/search-chart.js'),
    import('../reports/render-chart.js'),
    import('./write-new.js'),
  ]);
  const svg = await renderSvg(searchChart(search, run, trials));
  const isHtml = /\.html?$/i.test(context.text('output') ?? '');
  const page = `<!doctype html>\n<meta charset="utf-8">\n<title>Search of ${model}, run ${run}</title>\n${svg}`;
  await giveText(context, isHtml ? page : svg, { model, run });
}
