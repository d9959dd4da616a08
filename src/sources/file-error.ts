const FILE_CODES = new Set([
  'EEXIST',
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EACCES',
  'EPERM',
  'ENOENT',
  'EISDIR',
  'EIO',
  'EMFILE',
]);

/** True for what the file system says of the file that an object is copied to; nothing of the source's. */
export function isFileError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && FILE_CODES.has(String(error.code));
}
