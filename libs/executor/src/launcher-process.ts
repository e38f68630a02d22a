import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { cutText, type Log } from '@mitosis/domain';
import type { FromLauncher, ToLauncher } from './launcher/messages.js';

export interface LauncherProcessOptions {
  readonly log: Log;
  /** Tags that it may give to tasks begin here. */
  readonly firstTag: bigint;
  /** Use the portable spawner even where there is a better one. */
  readonly isPortable: boolean;
  /** How long it may be silent before it is taken for dead and ended. */
  readonly silenceMs: number;
  readonly onMessage: (message: FromLauncher) => void;
  /** It has ended, for the reason in words; nothing is said after this. */
  readonly onEnd: (reason: string) => void;
}

const MAIN = fileURLToPath(new URL('./launcher/main.js', import.meta.url));
const PINGS_PER_SILENCE = 4;
const STDERR_MAX = 2000;
/** Between asking the launcher to end and ending it. */
const STOP_MS = 8000;

/** The executor's end of one launcher: starts it, talks to it, notices its end. */
export class LauncherProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #heartbeat: NodeJS.Timeout;
  #unansweredPings = 0;
  #silence: string | undefined;

  constructor(private readonly options: LauncherProcessOptions) {
    this.#child = fork(MAIN, [String(options.firstTag), options.isPortable ? 'portable' : 'best'], {
      cwd: '/',
      // Its own session: Ctrl-C in the worker's terminal is the worker's to answer.
      detached: true,
      // Empty, for every task can read its parent's environment.
      env: {},
      execArgv: ['--max-old-space-size=256'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.on('message', (message: FromLauncher) => this.#receive(message));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#logStderr(text));
    this.#ended = new Promise((resolve) => this.#listenForEnd(resolve));
    this.#heartbeat = setInterval(() => this.#beat(), options.silenceMs / PINGS_PER_SILENCE);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Messages to a launcher that has ended are dropped: its end is told by `onEnd`. */
  send(message: ToLauncher): void {
    if (!this.#child.connected) return;
    this.#child.send(message, (error) => {
      if (error !== null) this.options.log.debug({ err: error }, 'message to the launcher was not delivered');
    });
  }

  /** Closes the channel, at which it ends all tasks and itself; waits for that. */
  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  #listenForEnd(resolve: () => void): void {
    let isOver = false;
    const end = (reason: string): void => {
      if (isOver) return;
      isOver = true;
      clearInterval(this.#heartbeat);
      resolve();
      this.options.onEnd(this.#silence ?? reason);
    };
    this.#child.on('error', (error) => end(`the launcher could not be started: ${error.message}`));
    this.#child.on('exit', (code, signal) => {
      const reason = `the launcher ended (${signal ?? `exit code ${code ?? 'unknown'}`})`;
      // Its last messages may arrive after its exit; the channel's end follows them.
      if (this.#child.connected) this.#child.once('disconnect', () => end(reason));
      else end(reason);
    });
  }

  #receive(message: FromLauncher): void {
    this.#unansweredPings = 0;
    if (message.type === 'ready') {
      this.#logReady(message);
    } else if (message.type !== 'pong') {
      this.options.onMessage(message);
    }
  }

  #logReady({ spawner, remark }: Extract<FromLauncher, { type: 'ready' }>): void {
    const { log } = this.options;
    if (remark === undefined) log.debug({ pid: this.pid, spawner }, 'launcher is ready');
    else log.warn({ pid: this.pid, spawner, remark }, 'launcher is ready, but starts programs in the portable way');
  }

  /** A task may have stopped the launcher (SIGSTOP): one that does not answer is replaced. */
  #beat(): void {
    // Counted, not timed: a worker that was itself held up has sent no pings.
    if (this.#unansweredPings++ < PINGS_PER_SILENCE) return this.send({ type: 'ping' });
    this.#silence = `the launcher did not answer for ${this.options.silenceMs} ms`;
    this.#child.kill('SIGKILL');
  }

  #logStderr(text: string): void {
    this.options.log.warn({ pid: this.pid, text: cutText(text, STDERR_MAX) }, 'launcher wrote to stderr');
  }
}
