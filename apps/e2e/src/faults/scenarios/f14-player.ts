import { randomUUID } from 'node:crypto';
import type { WorkerClient } from '@mitosis/client';
import type { AttemptReport, ClaimedTask } from '@mitosis/protocol';
import { eventually } from '@mitosis/testing';
import type { Site } from '../site.js';
import {
  afterCancel,
  afterClaim,
  afterLoss,
  afterReport,
  afterReturn,
  INITIAL,
  type ModelState,
  type Operation,
  type Sequence,
} from './f14-model.js';

type Held = Pick<ClaimedTask, 'task' | 'attempt' | 'lease' | 'request'> & {
  readonly worker: 0 | 1;
  isOpen: boolean;
  isLost?: boolean;
};
type Outcome = Extract<Operation, { kind: 'report' }>['outcome'];

const ENDS: Readonly<Record<Outcome, Pick<AttemptReport, 'outcome' | 'exit_code'>>> = {
  good: { outcome: 'exited', exit_code: 0 },
  bad: { outcome: 'exited', exit_code: 3 },
  timed_out: { outcome: 'timed_out', exit_code: null },
  released: { outcome: 'released', exit_code: null },
  cancelled: { outcome: 'cancelled', exit_code: null },
};

function reportOf({ task, attempt, lease }: Held, outcome: Outcome): AttemptReport {
  const figures = {
    wall_ms: 1,
    user_cpu_ms: 1,
    system_cpu_ms: 1,
    peak_rss_bytes: 1,
    output_bytes: 0,
    is_output_truncated: false,
  };
  return {
    request: randomUUID(),
    task,
    attempt,
    lease,
    signal: null,
    message: null,
    output: null,
    artifacts: [],
    not_kept: [],
    notes: [],
    metrics: null,
    new_tasks: [],
    ...ENDS[outcome],
    ...figures,
  };
}

/** Does one sequence to one task, and compares the rows with the model after each operation. */
export class Player {
  /** Replies that were thrown away, leases that ran out, reports that came too late or were forged. */
  faults = 0;
  private model: ModelState = INITIAL;
  private readonly held: Held[] = [];
  private last: { readonly by: Held; readonly report: AttemptReport } | undefined;
  private task = '';

  constructor(
    private readonly site: Site,
    private readonly workers: readonly [WorkerClient, WorkerClient],
    private readonly sequence: Sequence,
  ) {}

  /** The uuid of the task; throws with what has happened when model and database differ. */
  async play(): Promise<string> {
    const { retries, operations } = this.sequence;
    ({ uuid: this.task } = await this.site.api.submitTask({
      args: ['true'],
      retries,
      retry_delay_ms: 0,
      tags: ['modelled'],
    }));
    for (const [index, operation] of operations.entries()) {
      await this.perform(operation);
      await this.compare(`after ${index + 1} of ${JSON.stringify(this.sequence)}`);
    }
    await this.finish();
    return this.task;
  }

  private get current(): Held | undefined {
    return this.held.findLast(({ isOpen }) => isOpen);
  }

  private async perform(operation: Operation): Promise<void> {
    switch (operation.kind) {
      case 'claim':
        return this.claim(operation.worker, operation.isReplyLost);
      case 'replay claim':
        return this.replayClaim();
      case 'report':
        return this.report(operation.outcome, operation.isReplyLost);
      case 'repeat report':
        return this.repeatReport();
      case 'late report':
        return this.lateReport();
      case 'forged report':
        return this.forgedReport();
      case 'expire':
        return this.expire();
      case 'return':
        return this.comeBack();
      case 'cancel':
        await this.site.api.cancelTask(this.task);
        this.model = afterCancel(this.model);
    }
  }

  private async claim(worker: 0 | 1, isReplyLost: boolean): Promise<void> {
    const request = randomUUID();
    const wasReady = this.model.state === 'ready';
    if (isReplyLost) {
      this.faults += 1;
      await this.workers[worker].claim([{ task: this.task, request }]);
    }
    const [claimed] = await this.workers[worker].claim([{ task: this.task, request }]);
    expectEqual(claimed !== undefined, wasReady, 'a claim is granted when the task is ready, and only then');
    this.model = afterClaim(this.model);
    if (claimed) this.held.push({ ...claimed, worker, isOpen: true });
    await this.prolong();
  }

  private async replayClaim(): Promise<void> {
    const held = this.held.at(-1);
    if (!held) return;
    this.faults += 1;
    const [again] = await this.workers[held.worker].claim([{ task: this.task, request: held.request }]);
    const isGranted = held.isOpen || this.model.state === 'ready';
    // An old request for a task that is ready again opens a new attempt: nobody else has it.
    if (again && !held.isOpen) this.held.push({ ...again, worker: held.worker, isOpen: true });
    expectEqual(again !== undefined, isGranted, 'a repeated claim is granted while its attempt is open');
    if (again && held.isOpen) expectEqual(again.lease, held.lease, 'a repeated claim gets the same lease');
    this.model = afterClaim(this.model);
    await this.prolong();
  }

