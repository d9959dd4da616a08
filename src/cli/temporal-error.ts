import { isGrpcServiceError } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { NotFoundError, ServiceUnreachableError, UsageError, type PerennialError } from '../errors.js';
import type { Connection } from './connection-options.js';

/** Numbers of gRPC, as far as they mean something to people here. */
const CANCELLED = 1;
const INVALID_ARGUMENT = 3;
const DEADLINE_EXCEEDED = 4;
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const FAILED_PRECONDITION = 9;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

/** What Temporal's client threw, in our words; undefined for what is not from Temporal. */
export function temporalError(error: unknown, where: Connection): PerennialError | undefined {
  const missing = causes(error).find((each) => each instanceof NamespaceNotFoundError);
  if (missing) return noNamespace(missing, where);
  const grpc = grpcCause(error);
  if (!grpc) return undefined;
  const { address, namespace, taskQueue } = where;
  const facts = { details: { address, namespace }, cause: grpc };
  if (lacksWorker(error)) {
    return new ServiceUnreachableError(`Cannot ask the loop: no worker answers on the task queue "${taskQueue}"`, {
      fix: `perennial worker --task-queue ${taskQueue}`,
      details: { address, namespace, taskQueue },
      cause: grpc,
    });
  }
  switch (grpc.code) {
    case UNAVAILABLE:
    case DEADLINE_EXCEEDED:
      return unreachable(address, grpc);
    case NOT_FOUND:
      return new NotFoundError(`Cannot find it in namespace "${namespace}" of ${address}: ${grpc.details}`, {
        fix: `temporal operator namespace list --address ${address}`,
        ...facts,
      });
    case PERMISSION_DENIED:
    case UNAUTHENTICATED:
    case INVALID_ARGUMENT:
      return new UsageError(`Cannot ask Temporal at ${address}: ${grpc.details}`, {
        fix: 'Check --address and --namespace, and that you may use them; perennial doctor looks closer.',
        ...facts,
      });
    default:
      return undefined;
  }
}

/** Whether Temporal itself says that no worker took a query. */
export function lacksWorker(error: unknown): boolean {
  const grpc = grpcCause(error);
  return grpc?.code === FAILED_PRECONDITION || (grpc?.code === DEADLINE_EXCEEDED && grpc.details.includes('a worker'));
}

/** Whether a call ran out of the time that we gave it: the server, whose clock runs too, may be first to cancel it. */
export function isOutOfTime(error: unknown): boolean {
  const code = grpcCause(error)?.code;
  return code === DEADLINE_EXCEEDED || code === CANCELLED;
}

/** Temporal does not answer. */
export function unreachable(address: string, cause?: unknown): ServiceUnreachableError {
  return new ServiceUnreachableError(`Cannot reach Temporal at ${address}: it does not answer`, {
    fix: 'Start it (perennial dev), or name another with --address or TEMPORAL_ADDRESS; perennial doctor looks closer.',
    details: { address },
    ...(cause === undefined ? {} : { cause }),
  });
}

function grpcCause(error: unknown): { code: number; details: string } | undefined {
  return causes(error).find(isGrpcServiceError);
}

function noNamespace({ namespace, cause }: NamespaceNotFoundError, { address }: Connection): NotFoundError {
  return new NotFoundError(`Cannot find the namespace "${namespace}": Temporal at ${address} has none of that name`, {
    fix: `Check --namespace; these there are: temporal operator namespace list --address ${address}`,
    details: { address, namespace },
    ...(cause === undefined ? {} : { cause }),
  });
}

function causes(error: unknown): Error[] {
  const found: Error[] = [];
  for (let at = error; at instanceof Error && found.length < 5; at = at.cause) found.push(at);
  return found;
}
