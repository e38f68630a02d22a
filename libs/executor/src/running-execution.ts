import { EventEmitter, once } from 'node:events';
import { statSync } from 'node:fs';
import {
  GUESTS_MAX,
  type Execution,
  type ExecutionRequest,
  type ExecutionResult,
  type Guest,
  type GuestSpec,
  type OnPrinted,
  type TerminalInput,
} from './execution.js';
import { failedResult } from './failed-result.js';
import { followSpool, type OnChunk } from './follow-spool.js';
import { executionEnded, LauncherRequests, noGuests, noTerminal } from './launcher-requests.js';
import { MARK_NAME } from './launcher/mark.js';
import type { FromLauncher, ToLauncher } from './launcher/messages.js';
import { RunningGuest } from './running-guest.js';
import type { Scratch } from './scratch.js';

type AboutExecution = Extract<FromLauncher, { id: string }>;

/**
 * The executor's side of one attempt: waiting for a launcher ──▶ launched ──▶ over. Cancelled while it
 * waits, it is over at once.
 */
export class RunningExecution implements Execution {
  readonly result: Promise<ExecutionResult>;
  #settle!: (result: ExecutionResult) => void;
  #isOver = false;
  #isLaunched = false;
  #pid: number | undefined;
  #launchedAt = 0;
  #outputBytes = 0;
  #followers = 0;
  readonly #terminal = new LauncherRequests<number>();
  readonly #pids = new LauncherRequests<readonly number[]>();
  readonly #told = new LauncherRequests<number>();
  readonly #guests = new Map<string, RunningGuest>();
  #guestsStarted = 0;
  readonly #changes = new EventEmitter().setMaxListeners(0);

  constructor(
    private readonly request: ExecutionRequest,
    private readonly send: (message: ToLauncher) => void,
  ) {
    this.result = new Promise((resolve) => (this.#settle = resolve));
  }

  /** True while a launcher has it in hand. */
  get isLaunched(): boolean {
    return this.#isLaunched && !this.#isOver;
  }

  /** The program's, once it is known. */
  get pid(): number | undefined {
    return this.#pid;
  }

  launch(): void {
    if (this.#isLaunched || this.#isOver) return;
    this.#isLaunched = true;
    this.#launchedAt = performance.now();
    const { executionId: id, spec, scratch, outputLimitBytes } = this.request;
    const env = { ...spec.env, [MARK_NAME]: scratch.execDir };
    const { execDir, spoolPath } = scratch;
    const mark = `${MARK_NAME}=${execDir}`;
    this.send({ type: 'run', id, launch: { spec: { ...spec, env }, execDir, spoolPath, outputLimitBytes, mark } });
    if (this.#followers > 0) this.#tellFollowed(true);
  }

  cancel(reason: string): void {
    this.end(reason);
  }

  /** As `cancel`, with at most `graceMs` of grace. */
  end(reason: string, graceMs = this.request.spec.graceMs): void {
    if (!this.#isLaunched) return this.#finish(failedResult('cancelled', reason));
    const shorter = Math.min(graceMs, this.request.spec.graceMs);
    this.send({ type: 'cancel', id: this.request.executionId, reason, graceMs: shorter });
  }

  /** The launcher that had it is gone, and so are all its processes. */
  lose(reason: string): void {
    const wallMs = Math.round(performance.now() - this.#launchedAt);
    const outputBytes = statSync(this.request.scratch.spoolPath, { throwIfNoEntry: false })?.size ?? 0;
    this.#finish({ ...failedResult('worker_error', reason), wallMs, outputBytes });
  }

  receive(message: AboutExecution): void {
    if (message.id !== this.request.executionId) return this.#guests.get(message.id)?.receive(message);
    if (message.type === 'started') this.#pid = message.pid;
    else if (message.type === 'ended') this.#finish(message.result);
    else if (message.type === 'terminal') this.#terminal.answer(message.request, message.bytes);
    else if (message.type === 'told') this.#told.answer(message.request, message.processes);
    else if (message.type === 'pids') this.#pids.answer(message.request, message.pids);
    else if (message.type === 'output') this.#grow(message.bytes);
  }

  async operateTerminal({ data, size }: TerminalInput): Promise<number> {
    if (this.request.spec.pty === undefined) throw noTerminal();
    if (!this.#isLaunched || this.#isOver) throw executionEnded();
    const { executionId: id } = this.request;
    const typed = data === undefined ? {} : { data: Buffer.from(data).toString('base64') };
    return await this.#terminal.ask((request) =>
      this.send({ type: 'terminal', id, request, ...typed, ...(size && { size }) }),
    );
  }

  startGuest(spec: GuestSpec, onPrinted: OnPrinted): Guest {
    if (!this.isLaunched) throw executionEnded();
    if (this.#guests.size >= GUESTS_MAX) throw noGuests(`At most ${GUESTS_MAX} commands run beside a task at a time`);
    const id = `${this.request.executionId}#${(this.#guestsStarted += 1)}`;
    const guest = new RunningGuest(id, onPrinted, this.send);
    this.#guests.set(id, guest);
    void guest.result.then(() => this.#guests.delete(id));
    guest.launch(this.request.executionId, spec);
    return guest;
  }

  async pids(): Promise<readonly number[]> {
    if (!this.isLaunched) throw executionEnded();
    const { executionId: id } = this.request;
    return await this.#pids.ask((request) => this.send({ type: 'pids', id, request }));
  }

  async signal(signal: NodeJS.Signals): Promise<number> {
    if (!this.isLaunched) throw executionEnded();
    const { executionId: id } = this.request;
    return await this.#told.ask((request) => this.send({ type: 'signal', id, request, signal }));
  }

  get scratch(): Scratch {
    return this.request.scratch;
  }

  async outputBytes(): Promise<number> {
    if (this.#isOver) return this.#outputBytes;
    return statSync(this.request.scratch.spoolPath, { throwIfNoEntry: false })?.size ?? 0;
  }

  async follow(from: number, onChunk: OnChunk, signal: AbortSignal): Promise<void> {
    if (this.#followers++ === 0) this.#tellFollowed(true);
    try {
      const spool = {
        path: this.request.scratch.spoolPath,
        readableBytes: () => this.#outputBytes,
        hasEnded: () => this.#isOver,
        change: (aborted: AbortSignal) => this.#change(aborted),
      };
      await followSpool(spool, from, onChunk, signal);
    } finally {
      if (--this.#followers === 0) this.#tellFollowed(false);
    }
  }

  async #change(signal: AbortSignal): Promise<void> {
    try {
      await once(this.#changes, 'change', { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #tellFollowed(isFollowed: boolean): void {
    if (this.isLaunched) this.send({ type: 'follow', id: this.request.executionId, isFollowed });
  }

  #grow(bytes: number): void {
    this.#outputBytes = Math.max(this.#outputBytes, bytes);
    this.#changes.emit('change');
  }

  #finish(result: ExecutionResult): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#outputBytes = result.outputBytes;
    this.#settle(result);
    this.#terminal.end();
    this.#pids.end();
    this.#told.end();
    for (const guest of this.#guests.values()) guest.lose(result.message ?? 'The task has ended');
    this.#changes.emit('change');
  }
}
