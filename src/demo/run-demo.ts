import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandContext } from '../cli/command.js';
import type { CalendarWeek } from './calendar.js';
import { demoDocument } from './document.js';
import { exampleSpec } from './example.js';
import { drawPicture } from './picture.js';
import { play } from './play.js';
import type { Played } from './played.js';
import { demoReport } from './report.js';
import { buildStage, type Stage } from './stage.js';
import { Teller } from './teller.js';
import { flightsFile } from './weeks.js';
import { wrapped } from './wrapped.js';

export interface RunDemoOptions {
  readonly context: Pick<CommandContext, 'signal' | 'json' | 'isTty' | 'colours' | 'out' | 'note' | 'answer'>;
  readonly calendar: readonly CalendarWeek[];
  readonly store: 'minio' | 'folder';
  /** Leave everything running at the end, until the signal. */
  readonly keep: boolean;
  /** Where the picture goes. Default: `perennial-demo` in the working directory. */
  readonly folder?: string;
}

/** Columns for a log or a file. */
const OFF_A_TERMINAL = 120;
/** How long what is being played may take to notice that it is over. */
const PLAY_ENDS_MS = 5000;
const FOLDER_STORE = 'Artifacts are kept in a local folder (--store folder), not in MinIO.';

/**
 * Sets everything up, plays the calendar, reports, and takes everything down again, however it ends.
 *
 * @returns `ok` when all that the demo claims was so
 * @throws {UsageError} before anything is started, when the flights are not on this machine
 */
export async function runDemo(options: RunDemoOptions): Promise<{ ok: boolean }> {
  const { context, calendar, store, keep } = options;
  // Both are read again while it plays; what is not there must be said before anything is started.
  await exampleSpec();
  flightsFile();
  const folder = options.folder ?? path.resolve('perennial-demo');
  // With --json stdout belongs to the document.
  const write = context.json ? context.note : context.out;
  const fit = (text: string) => (context.isTty ? text : wrapped(text, OFF_A_TERMINAL));
  const line = (text: string) => write(fit(text));
  const teller = new Teller(line, context.colours);
  const storeNote = store === 'folder' ? { storeNote: FOLDER_STORE } : {};
  teller.line(
    'A model that learns late flights, week after week: real flights, Temporal, artifact store, trainer and server.',
  );
  if (store === 'folder') teller.line(FOLDER_STORE);

  // Taking everything down needs some seconds, in which nothing else would be said.
  const stopping = () => context.note('Stopping ...');
  context.signal.addEventListener('abort', stopping, { once: true });
  let kept: readonly string[] = [];
  let stage: Stage | undefined;
  let playing: Promise<Played> | undefined;
  try {
    stage = await buildStage({
      store,
      model: 'late-flights',
      progress: (text) => teller.line(`  ${text}`),
      signal: context.signal,
    });
    const { uiUrl } = stage;
    teller.say('ready', `Temporal UI ${uiUrl}, model server ${stage.serverUrl}, ${stage.store.name}`);
    const here = stage;
    playing = here.temporal.withAbortSignal(context.signal, () => play(here, calendar, teller));
    const played = await Promise.race([playing, stage.failed, aborted(context.signal)]);
    const files = await drawPicture(folder, played);
    kept = files;
    const ok = played.claims.every(({ holds }) => holds);
    context.answer(demoDocument(played, uiUrl), () =>
      fit(`\n${demoReport(played, { files, ...(keep && { uiUrl }), ...storeNote })}`),
    );
    if (context.json) {
      for (const { claim, holds } of played.claims) if (!holds) context.note(`Did not hold: ${claim}.`);
      context.note(`Picture: ${files.join(', ')}`);
    }
    if (keep) await keepRunning(stage, line, context.signal);
    else line(`\nLook around: perennial demo --keep leaves it running, with the commands to look at it.`);
    return { ok };
  } finally {
    // What is being played may be in the middle of a call: Temporal's client tries one that ends with its connection again,
    // and what that throws, nobody can catch.
    await Promise.race([playing?.catch(() => undefined), sleep(PLAY_ENDS_MS, undefined, { ref: false })]);
    await stage?.stop();
    context.signal.removeEventListener('abort', stopping);
    if (context.signal.aborted) context.note(fit(whatIsKept(kept)));
  }
}

function whatIsKept(files: readonly string[]): string {
  const end = 'Stopped: servers, worker and their data are gone';
  return files.length === 0 ? `${end}, nothing is kept.` : `${end}; kept is the picture: ${files.join(', ')}`;
}

async function keepRunning(stage: Stage, line: (text: string) => void, signal: AbortSignal): Promise<void> {
  line('\nEverything is still running. To look around, in another terminal:');
  for (const [name, value] of Object.entries(stage.environment)) line(`  export ${name}=${value}`);
  for (const words of ['status late-flights', 'runs late-flights', 'log late-flights', 'run late-flights'])
    line(`  perennial ${words}`);
  line(`  curl ${stage.serverUrl}/v2/models/late-flights`);
  line('Ctrl-C ends it.');
  stage.restartWorker(line);
  await Promise.race([stage.failed, aborted(signal).catch(() => undefined)]);
}

/** Rejects when the signal comes. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(signal.reason as Error); // by convention an Error
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
  });
}
