import { crossChecks } from './checks.js';
import { specIssues } from './issues.js';
import { specParts } from './parts.js';
import { pathText, type SpecIssue } from './path.js';
import { plainJson } from './plain.js';
import { modelSpecSchema, withTaskDefaults, type ModelSpec } from './spec.js';

const MAX_ISSUES = 100;

/**
 * Checks a spec of any origin: schema first, then what lies between the fields, on every part that the schema
 * accepted, so that one pass names all problems. At most 100 issues, in the order of the spec's own keys.
 */
export function validateSpec(input: unknown): { spec: ModelSpec } | { issues: SpecIssue[] } {
  const plain = plainJson(input);
  const parsed = modelSpecSchema.safeParse(plain.value);
  const issues = [...plain.issues];
  if (!parsed.success) issues.push(...specIssues(modelSpecSchema, plain.value, parsed.error.issues));
  const wrong = issues.map(({ path }) => pathText(path));
  const crossed = crossChecks(parsed.success ? parsed.data : specParts(plain.value));
  // Where a part is wrong already, what the whole lacks because of it is no second problem.
  issues.push(
    ...crossed.filter(({ path, at }) => at === 'key' || !wrong.some((below) => isBelow(below, pathText(path)))),
  );
  if (parsed.success && issues.length === 0) return { spec: withTaskDefaults(parsed.data) };
  return { issues: withoutDoubles(issues).slice(0, MAX_ISSUES) };
}

/** A value that cannot be plain data is replaced before the schema sees it: one problem there is enough. */
function withoutDoubles(issues: readonly SpecIssue[]): SpecIssue[] {
  const seen = new Set<string>();
  return issues.filter((issue) => {
    const key = pathText(issue.path);
    const isFirst = issue.at === 'key' || !seen.has(key);
    seen.add(key);
    return isFirst;
  });
}

function isBelow(path: string, top: string): boolean {
  return path.startsWith(top) && /^([.[]|$)/.test(path.slice(top.length));
}
