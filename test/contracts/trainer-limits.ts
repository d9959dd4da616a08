import { describe, expect, test } from 'vitest';
import type { TrainingLimits } from '../../src/trainers/trainer.js';
import type { TrainerBench } from './trainer-bench.js';

const MEMORY = 512 * 2 ** 20;

/** Ways to use processor time in one process after the other. */
const SPIN = `
def spin(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until: pass
def child(seconds, then=lambda: None):
    if os.fork() == 0:
        spin(seconds); then(); os._exit(0)
    try: os.wait()
    except ChildProcessError: pass # SIGCHLD is ignored, and all have ended
def orphan(seconds):
    ends, open_until_then = os.pipe()
    if os.fork() == 0:
        if os.fork() == 0:
            os.setsid(); spin(seconds)
        os._exit(0)
    os.wait(); os.close(open_until_then); os.read(ends, 1); os.close(ends)
`;
const USED_UP = /used up its processor time, and may not go over 2 s \(trainer.limits.cpuTime\)/;

/** A job that goes over a limit fails, and the error says which one and where it stands. */
export function limitsContract(bench: TrainerBench): void {
  describe('limits', () => {
    const cases: [what: string, limits: TrainingLimits, script: string, found: RegExp, name: string][] = [
      [
        'memory of one process',
        { memoryBytes: MEMORY },
        `block = bytearray(600 * 2**20)`,
        /asked for more.* 512.0 MiB \(trainer.limits.memory\)/,
        'memory',
      ],
      [
        'memory of all processes together',
        { memoryBytes: MEMORY },
        `
eat = "b = bytearray(250 * 2**20); import time\\nfor i in range(0, len(b), 4096): b[i] = 1\\ntime.sleep(60)"
for _ in range(3): subprocess.Popen([sys.executable, "-c", eat])
forever()`,
        /its processes took [\d.]+ MiB, and may not go over 512.0 MiB \(trainer.limits.memory\)/,
        'memory',
      ],
      [
        'processor time',
        { cpuSeconds: 1 },
        `while True: pass`,
        /may not go over 1 s \(trainer.limits.cpuTime\)/,
        'cpuTime',
      ],
      ...[
        ['children', 'for _ in range(100): child(0.05)'],
        [
          'children that nobody waits for',
          'signal.signal(signal.SIGCHLD, signal.SIG_IGN)\nfor _ in range(4): child(1)',
        ],
        ['processes whose parent has ended', 'for _ in range(100): orphan(0.05)'],
      ].map(([what = '', script = '']): (typeof cases)[number] => [
        `processor time of ${what}`,
        { cpuSeconds: 2 },
        `${SPIN}\n${script}\nforever()`,
        USED_UP,
        'cpuTime',
      ]),
      [
        'size of a file',
        { fileBytes: 2 ** 20 },
        `write("large", "x" * 2**21)`,
        /may not go over 1.0 MiB \(trainer.limits.fileSize\)/,
        'fileSize',
      ],
      [
        'open files',
        { openFiles: 40 },
        `opened = [open("/dev/null") for _ in range(60)]`,
        /may not go over 40 \(trainer.limits.openFiles\)/,
        'openFiles',
      ],
      [
        'processes',
        { processes: 4 },
        `
for _ in range(8): subprocess.Popen(["sleep", "60"])
forever()`,
        /it had [5-9] processes, and may not go over 4 \(trainer.limits.processes\)/,
        'processes',
      ],
    ];
    test.each(cases)('%s, is named with what was found', async (_what, limits, script, found, name) => {
      const error = await bench.failure(script, { limits });
      expect(error.message).toMatch(found);
      expect(error.details['limit']).toBe(name);
      expect(error.fix).toContain(`raise trainer.limits.${name}`);
    });

    test('a limit that was got over, is not blamed for what came after it', async () => {
      const error = await bench.failure(
        `
try: bytearray(600 * 2**20)
except MemoryError as found: say(f"MemoryError: {found}, going on with less", to=2)
say("1\\n2\\n3", to=2)
raise ValueError("the label has one class")`,
        { limits: { memoryBytes: MEMORY } },
      );
      expect(error.message).toContain('the label has one class');
      expect(error.details['limit']).toBeUndefined();
    });

    test('a job within its limits, is not disturbed by them', async () => {
      const limits = { memoryBytes: MEMORY, cpuSeconds: 60, fileBytes: 2 ** 20, openFiles: 64, processes: 3 };
      const output = await bench.train(`subprocess.run(["true"]); time.sleep(0.5); model(); metrics()`, { limits });
      expect(output.metrics).toEqual({ auc: 0.8 });
    });

    test('processor time that one process has passed on to another, is counted once', async () => {
      const script = `${SPIN}\nchild(0.5, lambda: child(0.5, lambda: child(0.5)))\norphan(0.5); time.sleep(0.5); model(); metrics()`;
      const output = await bench.train(script, { limits: { cpuSeconds: 3 } });
      expect(output.metrics).toEqual({ auc: 0.8 });
      expect(bench.used).not.toHaveLength(0);
      expect(Math.max(...bench.used.map(({ cpuSeconds = 0 }) => cpuSeconds))).toBeLessThan(3);
    });
  });
}
