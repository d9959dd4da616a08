/** How a trainer is run: what the spec says, else as a command of its own when there is one, else by the warm Python host. */
export function trainerKind({
  kind,
  command,
}: {
  readonly kind?: string | undefined;
  readonly command?: unknown;
}): string {
  return kind ?? (command === undefined ? 'python' : 'process');
}
