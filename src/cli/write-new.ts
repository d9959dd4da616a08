import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../errors.js';
import type { CommandContext } from './command.js';

/** Gives a text to the person: on stdout, or in the new file of `--output`; a file that is there is never overwritten. */
export async function giveText(
  { text, answer }: Pick<CommandContext, 'text' | 'answer'>,
  content: string,
  document: Readonly<Record<string, unknown>>,
): Promise<void> {
  const file = text('output');
  if (file === undefined) {
    answer(document, () => content.trimEnd());
    return;
  }
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, `${content.trimEnd()}\n`, { flag: 'wx' });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    const why = code === 'EEXIST' ? 'it is there already and is never overwritten' : `the system said ${code}`;
    throw new UsageError(`Cannot write "${file}": ${why}`, { fix: 'Name another file with --output', cause });
  }
  answer({ ...document, output: file }, () => `wrote  ${file}`);
}

/** The option that {@link giveText} reads. */
export const OUTPUT_OPTION = { flags: '-o, --output <file>', description: 'a new file to write to; default: stdout' };
