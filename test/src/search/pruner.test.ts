import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { Direction, Pruner, Trial } from '../../../src/domain/search.js';
import { prunerRule, type Points } from '../../../src/search/pruner.js';

interface Case {
  readonly pruner: Pruner;
  readonly direction: Direction;
  readonly trials: readonly { readonly state: 'complete' | 'pruned'; readonly points: Points }[];
}

/** What Optuna's pruners decided, by `test/golden/make_pruning.py`. */
const { cases } = JSON.parse(await readFile(new URL('../../golden/pruning.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};

describe('pruners stop the trials that Optuna stops, at the same step', () => {
  test.each(cases.map((each) => [`${JSON.stringify(each.pruner)}, ${each.direction}`, each] as const))(
    '%s',
    (_, { pruner, direction, trials }) => {
      const rule = prunerRule(pruner, direction);
      const ended: Trial[] = [];
      for (const [number, { state, points }] of trials.entries()) {
        const stopped = points.findIndex((_point, index) => rule?.stops(points.slice(0, index + 1), ended));
        expect([number, stopped]).toEqual([number, state === 'pruned' ? points.length - 1 : -1]);
        ended.push({ number, state, points, parameters: {}, seconds: 1 });
      }
      expect(trials.filter(({ state }) => state === 'pruned').length).toBeGreaterThan(2);
    },
  );
});

test('without a pruner nothing is asked', () => {
  expect(prunerRule({ kind: 'none' }, 'minimize')).toBeUndefined();
});
