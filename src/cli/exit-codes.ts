/** What the program's exit code says; the same list is in `--help` and in docs/errors.md. */
export const EXIT_CODES = {
  ok: 0,
  bug: 1,
  expected: 2,
  cancelled: 3,
  judged: 4,
  notFound: 5,
  unreachable: 6,
  interrupted: 130,
} as const;

/** One line for each exit code, for the help. */
export const EXIT_CODE_WORDS: readonly (readonly [number, string])[] = [
  [EXIT_CODES.ok, 'done'],
  [EXIT_CODES.bug, 'a fault of the program'],
  [EXIT_CODES.expected, 'wrong use, or a failure that its message explains'],
  [EXIT_CODES.cancelled, 'cancelled'],
  [EXIT_CODES.judged, 'a validation or a gate said no'],
  [EXIT_CODES.notFound, 'no such model, run or version'],
  [EXIT_CODES.unreachable, 'Temporal, the store or a server cannot be reached'],
  [EXIT_CODES.interrupted, 'interrupted by Ctrl-C'],
];

/** The exit code for an error of this code. */
export function exitCodeOf(code: string): number {
  switch (code) {
    case 'SPEC.INVALID':
    case 'DATA.CONTRACT':
    case 'DATA.PAIR':
      return EXIT_CODES.judged;
    case 'RUN.CANCELLED':
      return EXIT_CODES.cancelled;
    case 'NOT.FOUND':
      return EXIT_CODES.notFound;
    case 'SERVICE.UNREACHABLE':
    case 'STORE.UNAVAILABLE':
    case 'SOURCE.UNAVAILABLE':
      return EXIT_CODES.unreachable;
    default:
      return EXIT_CODES.expected;
  }
}
