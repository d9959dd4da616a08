import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { basePython } from '../../src/dev/base-python.js';
import { mustRun } from '../../src/dev/run-command.js';

const MAKE = `
import sys, zipfile
path, name, version = sys.argv[1:]
info = f"{name}-{version}.dist-info"
files = {
    f"{name}.py": f"VERSION = '{version}'\\ndef main():\\n    import sys\\n    print(sys.executable)\\n",
    f"{info}/METADATA": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n",
    f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    f"{info}/entry_points.txt": f"[console_scripts]\\n{name}-where = {name}:main\\n",
}
record = f"{info}/RECORD"
files[record] = "".join(f"{each},,\\n" for each in [*files, record])
with zipfile.ZipFile(path, "w") as wheel:
    for each, content in files.items():
        wheel.writestr(zipfile.ZipInfo(each, (2020, 1, 1, 0, 0, 0)), content)
`;

/** Makes a Python package with a module and a program `<name>-where`, and gives the line that pins it. */
export async function makeWheel(folder: string, name: string, version: string): Promise<string> {
  const file = path.join(folder, `${name}-${version}-py3-none-any.whl`);
  await mustRun((await basePython()).python, ['-c', MAKE, file, name, version]);
  const sha256 = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
  return `${name}==${version} \\\n    --hash=sha256:${sha256}\n`;
}
