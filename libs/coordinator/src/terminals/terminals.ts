import { randomUUID } from 'node:crypto';
import { anySignal, MitoError, type Log, type Service } from '@mitosis/domain';
import type { AttemptRef, FromWorker, TerminalRefusal, ToWorker } from '@mitosis/protocol';
import type { MessageBus } from '@mitosis/queue';
import { Channel } from '../kernel/channel.js';

export type TerminalAnswer = Extract<FromWorker, { type: 'terminal' }>;
type Wish = Pick<Extract<ToWorker, { type: 'terminal' }>, 'size' | 'typed'>;

export interface TerminalsOptions {
  readonly bus: MessageBus;
  readonly log: Log;
  sendToWorker(workerId: string, message: ToWorker): void;
  /** How long a worker has for its answer. */
  readonly patienceMs?: number;
}

/** The worker may just be connecting, and an answer may be lost: it is told again, which does nothing twice. */
const AGAIN_MS = 1_000;

const REFUSALS: Readonly<Record<TerminalRefusal, string>> = {
  no_terminal: 'the task runs in no terminal: submit it with --pty',
  terminal_ended: 'the program in this terminal has ended',
  input_gap: 'what was typed before has not arrived: begin a new session',
};

/**
 * Asks workers to operate the terminals of running attempts, for the people at this replica. The order
 * goes to whichever replica has the worker, the answer comes back over the bus.
 */
export class Terminals implements Service {
  private readonly waiting = new Map<string, (answer: TerminalAnswer) => void>();
  private readonly channel: Channel<TerminalAnswer>;

  constructor(private readonly options: TerminalsOptions) {
    this.channel = new Channel({ bus: options.bus, name: 'terminals', log: options.log });
    this.channel.on((answer) => this.waiting.get(answer.request)?.(answer));
  }

  start(): Promise<void> {
    return this.channel.start();
  }

  stop(): Promise<void> {
    return this.channel.stop();
  }

  /** An answer of a worker of this replica: for somebody here or elsewhere. */
  async onAnswer(answer: TerminalAnswer): Promise<void> {
    const settle = this.waiting.get(answer.request);
    if (settle) return settle(answer);
    await this.channel.published(answer);
  }

  /**
   * Has the terminal of an attempt take `wish`. Throws `no_terminal`, `terminal_ended`, `input_gap`
   * (409), and `terminal_busy` (503) when the worker is away or the program does not read: the same
   * wish may be sent again.
   */
  async operate(worker: string, attempt: AttemptRef, wish: Wish, signal: AbortSignal): Promise<TerminalAnswer> {
    const request = randomUUID();
    const patience = anySignal([signal, AbortSignal.timeout(this.options.patienceMs ?? 10_000)]);
    const send = (): void => this.options.sendToWorker(worker, { type: 'terminal', request, attempt, ...wish });
    const again = setInterval(send, AGAIN_MS);
    try {
      const answer = await new Promise<TerminalAnswer>((resolve, reject) => {
        this.waiting.set(request, resolve);
        patience.addEventListener('abort', () => reject(busy()), { once: true });
        send();
      });
      if (answer.refusal) throw new MitoError('conflict', answer.refusal, REFUSALS[answer.refusal]);
      return answer;
    } finally {
      clearInterval(again);
      this.waiting.delete(request);
    }
  }
}

function busy(): MitoError {
  return new MitoError(
    'unavailable',
    'terminal_busy',
    'the terminal has not taken it: its program does not read, or its worker is away',
  );
}
