/** The server answered, but not with success. Internal to the S3 stores: `s3-errors.ts` turns it into a typed error. */
export class S3Refusal extends Error {
  readonly status: number;
  /** The code of the S3 error document, for example `NoSuchKey`; empty when there was none. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message === '' ? `HTTP ${status} ${code}`.trim() : `HTTP ${status} ${code}: ${message}`);
    this.name = 'S3Refusal';
    this.status = status;
    this.code = code;
  }
}

/** No answer, or only a part of one: whether the server did what was asked is not known. Internal, as above. */
export class S3Silence extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'S3Silence';
  }
}

/** Codes of answers to a body that did not arrive as it was sent. */
const GARBLED = new Set([
  'BadDigest',
  'XAmzContentSHA256Mismatch',
  'XAmzContentChecksumMismatch',
  'InvalidDigest',
  'IncompleteBody',
  'RequestTimeout',
  // The list of parts that ends an upload.
  'InvalidPart',
  'InvalidPartOrder',
  'MalformedXML',
]);

/** True when the body was not what its checksum says: spoilt on the way, or changed since it was hashed. */
export function isGarbled(error: unknown): boolean {
  return error instanceof S3Refusal && error.status === 400 && GARBLED.has(error.code);
}

/** True when somebody else's conditional write was first. AWS answers 409 when two meet, to be decided by trying again. */
export function isTaken(error: unknown): boolean {
  return error instanceof S3Refusal && error.status === 412;
}

export function isNotFound(error: unknown): boolean {
  return error instanceof S3Refusal && error.status === 404 && error.code !== 'NoSuchBucket';
}

/** True when the same request may succeed later. */
export function canHeal(error: unknown): boolean {
  if (error instanceof S3Silence || isGarbled(error)) return true;
  if (!(error instanceof S3Refusal)) return isNetworkError(error);
  if (error.status === 409) return error.code === 'ConditionalRequestConflict' || error.code === 'OperationAborted';
  if (error.status >= 500) return error.status !== 501 && error.status !== 505 && error.status !== 507;
  return error.status === 408 || error.status === 429 || error.status === 499;
}

/** Errors of sockets and of Node's HTTP parser; a certificate that is not trusted will not heal. */
function isNetworkError(error: unknown): boolean {
  const code = errorCode(error);
  return code !== undefined && /^(E[A-Z]+|HPE_\w+|ERR_STREAM_\w+|ERR_HTTP_\w+)$/.test(code) && !NOT_NETWORK.has(code);
}

const NOT_NETWORK = new Set(['EPROTO', 'ENOENT', 'EACCES', 'EISDIR', 'EMFILE']);

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
