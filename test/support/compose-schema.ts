/**
 * The part of the Compose Specification that our docker-compose.yml uses, as JSON Schema. It is stricter than the
 * specification: what is not named here is refused, so that a misspelt key is found although no Docker is at hand.
 */
const names = '^[a-zA-Z0-9._-]+$';
const duration = { type: 'string', pattern: '^([0-9]+(us|ms|s|m|h))+$' };
const command = { type: 'array', items: { type: 'string' }, minItems: 1 };
const dictionary = {
  type: 'object',
  patternProperties: { '^[A-Z][A-Z0-9_]*$': { type: ['string', 'number'] } },
  additionalProperties: false,
};

const service = object({
  image: { type: 'string' },
  build: object({ context: { type: 'string' }, target: { type: 'string' } }, ['context']),
  depends_on: mapOf(
    object({ condition: { enum: ['service_started', 'service_healthy', 'service_completed_successfully'] } }, [
      'condition',
    ]),
  ),
  environment: dictionary,
  command,
  ports: { type: 'array', items: { type: 'string' }, uniqueItems: true },
  volumes: { type: 'array', items: { type: 'string', pattern: '^[a-z][a-z0-9-]*:/' }, uniqueItems: true },
  configs: { type: 'array', items: object({ source: { type: 'string' }, target: { type: 'string' } }, ['source']) },
  healthcheck: object(
    {
      test: {
        type: 'array',
        items: [{ enum: ['CMD', 'CMD-SHELL'] }],
        additionalItems: { type: 'string' },
        minItems: 2,
      },
      interval: duration,
      timeout: duration,
      start_period: duration,
      retries: { type: 'integer', minimum: 1 },
    },
    ['test'],
  ),
  restart: { enum: ['no', 'always', 'on-failure', 'unless-stopped'] },
  init: { type: 'boolean' },
  stop_grace_period: duration,
});

export const composeSchema = object(
  {
    name: { type: 'string', pattern: '^[a-z0-9][a-z0-9_-]*$' },
    services: mapOf({ ...service, oneOf: [{ required: ['image'] }, { required: ['build'] }] }),
    volumes: mapOf({ type: 'null' }),
    configs: mapOf(object({ content: { type: 'string' } }, ['content'])),
  },
  ['services'],
);

function object(properties: Record<string, object>, required: readonly string[] = []) {
  return { type: 'object', properties, required, additionalProperties: false };
}

function mapOf(value: object) {
  return { type: 'object', patternProperties: { [names]: value }, additionalProperties: false };
}
