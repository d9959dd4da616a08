import { readFile } from 'node:fs/promises';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { composeSchema } from './support/compose-schema.js';

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly target?: string };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly configs?: readonly { readonly source: string }[];
  readonly healthcheck?: object;
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly configs: Readonly<Record<string, { readonly content: string }>>;
}

const text = await read('docker-compose.yml');
const dockerfile = await read('Dockerfile');
// What it is made of is what the first test checks.
const compose = parse(text) as Compose;
const services = Object.entries(compose.services);

it('docker-compose.yml is a compose file: every key and every value is one that the specification has', () => {
  const ajv = new Ajv({ allErrors: true, strictTypes: false, strictTuples: false });
  const valid = ajv.validate(composeSchema, compose);
  expect(ajv.errorsText(ajv.errors, { separator: '\n' })).toBe('No errors');
  expect(valid).toBe(true);
});

it('docker-compose.yml brings Temporal with PostgreSQL, its UI, MinIO and one worker', () => {
  expect(services.map(([name]) => name).toSorted()).toEqual(
    ['minio', 'postgres', 'temporal', 'temporal-namespace', 'temporal-schema', 'temporal-ui', 'worker'].toSorted(),
  );
});

describe.each(services)('the service %s', (_, service) => {
  it('opens ports on this machine only', () => {
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\$\{[A-Z_]+:-\d+\}:\d+$/);
  });

  it('has a pinned image, or is built here from a stage that exists', () => {
    if (service.image !== undefined) expect(service.image).toMatch(/^[a-z/-]+:\d+\.\d+(\.\d+)?$/);
    else expect(dockerfile).toMatch(new RegExp(`^FROM \\S+ AS ${service.build?.target}$`, 'm'));
  });

  it('waits for services that exist, in the way that they can be waited for', () => {
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      const target = compose.services[other];
      expect(target, other).toBeDefined();
      expect(condition).toBe(target?.healthcheck === undefined ? 'service_completed_successfully' : 'service_healthy');
    }
  });

  it('names no secret but one for development that a variable replaces', () => {
    for (const [name, value] of Object.entries(service.environment ?? {})) {
      if (/PASSWORD|PWD|SECRET|ACCESS_KEY/.test(name)) expect(value, name).toMatch(/^\$\{[A-Z0-9_]+:-[a-z-]+\}$/);
    }
  });

  it('uses volumes and configs that are declared', () => {
    for (const volume of service.volumes ?? []) expect(compose.volumes).toHaveProperty(volume.split(':')[0] ?? '');
    for (const { source } of service.configs ?? []) expect(compose.configs).toHaveProperty(source);
  });
});

it('the worker waits until Temporal, its namespace and MinIO can be used, and finds them', () => {
  const worker = compose.services['worker'];
  expect(worker?.depends_on).toMatchObject({
    temporal: { condition: 'service_healthy' },
    'temporal-namespace': { condition: 'service_completed_successfully' },
    minio: { condition: 'service_healthy' },
  });
  const environment = worker?.environment ?? {};
  expect(environment['TEMPORAL_ADDRESS']).toBe('temporal:7233');
  expect(new URL(environment['PERENNIAL_STORE'] ?? '').host).toBe('minio:9000');
  const minio = compose.services['minio']?.environment ?? {};
  expect(minio['MINIO_ROOT_USER']).toBe(environment['PERENNIAL_S3_ACCESS_KEY']);
  expect(minio['MINIO_ROOT_PASSWORD']).toBe(environment['PERENNIAL_S3_SECRET_KEY']);
});

it('no shell line of a command is interpolated by compose by mistake', () => {
  for (const [name, { command = [] }] of services) {
    for (const line of command) expect(line.replaceAll('$$', ''), name).not.toContain('$');
  }
});

it('the dynamic configuration of Temporal is YAML of the form that Temporal reads', () => {
  const content: unknown = parse(compose.configs['temporal-dynamic-config']?.content ?? '');
  expect(Object.values(content as Record<string, unknown>)).not.toEqual([]);
  for (const values of Object.values(content as Record<string, unknown>)) {
    expect(values).toEqual([{ value: expect.anything() }]);
  }
});

describe('the Dockerfile', () => {
  it('builds the MinIO that is built elsewhere too', async () => {
    const pin = /github\.com\/minio\/minio@\S+(?=')/.exec(await read('src/dev/tools.ts'))?.[0];
    expect(pin).toBeDefined();
    expect(dockerfile).toContain(pin);
  });

  it('lets trainers, which get no variable of the worker, find their packages without one', () => {
    expect(dockerfile).not.toMatch(/^ENV .*PYTHON(PATH|HOME)/m);
    expect(dockerfile).toContain('env -i /usr/bin/python3');
  });

  it('starts from pinned images and copies only what .dockerignore lets through', async () => {
    const allowed = (await read('.dockerignore')).split('\n').filter((line) => line.startsWith('!'));
    for (const [, image = ''] of dockerfile.matchAll(/^FROM (\S+)/gm)) expect(image).toMatch(/:\d+\.\d+/);
    for (const [, sources = ''] of dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)) {
      for (const source of sources.split(' ')) expect(allowed).toContain(`!${source.replace(/\/$/, '')}`);
    }
  });
});

async function read(file: string): Promise<string> {
  return readFile(new URL(`../${file}`, import.meta.url), 'utf8');
}
