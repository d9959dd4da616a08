import { describe, expect, test } from 'vitest';
import { redact } from '../../../src/trainers/redact.js';

describe('redact', () => {
  test.each([
    ['AWS_SECRET_ACCESS_KEY=abcDEF/123', 'AWS_SECRET_ACCESS_KEY=***'],
    ['{"client_secret": "s3cret", "user": "me"}', '{"client_secret": "***", "user": "me"}'],
    ['Authorization: Bearer abcdefgh.ijkl', 'Authorization: ***'],
    ['sent bearer abcdefghijkl', 'sent bearer ***'],
    ['postgres://me:pass@host/db', 'postgres://me:***@host/db'],
    ['key AKIAABCDEFGHIJKLMNOP used', 'key *** used'],
    ['ghp_abcdefghijklmnopqrstuvwxyz', '***'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSM', '***'],
  ])('%s, loses its secret', (text, wanted) => {
    expect(redact(text)).toBe(wanted);
  });

  test.each(['epoch 3: loss 0.25', 'read 100 rows from s3://bucket/key', 'the secret of good features'])(
    '%s, stays as it is',
    (text) => {
      expect(redact(text)).toBe(text);
    },
  );

  test('a long line made to be slow, is not', () => {
    const from = performance.now();
    for (const text of ['secret'.repeat(700), '://'.repeat(1400), 'eyJ'.repeat(1400), 'a'.repeat(4096)]) redact(text);
    expect(performance.now() - from).toBeLessThan(1000);
  });
});
