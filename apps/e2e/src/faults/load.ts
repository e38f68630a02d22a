import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { SubmitTaskInput } from '@mitosis/protocol';
import type { Site } from './site.js';

export interface LoadOptions {
  /** Tasks at least. */
  readonly tasks: number;
  /** Tasks keep being submitted until this many faults were injected. */
  readonly minFaults: number;
  /** Tasks that may be open at a time. */
  readonly openMax: number;
  /** A run ends after this time, whatever is open then. */
  readonly patienceMs: number;
  make(index: number): SubmitTaskInput;
}

const BATCH = 200;
const SETTLE_MS = 60_000;
const TAIL_SHARE = 0.02;

/** Tasks that were answered with a uuid, and the calls that failed although they were repeated. */
export class Load {
  readonly submitted: string[] = [];
  readonly failedCalls: string[] = [];

  constructor(
    private readonly site: Site,
    private readonly options: LoadOptions,
  ) {}

  /** Everything is submitted and nearly everything has ended: what is left is the recovery from the last faults. */
  isInTail = false;

  /** Takes over what was submitted beside it. */
  adopt(uuids: readonly string[], failedCalls: readonly string[]): void {
    this.submitted.push(...uuids);
    this.failedCalls.push(...failedCalls);
  }

  /** Waits until no task is open, for a minute at most: what is open then is lost. */
  async settle(): Promise<void> {
    const deadline = performance.now() + SETTLE_MS;
    while ((await this.open()) > 0 && performance.now() < deadline) await delay(100);
  }

  /** Resolves when all tasks are submitted and have ended. */
  async run(): Promise<void> {
    const deadline = performance.now() + this.options.patienceMs;
    while (performance.now() < deadline) {
      const isAllSubmitted =
        this.submitted.length >= this.options.tasks && this.site.faults.count >= this.options.minFaults;
      const open = await this.open();
      if (isAllSubmitted && open === 0) return;
      this.isInTail = isAllSubmitted && open < this.submitted.length * TAIL_SHARE;
      if (!isAllSubmitted && open + BATCH <= this.options.openMax) await this.submitSome(BATCH);
      else await delay(100);
    }
  }

  /** Submits this many tasks in one request. */
  async submitSome(count: number): Promise<void> {
    const from = this.submitted.length;
    const tasks = Array.from({ length: count }, (_, index) => this.options.make(from + index));
    try {
      const receipts = await this.site.api.submitTasks(tasks, { idempotencyKey: randomUUID() });
      this.submitted.push(...receipts.map(({ uuid }) => uuid));
    } catch (error) {
      this.failedCalls.push(String(error));
      await delay(1_000);
    }
  }

  /** Tasks that have not ended; more than there can be while the database does not answer. */
  private async open(): Promise<number> {
    const sql = `SELECT count(*)::int AS open FROM tasks WHERE state NOT IN ('completed', 'failed', 'cancelled')`;
    try {
      const { rows } = await this.site.db.query<{ open: number }>(sql);
      return rows[0]?.open ?? 0;
    } catch {
      // It is being broken just now.
      return Number.POSITIVE_INFINITY;
    }
  }
}

/** A task that notes each of its executions; every 25th keeps a result too. */
export function noteTask(site: Site, index: number, runMs = 50): SubmitTaskInput {
  const keep = index % 25 === 0 ? 'echo "$MITO_TASK_UUID" > "$MITO_RESULT_DIR/uuid"; ' : '';
  const [name = '', value = ''] = site.marker.split('=');
  return {
    args: ['sh', '-c', `echo "$MITO_TASK_UUID $MITO_TASK_ATTEMPT" >> "$EFFECTS"; ${keep}sleep ${runMs / 1000}`],
    env: { [name]: value, EFFECTS: site.effectsFile },
  };
}
