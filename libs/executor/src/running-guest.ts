import { MitoError } from '@mitosis/domain';
import type { ExecutionResult, Guest, GuestInput, GuestSpec, OnPrinted } from './execution.js';
import { failedResult } from './failed-result.js';
import { LauncherRequests } from './launcher-requests.js';
import type { FromLauncher, ToLauncher } from './launcher/messages.js';

/** The executor's side of a program that runs beside an attempt. */
export class RunningGuest implements Guest {
  readonly result: Promise<ExecutionResult>;
  readonly #requests = new LauncherRequests<number>();
  #settle!: (result: ExecutionResult) => void;
  #handedOver: Promise<void> = Promise.resolve();
  #taken = 0;
  #isOver = false;

  constructor(
    private readonly id: string,
    private readonly onPrinted: OnPrinted,
    private readonly send: (message: ToLauncher) => void,
  ) {
    this.result = new Promise((resolve) => (this.#settle = resolve));
  }

  launch(host: string, spec: GuestSpec): void {
    this.send({ type: 'guest', id: host, guest: this.id, spec });
  }

  async give({ data, size, isEnd }: GuestInput): Promise<void> {
    if (this.#isOver) return;
    const bytes = data && { data: Buffer.from(data).toString('base64') };
    const message = {
      type: 'terminal',
      id: this.id,
      ...bytes,
      ...(size && { size }),
      ...(isEnd && { isEnd }),
    } as const;
    try {
      await this.#requests.ask((request) => this.send({ ...message, request }));
    } catch (error) {
      // It no longer reads: how it ends is its own matter.
      if (!(error instanceof MitoError) || error.code !== 'execution_ended') throw error;
    }
  }

  end(reason: string): void {
    if (!this.#isOver) this.send({ type: 'cancel', id: this.id, reason });
  }

  /** Its processes are gone with their launcher. */
  lose(reason: string): void {
    this.#finish(failedResult('worker_error', reason));
  }

  receive(message: Extract<FromLauncher, { id: string }>): void {
    if (message.type === 'terminal') this.#requests.answer(message.request, message.bytes);
    else if (message.type === 'ended') this.#finish(message.result);
    else if (message.type === 'printed') this.#hand(message.stream, Buffer.from(message.data, 'base64'));
  }

  #hand(stream: 'stdout' | 'stderr', bytes: Buffer): void {
    this.#handedOver = this.#handedOver
      .then(() => this.onPrinted(stream, bytes))
      .then(() => {
        this.#taken += bytes.length;
        this.send({ type: 'taken', id: this.id, bytes: this.#taken });
      })
      .catch((error: unknown) => this.end(error instanceof Error ? error.message : String(error)));
  }

  #finish(result: ExecutionResult): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#requests.end();
    void this.#handedOver.then(() => this.#settle(result));
  }
}
