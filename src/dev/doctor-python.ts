import { PerennialError } from '../errors.js';
import type { Check } from './doctor.js';
import { pythonEnv } from './python-env.js';
import { runCommand } from './run-command.js';
import { asTrainer } from './trainer-view.js';

const CODE = `
import platform, perennial_trainer, sklearn, skl2onnx, onnxruntime, pyarrow
print(f"Python {platform.python_version()} with scikit-learn {sklearn.__version__}, skl2onnx {skl2onnx.__version__}")
`;

/** Is there a Python that imports the trainer and what it needs? Installs nothing. */
export async function checkPython(): Promise<Check> {
  const name = 'Python';
  let python: string;
  try {
    ({ python } = await pythonEnv(() => undefined, { install: false }));
  } catch (error) {
    const fix = error instanceof PerennialError ? error.fix : undefined;
    const found = error instanceof Error ? error.message : String(error);
    return { name, status: 'fail', found, fix: fix ?? 'set PERENNIAL_PYTHON to an interpreter with perennial_trainer' };
  }
  const result = await runCommand(python, ['-c', CODE], asTrainer());
  if (result.code === 0) return { name, status: 'pass', found: `${result.stdout.trim()} (${python})` };
  const why = result.stderr.trim().split('\n').at(-1) ?? '';
  return {
    name,
    status: 'fail',
    found: `${python} cannot import the trainer: ${why}`,
    fix: `install python/requirements.lock there, or unset PERENNIAL_PYTHON`,
  };
}
