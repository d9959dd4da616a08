import { count, mean, score } from './numbers.js';
import type { PlayedWeek } from './played.js';

/** What the demo found out, in words that the numbers bear. */
export interface Finding {
  /** Whether retraining was worth it. */
  readonly title: string;
  /** What the gate's choice cost or saved beside always taking the newest. */
  readonly subtitle: string;
}

/** Says who did better over all served weeks: what was live, the frozen first model, or always the newest candidate. */
export function finding(weeks: readonly PlayedWeek[]): Finding {
  const [live, frozen, newest] = (['live', 'frozen', 'newest'] as const).map((which) =>
    mean(weeks.map((week) => week[which].brier)),
  ) as [number, number, number]; // one for each of the three
  const later = weeks.filter(({ liveVersion }) => liveVersion !== weeks[0]?.liveVersion);
  const better = later.filter((week) => week.live.brier < week.frozen.brier);
  const means = `mean Brier ${score(live)} against ${score(frozen)}`;
  const often = `better in ${better.length} of the ${later.length} weeks in which another model was live`;
  return {
    title:
      later.length === 0
        ? `No other model than the first was ever live: ${means}`
        : `${verb(live, frozen)} the frozen first model: ${means}, ${often}`,
    subtitle: `${beside(live, newest)} ${count(weeks.reduce((sum, { asked }) => sum + asked, 0))} flights, scored as they were served; lower is better.`,
  };
}

function verb(live: number, frozen: number): string {
  return live < frozen ? 'Retraining beat' : live > frozen ? 'Retraining did not beat' : 'Retraining did as well as';
}

/** The gate is there to refuse bad candidates; whether it also chose better than "always the newest" is told either way. */
function beside(live: number, newest: number): string {
  const always = `Always putting the newest regular candidate live would have given ${score(newest)}`;
  if (score(live) === score(newest)) return `${always}: the same.`;
  return live < newest ? `${always}: the gate chose better.` : `${always}: the gate did not beat that.`;
}