  private async report(outcome: Outcome, isReplyLost: boolean): Promise<void> {
    const held = this.current;
    if (!held) return;
    const report = reportOf(held, outcome);
    if (isReplyLost) {
      this.faults += 1;
      await this.workers[held.worker].report([report]);
    }
    expectEqual(await this.send(held, report), 'accepted', 'the report of the current attempt');
    held.isOpen = false;
    this.last = { by: held, report };
    this.model = afterReport(this.model, this.sequence.retries, outcome);
  }

  private async repeatReport(): Promise<void> {
    if (!this.last) return;
    this.faults += 1;
    expectEqual(await this.send(this.last.by, this.last.report), 'accepted', 'a report that was accepted before');
  }

  private async lateReport(): Promise<void> {
    const late = this.held.find(({ isOpen }) => !isOpen);
    if (!late) return;
    this.faults += 1;
    const isKept = this.isResumable(late);
    const report = reportOf(late, 'good');
    const wanted = isKept ? 'accepted' : 'stale';
    expectEqual(
      await this.send(late, report),
      wanted,
      'a late report is accepted when nobody has taken the task since',
    );
    if (!isKept) return;
    late.isLost = false;
    this.last = { by: late, report };
    this.model = afterReport(afterReturn(this.model), this.sequence.retries, 'good');
  }

  /** Lost, and no other attempt was opened since. */
  private isResumable({ isLost, attempt }: Held): boolean {
    return isLost === true && this.model.state === 'ready' && attempt === this.model.attempt;
  }

  private async comeBack(): Promise<void> {
    const held = this.held.at(-1);
    if (!held || held.isOpen) return;
    this.faults += 1;
    const { task, attempt, lease, worker } = held;
    const isBack = await this.workers[worker].inputs({ task, attempt, lease }).then(
      () => true,
      (error: unknown) => {
        if ((error as { code?: unknown }).code !== 'stale_attempt') throw error;
        return false;
      },
    );
    expectEqual(isBack, this.isResumable(held), 'a lost attempt is resumed when nobody has taken the task since');
    if (!isBack) return;
    [held.isOpen, held.isLost] = [true, false];
    this.model = afterReturn(this.model);
    await this.prolong();
  }

  private async forgedReport(): Promise<void> {
    const held = this.current;
    if (!held) return;
    this.faults += 1;
    expectEqual(
      await this.send(held, { ...reportOf(held, 'good'), lease: randomUUID() }),
      'stale',
      'a report without the lease',
    );
  }

  private async expire(): Promise<void> {
    const held = this.current;
    if (!held) return;
    this.faults += 1;
    await this.setLease(held, '-1 second');
    [held.isOpen, held.isLost] = [false, true];
    this.model = afterLoss(this.model);
    const isLost = async (): Promise<boolean> => (await this.rows()).outcome === 'lost';
    await eventually(isLost, { message: 'the end of an attempt whose lease ran out', timeoutMs: 30_000 });
  }

  /** An open lease runs out when the sequence says so, however busy the machine is. */
  private async prolong(): Promise<void> {
    if (this.current) await this.setLease(this.current, '1 hour');
  }

  private async setLease({ attempt }: Held, fromNow: string): Promise<void> {
    await this.site.db.query(
      `UPDATE attempts SET lease_until = clock_timestamp() + $3::interval
       WHERE task_id = $1 AND number = $2 AND ended_at IS NULL`,
      [this.task, attempt, fromNow],
    );
  }

  private async send({ worker }: Held, report: AttemptReport): Promise<string | undefined> {
    return (await this.workers[worker].report([report]))[0]?.status;
  }

  private async rows(): Promise<ModelState & { outcome: string | null }> {
    const { rows } = await this.site.db.query<ModelState & { outcome: string | null }>(
      `SELECT t.state, t.attempt, t.failures, t.losses, t.cancel_requested_at IS NOT NULL AS "isCancelRequested",
         a.outcome
       FROM tasks t LEFT JOIN attempts a ON a.task_id = t.id AND a.number = t.attempt WHERE t.id = $1`,
      [this.task],
    );
    if (!rows[0]) throw new Error('the task is not stored');
    return rows[0];
  }

  private async compare(when: string): Promise<void> {
    const { outcome: _, ...stored } = await this.rows();
    expectEqual(JSON.stringify(stored), JSON.stringify({ ...this.model }), `the rows, ${when}`);
  }

  /** Brings the task to an end, so that nothing is open after the run. */
  private async finish(): Promise<void> {
    if (this.model.state === 'ready') await this.claim(0, false);
    if (this.model.state === 'running') await this.report('good', false);
    await this.compare('at the end');
  }
}

function expectEqual(got: unknown, wanted: unknown, what: string): void {
  if (got !== wanted) throw new Error(`${what}: ${String(got)} instead of ${String(wanted)}`);
}
