import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { MitoError, textTail, type Log } from '@mitosis/domain';
import { FrameStream } from './frame-stream.js';
import { FRAME_HEADER_BYTES, ToSandbox } from './guest/frame.js';
import { CHILD_ENV, type LaunchPlan } from './launch-plan.js';
import { residentBytes } from './process-usage.js';

const READY_TIMEOUT_MS = 10_000;
const LAST_WORDS_MAX = 4096;

/** A process is replaced after this many runs, so that nothing can pile up in it for ever. */
const RUNS_MAX = 5000;

/** With what is left of earlier runs; a fresh one has 45 MiB. */
const KEPT_MAX_BYTES = 160 * 1_048_576;

/** One child of the sandbox: started, spoken to in frames, and killed with its whole group. */
export class GuestProcess {
  readonly pid: number;
  readonly frames: FrameStream;
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;
  readonly diesWithParent: boolean;
  /** CPU time of the process before its current run. */
  cpuUsedMs = 0;
  #child: ChildProcessByStdio<Writable, Readable, Readable>;
  #isUsable = true;
  #runs = 0;
  #lastWords = '';

  private constructor(child: ChildProcessByStdio<Writable, Readable, Readable>, plan: LaunchPlan) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    this.diesWithParent = plan.diesWithParent;
    this.frames = new FrameStream(child.stdout);
    this.gone = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.on('error', () => resolve());
    });
    child.once('exit', () => (this.#isUsable = false));
    child.stdin.on('error', () => (this.#isUsable = false));
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
  }

  /** Starts a child and waits until it takes orders. Throws `sandbox_unavailable`. */
  static async start(plan: LaunchPlan, log: Log): Promise<GuestProcess> {
    const child = spawn(plan.command, plan.args, {
      cwd: '/',
      env: CHILD_ENV,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let failure: Error | undefined;
    child.once('error', (error) => (failure = error));
    const guest = new GuestProcess(child, plan);
    const timer = setTimeout(() => guest.kill(), READY_TIMEOUT_MS);
    const frame = await guest.frames.next();
    clearTimeout(timer);
    if (frame?.type === ToSandbox.ready) {
      guest.cpuUsedMs = frame.payload.readDoubleLE(0);
      return guest;
    }
    guest.kill();
    log.error({ lastWords: guest.lastWords, failure: failure?.message }, 'a sandbox process did not start');
    throw new MitoError('unavailable', 'sandbox_unavailable', 'a sandbox process could not be started', {
      details: { lastWords: guest.lastWords },
      cause: failure,
    });
  }

  /** What the process itself (never the guest) wrote to its stderr: why V8 gave up, for one. */
  get lastWords(): string {
    return this.#lastWords;
  }

  /** True while the process can take another run. */
  get isUsable(): boolean {
    return this.#isUsable && this.#runs < RUNS_MAX;
  }

  /** A run is over. A process that has kept much of it takes no other: what it has would count against that one. */
  countRun(): void {
    this.#runs += 1;
    if ((residentBytes(this.pid) ?? 0) > KEPT_MAX_BYTES) this.#isUsable = false;
  }

  send(type: number, payload: Uint8Array): void {
    const header = Buffer.alloc(FRAME_HEADER_BYTES);
    header.writeUInt32LE(payload.length, 0);
    header.writeUInt8(type, 4);
    this.#child.stdin.cork();
    this.#child.stdin.write(header);
    this.#child.stdin.write(payload);
    this.#child.stdin.uncork();
  }

  /** Ends the process and all that it may have started, at once. */
  kill(): void {
    this.#isUsable = false;
    if (this.pid === 0 || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch (error) {
      // The group is gone, or not yet made; the child itself is still ours to end.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
      this.#child.kill('SIGKILL');
    }
  }

  #hear(text: string): void {
    this.#lastWords = textTail(this.#lastWords + text, LAST_WORDS_MAX);
  }
}
