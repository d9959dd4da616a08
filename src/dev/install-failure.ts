import { redact } from '../trainers/redact.js';
import { ServiceUnreachableError, TrainerPackagesError, type PerennialError } from '../errors.js';

const UNREACHABLE =
  /failed to (fetch|establish a new connection)|connection (refused|reset|error)|name resolution|dns error|tcp connect error|timed out|network is unreachable/i;
const HASH = /hash mismatch|do not match the hashes/i;
const AGAIN = 'uv pip compile --generate-hashes requirements.in -o requirements.lock';

/**
 * What an installer's last words mean: that a package is not there, that it is another than was locked, or that nobody
 * could ask.
 *
 * @param lock the lock file's name
 * @param version of Python, such as 3.11
 * @param printed what uv or pip printed to stderr
 */
export function installFailure(lock: string, version: string, printed: string): PerennialError {
  // Addresses of private indexes hold passwords.
  const said = redact(printed);
  const attempt = `Cannot install what ${lock} pins`;
  const details = { lock, python: version, log: said.trim().split('\n').slice(-20) };
  const name = packageIn(said);
  const shown = name === undefined ? 'a package' : `"${name}"`;
  if (HASH.test(said)) {
    return new TrainerPackagesError(`${attempt}: the file of ${shown} has another hash than the lock wants`, {
      fix: `Find out who changed the file in the package index. If it is right, make the lock anew: ${AGAIN}`,
      details: { ...details, ...(name !== undefined && { package: name }) },
    });
  }
  if (UNREACHABLE.test(said)) {
    return new ServiceUnreachableError(`${attempt}: the package index cannot be reached`, {
      fix: 'Give the worker a way to it, or name one that it reaches: UV_INDEX_URL and PIP_INDEX_URL.',
      details,
    });
  }
  if (name !== undefined) {
    const found = `found no wheel of ${shown} for Python ${version} on ${process.platform} ${process.arch}`;
    return new TrainerPackagesError(`${attempt}: ${found}`, {
      fix: `Correct the version, or choose one that has wheels for this machine, and make the lock anew: ${AGAIN}`,
      details: { ...details, package: name },
    });
  }
  return new TrainerPackagesError(`${attempt}: ${lastLine(said)}`, {
    fix: `Install it by hand to see all of it: uv pip install --require-hashes --only-binary :all: -r ${lock}`,
    details,
  });
}

/** The package that uv or pip comsaids of, with its version. */
function packageIn(said: string): string | undefined {
  const patterns = [
    /hash mismatch for [`']?([\w.-]+==[\w.+!-]+)/i,
    /no version of ([\w.-]+==[\w.+!-]+)/i,
    /satisfies the requirement ([\w.-]+(?:==[\w.+!-]+)?)/i,
    /because ([\w.-]+(?:==[\w.+!-]+)?) (?:was not found|has no)/i,
    /^\s+([\w.-]+==[\w.+!-]+) from \S+/m,
    /wheel for [`']?([\w.-]+(?:==[\w.+!-]+)?)/i,
  ];
  for (const pattern of patterns) {
    const found = pattern.exec(said)?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}

function lastLine(said: string): string {
  return said.trim().split('\n').at(-1)?.trim().slice(0, 300) ?? 'it gave no reason';
}
