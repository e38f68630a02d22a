import { Attempt } from './attempt.js';
import type { FromLauncher, Launch, ToLauncher } from './messages.js';
import type { Spawner } from './spawner.js';

/** Shortest time between two messages about the same attempt's output. */
const OUTPUT_INTERVAL_MS = 10;

interface Running {
  readonly attempt: Attempt;
  isFollowed: boolean;
  outputTimer: NodeJS.Timeout | undefined;
}

/** Runs the attempts that its executor asks for and says how they go; keeps nothing else. */
export class Launcher {
  readonly #running = new Map<string, Running>();
  readonly #settled = new Set<Promise<void>>();

  constructor(
    private readonly spawner: Spawner,
    private readonly send: (message: FromLauncher) => void,
  ) {}

  /** Obeys one message of the executor's. */
  receive(message: ToLauncher): void {
    switch (message.type) {
      case 'run':
        return this.#run(message.id, message.launch);
      case 'cancel': {
        const stop = { outcome: 'cancelled', message: message.reason } as const;
        return this.#running.get(message.id)?.attempt.stop(stop, message.graceMs);
      }
      case 'follow':
        return this.#follow(message.id, message.isFollowed);
      case 'terminal':
        return void this.#operateTerminal(message);
      case 'ping':
        return this.send({ type: 'pong' });
    }
  }

  /** Ends every attempt at once (SIGKILL) and waits until all have ended. */
  async endAll(reason: string): Promise<void> {
    for (const { attempt } of this.#running.values()) attempt.stop({ outcome: 'worker_error', message: reason }, 0);
    await Promise.all(this.#settled);
  }

  #run(id: string, launch: Launch): void {
    const attempt = new Attempt(launch, this.spawner, {
      onStarted: (pid) => this.send({ type: 'started', id, pid }),
      onOutput: () => this.#announceOutput(id),
    });
    this.#running.set(id, { attempt, isFollowed: false, outputTimer: undefined });
    const settled = this.#settle(id, attempt).finally(() => this.#settled.delete(settled));
    this.#settled.add(settled);
  }

  async #settle(id: string, attempt: Attempt): Promise<void> {
    const result = await attempt.run();
    clearTimeout(this.#running.get(id)?.outputTimer);
    this.#running.delete(id);
    this.send({ type: 'ended', id, result });
  }

  async #operateTerminal({ id, request, data, size }: Extract<ToLauncher, { type: 'terminal' }>): Promise<void> {
    const attempt = this.#running.get(id)?.attempt;
    const input = { ...(data !== undefined && { data: Buffer.from(data, 'base64') }), ...(size && { size }) };
    const isTaken = attempt !== undefined && (await attempt.operateTerminal(input));
    this.send({ type: 'terminal', id, request, ...(isTaken && { bytes: attempt.outputBytes }) });
  }

  #follow(id: string, isFollowed: boolean): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    running.isFollowed = isFollowed;
    this.#announceOutput(id);
  }

  #announceOutput(id: string): void {
    const running = this.#running.get(id);
    if (running === undefined || !running.isFollowed) return;
    running.outputTimer ??= setTimeout(() => {
      running.outputTimer = undefined;
      this.send({ type: 'output', id, bytes: running.attempt.outputBytes });
    }, OUTPUT_INTERVAL_MS);
  }
}
