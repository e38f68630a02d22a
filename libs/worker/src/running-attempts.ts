import { EventEmitter, once } from 'node:events';
import { anySignal } from '@mitosis/domain';
import type { Execution } from '@mitosis/executor';
import type { AttemptRef, ClaimedTask } from '@mitosis/protocol';

/** An attempt from its claim to its report. */
export interface RunningAttempt {
  readonly claim: ClaimedTask;
  /** Ends the attempt early; the reason says what is reported. */
  readonly stop: AbortController;
}

/** Why an attempt is ended early. `stale`: somebody else has it, nothing is reported. */
export type StopReason = 'stale' | 'cancelled' | 'released';

/** The order to follow an attempt may overtake the answer to its claim, and precedes its start by far. */
const START_WAIT_MS = 10_000;

const EARLY_MAX = 1_000;

const keyOf = ({ task, attempt }: AttemptRef): string => `${task}/${attempt}`;

/** What this worker runs now: what its heartbeats speak of and its orders are about. */
export class RunningAttempts {
  private readonly byKey = new Map<string, RunningAttempt>();
  private readonly executions = new Map<string, Execution>();
  /** Orders to end that overtook the answer to the claim; the oldest are forgotten. */
  private readonly early = new Map<string, StopReason>();
  private readonly starts = new EventEmitter().setMaxListeners(0);

  add(claim: ClaimedTask): RunningAttempt {
    const attempt = { claim, stop: new AbortController() };
    const key = keyOf(claim);
    this.byKey.set(key, attempt);
    const order = this.early.get(key);
    if (order !== undefined) attempt.stop.abort(order);
    this.early.delete(key);
    return attempt;
  }

  /** The program of an attempt was started. */
  started(attempt: RunningAttempt, execution: Execution): void {
    const key = keyOf(attempt.claim);
    this.executions.set(key, execution);
    this.starts.emit(key);
  }

  remove(attempt: RunningAttempt): void {
    this.byKey.delete(keyOf(attempt.claim));
    this.executions.delete(keyOf(attempt.claim));
  }

  /** The execution of an attempt, waited for when it is about to start; undefined when there is none. */
  async execution(ref: AttemptRef, signal: AbortSignal): Promise<Execution | undefined> {
    const key = keyOf(ref);
    if (!this.executions.has(key)) {
      const patience = anySignal([signal, AbortSignal.timeout(START_WAIT_MS)]);
      await once(this.starts, key, { signal: patience }).catch((error: Error) => {
        if (error.name !== 'AbortError') throw error;
      });
    }
    return this.executions.get(key);
  }

  /** True while an attempt of the task is carried out here that nobody has taken away. */
  has(task: string): boolean {
    return this.current.some(({ claim }) => claim.task === task);
  }

  /** Ends an attempt early; the program gets SIGTERM, and SIGKILL after its grace time. */
  end(ref: AttemptRef, reason: StopReason): void {
    const attempt = this.byKey.get(keyOf(ref));
    if (attempt) return attempt.stop.abort(reason);
    this.early.set(keyOf(ref), reason);
    const [oldest] = this.early.keys();
    if (this.early.size > EARLY_MAX && oldest !== undefined) this.early.delete(oldest);
  }

  endAll(reason: StopReason): void {
    for (const attempt of this.byKey.values()) attempt.stop.abort(reason);
  }

  /** Without those that are being ended because they were taken away: nobody may give them back. */
  get current(): readonly RunningAttempt[] {
    return this.all.filter(({ stop }) => stop.signal.reason !== ('stale' satisfies StopReason));
  }

  get all(): readonly RunningAttempt[] {
    return [...this.byKey.values()];
  }
}
