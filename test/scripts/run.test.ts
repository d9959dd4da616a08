import { spawn } from 'node:child_process';
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { standIn, temporaryFolder } from '../src/dev/stand-ins.js';

const project = fileURLToPath(new URL('../../', import.meta.url));

describe('the Node version', () => {
  it('is refused below 20.19 with what is wanted', async () => {
    // Scripts are plain JavaScript: they run before anything is compiled.
    const { nodeProblem } = (await import(path.join(project, 'scripts/lib/node-version.mjs'))) as {
      nodeProblem: (version: string) => string | undefined;
    };
    for (const good of ['20.19.0', '20.20.2', '22.0.0', '26.1.0']) expect(nodeProblem(good)).toBeUndefined();
    for (const bad of ['20.18.9', '18.20.0', '8.0.0']) {
      expect(nodeProblem(bad)).toBe(`run Perennial on Node ${bad}: Node >= 20.19 is wanted (22 or 24 are recommended)`);
    }
  });
});

describe('a checkout', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await smallProject();
  });

  it('installs and builds once, says in one line each what and why, and says nothing the second time', async () => {
    const first = await run(folder, ['setup']);
    expect(first).toMatchObject({ code: 0, stdout: '' });
    expect(first.stderr.trim().split('\n')).toEqual([
      'installing the node packages (npm ci: node_modules does not match package-lock.json)',
      'building dist/ (there is no finished build)',
    ]);
    expect(await run(folder, ['setup'])).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await readFile(path.join(folder, 'npm-calls'), 'utf8')).toBe('ci --no-fund --no-audit --loglevel error\n');
  });

  it('builds anew when a source has changed, and drops what came from a source that is gone', async () => {
    await run(folder, ['setup']);
    await writeFile(path.join(folder, 'src', 'two.ts'), 'export const two = 2;\n');
    expect((await run(folder, ['setup'])).stderr.trim()).toBe('building dist/ (the sources have changed)');
    expect(await readFile(path.join(folder, 'dist', 'src', 'two.js'), 'utf8')).toContain('two = 2');
    await rm(path.join(folder, 'src', 'two.ts'));
    await run(folder, ['setup']);
    await expect(readFile(path.join(folder, 'dist', 'src', 'two.js'))).rejects.toThrow('ENOENT');
  });

  it('takes an installation by hand for what it is when it is equal to the lock, and installs anew when it is not', async () => {
    await rm(path.join(folder, 'node_modules', '.perennial-stamp'), { force: true });
    await cp(path.join(folder, 'package-lock.json'), path.join(folder, 'node_modules', '.package-lock.json'));
    expect((await run(folder, ['setup'])).stderr).not.toContain('npm ci');
    await writeFile(path.join(folder, 'package-lock.json'), lockOf('2.0.0'));
    expect((await run(folder, ['setup'])).stderr).toContain('npm ci');
  });

  it('shows the compiler’s words when a source is wrong, and does not take that for a build', async () => {
    await writeFile(path.join(folder, 'src', 'wrong.ts'), 'export const n: number = "text";\n');
    for (const _ of ['first', 'second']) {
      const { code, stderr } = await run(folder, ['setup']);
      expect(code).toBe(2);
      expect(stderr).toContain("src/wrong.ts(1,14): error TS2322: Type 'string' is not assignable to type 'number'");
    }
  });

  it('hands the demo its arguments, its streams and its exit code', async () => {
    await mkdir(path.join(folder, 'src', 'cli'));
    const main = 'process.stdout.write(JSON.stringify(process.argv.slice(2)));\nprocess.exitCode = 4;\nexport {};\n';
    await writeFile(path.join(folder, 'src', 'cli', 'main.ts'), `declare const process: any;\n${main}`);
    const result = await run(folder, ['demo', '--json', '--store', 'folder']);
    expect(result).toMatchObject({ code: 4, stdout: '["demo","--json","--store","folder"]' });
  });

  it('fuzzes 100,000 objects and kills 100 trainings at night, others each day, and as many as it is told', async () => {
    const vitest = path.join(folder, 'node_modules', 'vitest');
    await mkdir(vitest);
    const told = ['FUZZ_CASES', 'FUZZ_SEED', 'KILLS', 'KILL_SEED'].map((name) => `process.env.PERENNIAL_${name}`);
    const program = `process.stdout.write(JSON.stringify([...process.argv.slice(2), ${told.join(', ')}]));`;
    await writeFile(path.join(vitest, 'vitest.mjs'), program);
    const night = async (args: string[], env?: Record<string, string>) => {
      return JSON.parse((await run(folder, ['nightly', ...args], env)).stdout) as string[];
    };
    const tests = ['run', 'test/bad-input/fuzz', 'test/e2e/resume.test.ts'];
    const seed = expect.stringMatching(/^\d{5}00000$/) as string;
    expect(await night([])).toEqual([...tests, '100000', seed, '100', seed]);
    const env = { FUZZ_CASES: '7', FUZZ_SEED: '3', KILLS: '2', KILL_SEED: '5' };
    const named = Object.fromEntries(Object.entries(env).map(([name, value]) => [`PERENNIAL_${name}`, value]));
    expect(await night(['--bail=1'], named)).toEqual([...tests, '--bail=1', '7', '3', '2', '5']);
  });

  it('names the commands there are when it is asked for another', async () => {
    const { code, stderr } = await run(folder, ['dance']);
    expect(code).toBe(2);
    expect(stderr).toBe('run "dance": wanted is one of demo, test, verify, bench, nightly, setup\n');
  });
});

/** Our scripts around one small source, with the compiler of this project and a stand-in for npm. */
async function smallProject(): Promise<string> {
  const folder = await temporaryFolder();
  await cp(path.join(project, 'scripts'), path.join(folder, 'scripts'), { recursive: true });
  await cp(path.join(project, 'tsconfig.build.json'), path.join(folder, 'tsconfig.build.json'));
  const config = {
    compilerOptions: {
      target: 'es2022',
      module: 'nodenext',
      strict: true,
      types: [],
      lib: ['es5'],
      skipLibCheck: true,
    },
  };
  await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(config));
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({ name: 'small', type: 'module' }));
  await writeFile(path.join(folder, 'package-lock.json'), lockOf('1.0.0'));
  await mkdir(path.join(folder, 'src'));
  await writeFile(path.join(folder, 'src', 'one.ts'), 'export const one = 1;\n');
  // The workflows of this small project are none.
  await writeFile(path.join(folder, 'scripts', 'bundle-workflows.mjs'), '');
  await mkdir(path.join(folder, 'node_modules'));
  await symlink(path.join(project, 'node_modules', 'typescript'), path.join(folder, 'node_modules', 'typescript'));
  await standIn(path.join(folder, 'bin', 'npm'), `echo "$@" >> "${folder}/npm-calls"`);
  return folder;
}

function lockOf(version: string): string {
  return JSON.stringify({ packages: { '': {}, 'node_modules/thing': { version, integrity: 'sha512-x' } } });
}

async function run(folder: string, args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const env = { ...more, PATH: `${path.join(folder, 'bin')}:${process.env['PATH']}`, HOME: folder };
  const child = spawn(process.execPath, [path.join(folder, 'scripts', 'run.mjs'), ...args], { env });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}
