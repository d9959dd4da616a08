import type { ActivitySlotInfo, CustomSlotSupplier, SlotPermit, WorkerTuner } from '@temporalio/worker';
import type { ResourceBudget } from './budget.js';

/** Activities that take a budget's resources; they wait inside for their turn where the queue has others, too. */
const TRAININGS = new Set(['perennial.train', 'perennial.runTrials']);
/** Waits for as long as a training may wait, and does next to nothing. */
const WATCH = 'perennial.watchWorkers';

/** What a slot is used for; it is known when a task has come. */
type Use = 'open' | 'training' | 'watch' | 'other';

export interface SlotOptions {
  /** Whether the queue has trainings and nothing else. */
  readonly trainingsOnly: boolean;
  /** Slots for activities that are no training. Default: 100, as the SDK has. */
  readonly others?: number;
}

/** The slots of a worker: those for activities by its budget, the others as the SDK has them. */
export function workerTuner(budget: ResourceBudget, options: SlotOptions): WorkerTuner {
  return {
    workflowTaskSlotSupplier: { type: 'fixed-size', numSlots: 40 },
    activityTaskSlotSupplier: activitySlots(budget, options),
    localActivityTaskSlotSupplier: { type: 'fixed-size', numSlots: 100 },
    nexusTaskSlotSupplier: { type: 'fixed-size', numSlots: 100 },
  };
}

/**
 * The activity slots of a worker. On the ordinary queue trainings never stand in the way of anything else: `others` slots are
 * for what is no training, and a training that has to wait for its resources takes none of them. On the queue of a class a
 * slot is given only when the budget has room for one more training, so the others stay with Temporal, where their order is
 * kept and another worker may take them.
 */
function activitySlots(
  budget: ResourceBudget,
  { trainingsOnly, others = 100 }: SlotOptions,
): CustomSlotSupplier<ActivitySlotInfo> {
  const permits = new Map<SlotPermit, { use: Use; leave?: () => void }>();
  const waiting = new Set<() => void>();
  const count = (...uses: Use[]) => [...permits.values()].filter(({ use }) => uses.includes(use)).length;
  const hasRoom = () => (trainingsOnly ? budget.hasRoom(count('open')) : count('open', 'other') < others);
  const give = (): SlotPermit => {
    const permit = {};
    permits.set(permit, { use: 'open' });
    return permit;
  };
  const serve = () => {
    for (const [next] of waiting.entries()) {
      if (!hasRoom()) return;
      waiting.delete(next);
      next();
    }
  };
  budget.onChange(serve);

  return {
    type: 'custom',
    async reserveSlot(_context, signal) {
      if (waiting.size === 0 && hasRoom()) return give();
      return await new Promise((resolve, reject) => {
        const next = () => {
          signal.removeEventListener('abort', abort);
          resolve(give());
        };
        const abort = () => {
          waiting.delete(next);
          reject(signal.reason as Error);
        };
        signal.addEventListener('abort', abort, { once: true });
        waiting.add(next);
      });
    },
    tryReserveSlot: () => (hasRoom() ? give() : null),
    markSlotUsed({ permit, slotInfo }) {
      const slot = permits.get(permit);
      if (!slot) return;
      slot.use = useOf(slotInfo.activityType);
      if (slot.use === 'training') slot.leave = budget.enter();
      serve();
    },
    releaseSlot({ permit }) {
      const slot = permits.get(permit);
      permits.delete(permit);
      slot?.leave?.();
      serve();
    },
  };
}

function useOf(activityType: string): Use {
  if (TRAININGS.has(activityType)) return 'training';
  return activityType === WATCH ? 'watch' : 'other';
}
