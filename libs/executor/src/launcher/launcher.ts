import type { GuestSpec } from '../execution.js';
import { failedResult } from '../failed-result.js';
import { signalHandlers } from '../stray-processes.js';
import { Attempt } from './attempt.js';
import { GUEST_MARK_NAME } from './mark.js';
import type { FromLauncher, Launch, ToLauncher } from './messages.js';
import { SentOutput } from './sent-output.js';
import type { Spawner } from './spawner.js';

/** Shortest time between two messages about the same attempt's output. */
const OUTPUT_INTERVAL_MS = 10;

interface Running {
  readonly attempt: Attempt;
  readonly launch: Launch;
  /** Of a guest. */
  readonly output?: SentOutput;
  isFollowed: boolean;
  outputTimer: NodeJS.Timeout | undefined;
}

/** Time between SIGTERM and SIGKILL for a guest. */
const GUEST_GRACE_MS = 2_000;

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
        return void this.#give(message);
      case 'guest':
        return this.#runGuest(message);
      case 'taken':
        return this.#running.get(message.id)?.output?.taken(message.bytes);
      case 'pids': {
        const pids = this.#running.get(message.id)?.attempt.pids() ?? [];
        return this.send({ type: 'pids', id: message.id, request: message.request, pids });
      }
      case 'signal': {
        const pids = this.#running.get(message.id)?.attempt.pids() ?? [];
        const processes = signalHandlers(pids, message.signal);
        return this.send({ type: 'told', id: message.id, request: message.request, processes });
      }
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
    this.#running.set(id, { attempt, launch, isFollowed: false, outputTimer: undefined });
    const settled = this.#settle(id, attempt).finally(() => this.#settled.delete(settled));
    this.#settled.add(settled);
  }

  #runGuest({ id, guest, spec }: Extract<ToLauncher, { type: 'guest' }>): void {
    const host = this.#running.get(id);
    if (host !== undefined && this.#addGuest(host, guest, spec)) return;
    this.send({ type: 'ended', id: guest, result: failedResult('cancelled', 'The task has ended') });
  }

  #addGuest(host: Running, guest: string, spec: GuestSpec): boolean {
    const launch = guestLaunch(host.launch, guest, spec);
    const output = new SentOutput(guest, this.send);
    const events = { onStarted: () => undefined, onOutput: () => undefined };
    const attempt = new Attempt(launch, this.spawner, events, { guard: host.attempt.guard, output });
    this.#running.set(guest, { attempt, launch, output, isFollowed: false, outputTimer: undefined });
    const isAdded = host.attempt.guests.add(attempt, () => this.#settle(guest, attempt));
    if (!isAdded) this.#running.delete(guest);
    return isAdded;
  }

  async #settle(id: string, attempt: Attempt): Promise<void> {
    const result = await attempt.run();
    clearTimeout(this.#running.get(id)?.outputTimer);
    this.#running.delete(id);
    this.send({ type: 'ended', id, result });
  }

  async #give({ id, request, data, size, isEnd }: Extract<ToLauncher, { type: 'terminal' }>): Promise<void> {
    const attempt = this.#running.get(id)?.attempt;
    const typed = data !== undefined && { data: Buffer.from(data, 'base64') };
    const input = { ...typed, ...(size && { size }), ...(isEnd && { isEnd }) };
    const isTaken = attempt !== undefined && (await attempt.give(input));
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

/** What a guest has in common with its host: environment, secrets, folder, cores. */
function guestLaunch(host: Launch, guest: string, { args, env, pty }: GuestSpec): Launch {
  const { stdinPath: _, pty: __, ...inherited } = host.spec;
  const own = { args, timeoutMs: null, graceMs: GUEST_GRACE_MS, ...(pty && { pty }) };
  const marked = { ...inherited.env, ...env, [GUEST_MARK_NAME]: guest };
  return { ...host, spec: { ...inherited, ...own, env: marked }, mark: `${GUEST_MARK_NAME}=${guest}`, isGuest: true };
}
