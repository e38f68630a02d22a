import fc from 'fast-check';

/** What is done to a task; `worker` is one of two. */
export type Operation =
  | { readonly kind: 'claim'; readonly worker: 0 | 1; readonly isReplyLost: boolean }
  | { readonly kind: 'replay claim' }
  | {
      readonly kind: 'report';
      readonly outcome: 'good' | 'bad' | 'timed_out' | 'released' | 'cancelled';
      readonly isReplyLost: boolean;
    }
  /** The last report that was sent, once more. */
  | { readonly kind: 'repeat report' }
  /** Of an attempt before the current one, or of one that is over. */
  | { readonly kind: 'late report' }
  | { readonly kind: 'forged report' }
  | { readonly kind: 'expire' }
  /** The worker of the newest attempt is back and continues with it, if it may. */
  | { readonly kind: 'return' }
  | { readonly kind: 'cancel' };

export interface Sequence {
  readonly retries: number;
  readonly operations: readonly Operation[];
}

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('claim' as const),
      worker: fc.constantFrom(0 as const, 1 as const),
      isReplyLost: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'replay claim' as const }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('report' as const),
      outcome: fc.constantFrom(
        'good' as const,
        'bad' as const,
        'bad' as const,
        'timed_out' as const,
        'released' as const,
        'released' as const,
        'cancelled' as const,
      ),
      isReplyLost: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'repeat report' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'late report' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'forged report' as const }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'expire' as const }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'return' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'cancel' as const }) },
);

/** Sequences of 3 to 40 operations on one task. */
export const sequence: fc.Arbitrary<Sequence> = fc.record({
  retries: fc.integer({ min: 0, max: 3 }),
  operations: fc.array(operation, { minLength: 3, maxLength: 40 }),
});

/** What the rows of a task have to say. */
export interface ModelState {
  readonly state: 'ready' | 'running' | 'completed' | 'failed' | 'cancelled';
  readonly attempt: number;
  readonly failures: number;
  readonly losses: number;
  readonly isCancelRequested: boolean;
}

export const INITIAL: ModelState = { state: 'ready', attempt: 0, failures: 0, losses: 0, isCancelRequested: false };

const LOSSES_MAX = 3;

function goOn(model: ModelState): ModelState {
  return { ...model, state: model.isCancelRequested ? 'cancelled' : 'ready' };
}

export function afterClaim(model: ModelState): ModelState {
  return model.state === 'ready' ? { ...model, state: 'running', attempt: model.attempt + 1 } : model;
}

/** After a report of the current attempt. */
export function afterReport(
  model: ModelState,
  retries: number,
  outcome: Extract<Operation, { kind: 'report' }>['outcome'],
): ModelState {
  if (outcome === 'good') return { ...model, state: 'completed' };
  if (outcome === 'cancelled') return { ...model, state: 'cancelled' };
  if (outcome === 'released') return goOn(model);
  const failures = model.failures + 1;
  return failures <= retries ? goOn({ ...model, failures }) : { ...model, failures, state: 'failed' };
}

/** After the lease of the current attempt has run out. */
export function afterLoss(model: ModelState): ModelState {
  const losses = model.losses + 1;
  return losses >= LOSSES_MAX ? { ...model, losses, state: 'failed' } : goOn({ ...model, losses });
}

/** After the worker of a lost attempt came back before anybody else had taken the task. */
export function afterReturn(model: ModelState): ModelState {
  return { ...model, state: 'running', losses: Math.max(model.losses - 1, 0) };
}

export function afterCancel(model: ModelState): ModelState {
  if (model.state === 'ready') return { ...model, state: 'cancelled', isCancelRequested: true };
  return model.state === 'running' ? { ...model, isCancelRequested: true } : model;
}
