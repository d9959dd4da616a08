import { trainerKind } from '../domain/trainer-kind.js';
import { estimatorParameters, type EstimatorParameter, type EstimatorParameters } from '../estimators.js';
import { wantOneOf } from './issues.js';
import type { SpecParts } from './parts.js';
import { described, quoted, type SpecIssue, type SpecPath } from './path.js';

type Trainer = SpecParts['trainer'];

/** A built-in estimator with its hyperparameters. */
export interface BuiltIn {
  readonly estimator: string;
  readonly parameters: EstimatorParameters;
}

/** The built-in estimator that a trainer is; undefined for any other, of which only itself knows what it takes. */
export function builtInOf(trainer: Trainer): BuiltIn | undefined {
  if (!trainer) return undefined;
  const { estimator, command, entry } = trainer;
  if (estimator === undefined || command !== undefined || entry !== undefined) return undefined;
  const kind = trainerKind(trainer);
  const parameters = kind === 'process' || kind === 'python' ? estimatorParameters(estimator) : undefined;
  return parameters && { estimator, parameters };
}

/** `trainer.parameters` by the rules that the estimator itself checks them by, an hour before it would. */
export function parameterIssues(parameters: Readonly<Record<string, unknown>>, builtIn: BuiltIn): SpecIssue[] {
  return Object.entries(parameters).flatMap(([name, value]) => {
    const path = ['trainer', 'parameters', name];
    const parameter = parameterOf(builtIn, name);
    if (!parameter) return [unknownParameter(path, name, builtIn)];
    if (value === undefined || fits(parameter, value)) return [];
    const orNull = parameter.default === null ? ' or null' : '';
    return [{ path, message: `found ${described(value)}, want ${wantedValue(parameter)}${orNull}` }];
  });
}

/** The parameter of that name, if there is one. */
export function parameterOf({ parameters }: BuiltIn, name: string): EstimatorParameter | undefined {
  return Object.hasOwn(parameters, name) ? parameters[name] : undefined;
}

/** That the estimator has no such parameter, and which it has. */
export function unknownParameter(path: SpecPath, name: string, { estimator, parameters }: BuiltIn): SpecIssue {
  const want = wantOneOf(name, Object.keys(parameters));
  return { path, message: `found ${quoted(name)}, which is no parameter of ${estimator}, ${want}`, at: 'key' };
}

/** Whether the estimator takes a value. A whole number is one however it is written: 3.0 is 3. */
export function fits(parameter: EstimatorParameter, value: unknown): boolean {
  const { type, minimum = -Infinity, maximum = Infinity } = parameter;
  if (value === null) return parameter.default === null;
  if (type === 'bool') return typeof value === 'boolean';
  if (typeof value !== 'number' || !Number.isFinite(value)) return false;
  return (type === 'float' || Number.isInteger(value)) && minimum <= value && value <= maximum;
}

/** `a whole number from 1 to 64` */
export function wantedValue({ type, minimum, maximum }: EstimatorParameter): string {
  if (type === 'bool') return 'true or false';
  const noun = type === 'int' ? 'a whole number' : 'a number';
  const lowest = minimum === undefined ? '' : ` from ${minimum}`;
  const greatest = maximum === undefined ? '' : ` to ${maximum}`;
  return noun + lowest + greatest;
}
