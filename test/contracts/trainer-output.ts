import { describe, expect, test } from 'vitest';
import type { TrainerBench } from './trainer-bench.js';

/** Of what a trainer leaves, only whole regular files in its output folder are taken. */
export function outputContract(bench: TrainerBench): void {
  describe('output that cannot be taken', () => {
    const cases: [what: string, code: string, said: RegExp][] = [
      ['nothing', ``, /no output\/model.onnx/],
      ['no metrics', `model()`, /no output\/metrics.json/],
      ['an empty model', `metrics(); write("output/model.onnx")`, /model.onnx is empty/],
      ['a link as model', `metrics(); os.symlink("/etc/passwd", "output/model.onnx")`, /not a regular file/],
      ['a pipe as model', `metrics(); os.mkfifo("output/model.onnx")`, /not a regular file/],
      ['a folder as model', `metrics(); os.mkdir("output/model.onnx")`, /not a regular file/],
      ['a link as metrics', `model(); os.symlink("/dev/zero", "output/metrics.json")`, /not a regular file/],
      [
        'a link as output folder',
        `os.rename("output", "elsewhere"); os.symlink("elsewhere", "output"); model(); metrics()`,
        /not a folder/,
      ],
      ['a model that is too large', `metrics(); model(); os.truncate("output/model.onnx", 2**29 + 1)`, /at most/],
      ['metrics that are too large', `model(); metrics("x"); os.truncate("output/metrics.json", 2_000_000)`, /at most/],
      ['metrics with NaN', `model(); metrics('{"metrics":{"auc":NaN}}')`, /not JSON/],
      ['metrics beyond all numbers', `model(); metrics('{"metrics":{"auc":1e999}}')`, /"auc": Infinity, want a finite/],
      ['metrics as text', `model(); metrics('{"metrics":{"auc":"0.99"}}')`, /"auc": "0.99", want a finite/],
      ['metrics as a list', `model(); metrics("[1]")`, /JSON object/],
      ['metrics without metrics', `model(); metrics('{"auc":1}')`, /"metrics".*is not an object/],
      ['a metric that is no name', `model(); metrics('{"metrics":{"__proto__":1}}')`, /"__proto__"/],
      ['versions that are no text', `model(); metrics('{"metrics":{},"versions":{"a":1}}')`, /"a": 1/],
    ];
    test.each(cases)('%s, is a failure that says so', async (_what, code, said) => {
      const error = await bench.failure(code);
      expect(error.message).toMatch(said);
      expect(error.message).toContain('exited with 0');
      expect(error.details['exitCode']).toBe(0);
    });
  });
}
