const KEYWORDS = 'password|passwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|authorization';

const PATTERNS: readonly [RegExp, string][] = [
  // password=..., "api_key": "...", Authorization: Bearer ...
  [new RegExp(`((?:${KEYWORDS})[\\w.-]{0,40}["']?\\s{0,5}[:=]\\s{0,5}["']?)(?:bearer\\s+)?[^\\s"',;]+`, 'gi'), '$1***'],
  [/\b(bearer\s+)[\w.~+/=-]{8,}/gi, '$1***'],
  // The password of a URL.
  [/(:\/\/[^\s:/@]{1,200}:)[^\s@]{1,200}@/g, '$1***@'],
  // Keys that are known by their form: of AWS and GitHub, and web tokens.
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, '***'],
  [/\bgh[pousr]_\w{20,}/g, '***'],
  [/\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,}/g, '***'],
];

/**
 * The text with what looks like a secret replaced by `***`. Trainers are given no secrets of ours; this is for those that
 * they bring themselves and print: their words go into workflow histories, which are kept for long.
 */
export function redact(text: string): string {
  return PATTERNS.reduce((redacted, [pattern, replacement]) => redacted.replace(pattern, replacement), text);
}
