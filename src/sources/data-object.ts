/**
 * True for the id of an object that may hold data. Names that begin with a dot or an underscore are what other programs
 * leave behind (`.tmp-17`, `_SUCCESS`, `_temporary/...`), and ids that end in a slash are markers of folders.
 */
export function isDataObject(id: string): boolean {
  return id !== '' && !id.endsWith('/') && id.split('/').every((segment) => !/^[._]/.test(segment));
}

/** Sorts by code unit, as S3 lists keys, whatever the machine's language. */
export function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
