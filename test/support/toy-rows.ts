import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { TrainingJob } from '../../src/trainers/trainer.js';

/** Rows from which something can be learned, as files in a folder, and the features in them. */
export async function toyRows(folder: string): Promise<Pick<TrainingJob, 'data' | 'features'>> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const file = async (name: string, rows: number): Promise<string> => {
    const target = path.join(folder, `${name}.parquet`);
    await connection.run(`COPY (
      SELECT 'A' || (i * 7 % 11) AS origin, i * 37 % 1000 AS distance, (i * 7 % 11 < 5) <> (i % 10 = 0) AS late
      FROM range(${rows}) t(i)) TO '${target}' (FORMAT parquet)`);
    return target;
  };
  const data = { train: await file('train', 2000), validation: await file('validation', 500) };
  connection.closeSync();
  return {
    data,
    features: [
      { name: 'origin', type: 'string' },
      { name: 'distance', type: 'integer' },
    ],
  };
}
