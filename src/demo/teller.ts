import type { Colors } from 'picocolors/types.js';
import type { RunRecord } from '../domain/run.js';
import type { StoredSpec } from '../spec/spec.js';
import type { CalendarWeek } from './calendar.js';
import { count, dayAndMonth, score } from './numbers.js';
import type { PlayedWeek } from './played.js';
import { monday } from './weeks.js';

/** Tells a newcomer, a line at a time, what the demo does. */
export class Teller {
  readonly #line: (text: string) => void;
  readonly #colours: Colors;

  /** @param line writes one line */
  constructor(line: (text: string) => void, colours: Colors) {
    this.#line = line;
    this.#colours = colours;
  }

  /** A line of its own. */
  line(text: string): void {
    this.#line(text);
  }

  /** One thing that happened, under a word for what kind of thing it was. */
  say(topic: string, text: string): void {
    const paint =
      { trouble: this.#colours.yellow, refused: this.#colours.red, verdict: this.#colours.bold }[topic] ?? String;
    this.#line(`  ${paint(topic.padEnd(10))} ${text}`);
  }

  applied({ spec }: StoredSpec): void {
    this.say('model', `${spec.name}: ${spec.objective.statement}`);
    this.say('schedule', 'a weekly Temporal Schedule, paused: the demo is its clock, so that a week takes seconds');
  }

  week(turn: number, of: number, { week }: CalendarWeek): void {
    const title = `Week ${turn} of ${of}: flights until Sunday ${dayAndMonth(dayBefore(monday(week + 1)))}`;
    this.#line(`\n${this.#colours.bold(title)}`);
  }

  arrived({ arriving }: CalendarWeek, corrected: boolean): void {
    const [only] = arriving;
    const files =
      arriving.length === 1 && only !== undefined
        ? `the file of ${dayAndMonth(monday(only))}`
        : `${arriving.length} weekly files`;
    this.say('arrived', corrected ? `${files}, corrected` : files);
  }

  /** @param began when the week began, by `performance.now()` */
  ran(record: RunRecord, began: number): void {
    const { result } = record;
    if (!result) return this.say('failed', record.summary);
    const { rows, metrics, champion } = result;
    const beside = metrics.champion ? 'beside the champion, ' : '';
    this.say('snapshot', `${count(rows.total)} flights, of which ${count(rows.new)} are new and were read`);
    this.say('trained', `on ${count(rows.train)} flights of the weeks before the newest`);
    this.say('judged', `${beside}on all ${count(rows.test)} flights of the newest week`);
    this.say('verdict', `${record.outcome}: ${reasonOf(record)}`);
    this.say('live', `version ${champion} (${((performance.now() - began) / 1000).toFixed(1)} s so far)`);
  }

  served({ served, asked, liveVersion, live, frozen, newest, seconds }: PlayedWeek): void {
    const others = `frozen first model ${score(frozen.brier)}, newest ${score(newest.brier)}`;
    this.say(
      'next week',
      `${count(asked)} flights from ${dayAndMonth(served)} on, answered by version ${liveVersion}: AUC ${score(live.auc)}, Brier ${score(live.brier)} (${others})`,
    );
    this.say('took', `${seconds.toFixed(1)} s`);
  }
}

/** The sentence that decided, without the first one about what is live. */
function reasonOf({ result, summary }: RunRecord): string {
  const decisive =
    result?.rules.find(({ outcome }) => outcome === 'fail') ??
    result?.rules.find(({ outcome }) => outcome !== 'pass') ??
    result?.rules.find(({ rule }) => rule === 'champion');
  return decisive?.reason ?? summary;
}

function dayBefore(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
}
