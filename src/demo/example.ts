import path from 'node:path';
import { packageRoot } from '../dev/package-root.js';
import { readSpecFile } from '../spec/file.js';
import type { SourceSpec, StoredSpec } from '../spec/spec.js';

/** The example that the demo plays, with its data taken from the given place; by default from where its file says. */
export async function exampleSpec(source?: SourceSpec): Promise<StoredSpec> {
  const stored = await readSpecFile(path.join(packageRoot(), 'examples/late-flights/perennial.yaml'));
  return source ? { ...stored, spec: { ...stored.spec, sources: { flights: source } } } : stored;
}
