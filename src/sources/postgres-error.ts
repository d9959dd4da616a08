/** Classes of SQLSTATE that speak of the server's state and not of what was asked of it. */
const STATES_THAT_PASS = new Set(['08', '40', '53', '55', '57', '58', 'F0', 'XX']);

/**
 * Whether another try may end otherwise: the server is starting, stopping, busy or not to be reached. What it says of
 * the query, of the role or of the password stays.
 */
export function heals(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/^[0-9A-Z]{5}$/.test(code) && error instanceof Error && 'severity' in error) {
    return STATES_THAT_PASS.has(code.slice(0, 2));
  }
  const setUpWrongly =
    /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_)/.test(code) || /^SASL:|SSL/.test(saidBy(error));
  return !setUpWrongly;
}

/** What the server or the system said; never a password, which neither of them repeats. */
export function saidBy(error: unknown): string {
  // A host with several addresses fails with one error for each, and no message of its own.
  if (error instanceof AggregateError) return error.errors.map(saidBy).join('; ');
  return error instanceof Error && error.message !== '' ? error.message : 'no answer';
}
