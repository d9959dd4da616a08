import type { EstimatorParameter, EstimatorParameters } from '../../src/estimators.js';

/** `docs/estimators.md`: every hyperparameter with its values, default and meaning. */
export function estimatorsPage(
  estimators: Readonly<Record<string, EstimatorParameters>>,
  common: EstimatorParameters,
): string {
  return `# Hyperparameters of the built-in estimators

<!-- Written from what the estimators declare: see CONTRIBUTING.md. -->

What may stand under \`trainer.parameters\` of the model spec, and as a dimension under \`search.space\`
([docs/search.md](search.md)). Names and values are checked when a spec is validated or applied, and those of a run
(\`perennial run --parameters\`) when it is asked for. A whole number may be written as \`3.0\`. What each estimator is:
[python/README.md](../python/README.md#estimators).

${Object.entries(estimators)
  .map(([name, parameters]) => section(`\`${name}\``, parameters))
  .join('\n')}
${section('Every estimator', common)}`;
}

function section(title: string, parameters: EstimatorParameters): string {
  const rows = Object.entries(parameters).map(
    ([name, parameter]) => `| \`${name}\` | ${values(parameter)} | ${parameter.default} | ${parameter.help} |\n`,
  );
  return `## ${title}\n\n| parameter | values | default | |\n|---|---|---|---|\n${rows.join('')}`;
}

function values({ type, default: byDefault, minimum, maximum }: EstimatorParameter): string {
  if (type === 'bool') return 'true, false';
  const ends = `${minimum ?? 'any'} to ${maximum ?? 'any'}`;
  return `${type === 'int' ? 'whole, ' : ''}${ends}${byDefault === null ? ', null' : ''}`;
}
