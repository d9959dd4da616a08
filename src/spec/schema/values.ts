import { z } from 'zod';

export const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and dashes, 1 to 63, not starting with a dash');

export const text = z.string().regex(/\S/, 'text that is not blank').max(2000);

export const column = z.string().regex(/\S/, 'the name of a column').max(200);

export const duration = z
  .string()
  .max(30)
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d|w)$/, 'a duration such as 500ms, 30s, 10m, 6h, 28d or 4w');

export const share = z.number().gt(0).lt(1);

export const size = z
  .string()
  .max(30)
  .regex(/^\d+(\.\d+)?\s?(B|kB|KiB|MB|MiB|GB|GiB|TB|TiB)$/, 'a size such as 500MiB, 4GiB or 2GB');

export const variable = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{0,99}$/, 'the name of an environment variable, such as ORDERS_TOKEN');

export const scalarParameter = z.union([z.string().max(200), z.number(), z.boolean()]);
