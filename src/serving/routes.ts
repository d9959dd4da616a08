import { createRequire } from 'node:module';
import { Hono, type Context } from 'hono';
import { RequestProblem, toProblem } from './request-problem.js';
import type { ModelFollower } from './model-follower.js';
import type { ServedModel } from './served-model.js';
import type { ServingState } from './serving-state.js';

/** Everything of the Open Inference Protocol v2 but inference itself, and `/metrics`. Errors are always `{"error": text}`. */
export function routes(state: ServingState): Hono {
  // Resolves in the sources and in the compiled package alike: a package may name itself.
  const { version } = createRequire(import.meta.url)('perennial/package.json') as { version: string };
  const app = new Hono();

  const server = (context: Context) => context.json({ name: 'perennial', version, extensions: [] });
  app.get('/v2', server);
  app.get('/v2/', server);
  // The protocol's text and its clients disagree on the members, so both get theirs.
  app.get('/v2/health/live', (context) => context.json({ live: true, ready: isReady(state) }));
  app.get('/v2/health/ready', (context) => {
    const ready = isReady(state);
    return context.json({ live: true, ready }, ready ? 200 : 503, ready ? {} : { 'retry-after': '1' });
  });
  app.get('/metrics', (context) => context.text(state.metrics()));

  for (const path of ['/v2/models/:model', '/v2/models/:model/versions/:version']) {
    app.get(path, async (context) => {
      const { follower, served } = await find(state, context);
      return context.json(metadata(follower, served));
    });
    app.get(`${path}/ready`, async (context) => {
      const { follower } = await find(state, context);
      return context.json({ name: follower.model, ready: true });
    });
  }

  app.all('*', (context) => {
    const known = app.routes.some(({ method, path }) => method === 'GET' && matches(path, context.req.path));
    if (known) throw new RequestProblem(405, `Cannot ${context.req.method} ${context.req.path}: want GET`);
    throw new RequestProblem(
      404,
      `Nothing at ${context.req.path.slice(0, 200)}: the paths are those of the Open Inference Protocol v2`,
    );
  });
  app.onError((error) => {
    const problem = toProblem(error);
    if (problem.status === 500) state.log.error({ err: error }, 'could not answer a request');
    const headers = { 'content-type': 'application/json', ...problem.headers };
    return new Response(problem.body, { status: problem.status, headers });
  });
  return app;
}

function isReady(state: ServingState): boolean {
  return [...state.followers.values()].every(({ ready }) => ready);
}

async function find(state: ServingState, context: Context): Promise<{ follower: ModelFollower; served: ServedModel }> {
  const follower = state.follower(context.req.param('model') ?? '');
  const version = context.req.param('version');
  const served = version === undefined ? follower.champion() : await follower.version(version, state.signal);
  return { follower, served };
}

function metadata(follower: ModelFollower, served: ServedModel): object {
  const { inputs, outputs } = served.onnx.signature;
  return {
    name: follower.model,
    versions: follower.versions.map(({ version }) => String(version)),
    platform: 'onnx_onnxv1',
    inputs,
    outputs,
    parameters: {
      digest: served.digest,
      version: served.version,
      ...(served.classes && { classes: served.classes }),
      ...(follower.problem === undefined ? {} : { problem: follower.problem }),
    },
  };
}

function matches(pattern: string, path: string): boolean {
  const [wanted, found] = [pattern.split('/'), path.split('/')];
  return wanted.length === found.length && wanted.every((part, index) => part.startsWith(':') || part === found[index]);
}
