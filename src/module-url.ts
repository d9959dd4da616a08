/**
 * URL of a compiled module beside the caller, for worker threads and child processes. Under a TypeScript loader (tests)
 * the caller is a `.ts` file; Node 20 cannot start a thread from one, so the compiled twin under `dist/` is named instead.
 *
 * @param caller the caller's `import.meta.url`
 * @param relative path of the module relative to the caller, ending in `.js`
 */
export function moduleUrl(caller: string, relative: string): URL {
  const url = new URL(relative, caller);
  if (!caller.endsWith('.ts')) return url;
  const root = new URL('../', import.meta.url);
  return new URL(`dist/${url.href.slice(root.href.length)}`, root);
}
