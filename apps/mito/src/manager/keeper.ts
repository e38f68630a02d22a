import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fromFirstCharacter, systemError, textTail, type Log } from '@mitosis/domain';
import { processIdentity } from '@mitosis/embedded';
import { EXIT_NOT_AUTHORIZED, EXIT_OK, EXIT_USAGE } from '../output/exit-codes.js';
import type { WorkerEnd, WorkerRecord, WorkerRecords } from './worker-records.js';

export interface KeeperOptions {
  readonly records: WorkerRecords;
  readonly record: WorkerRecord;
  /** The command line of the worker, its program first. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
}

/** It was told to stop, or another start would end in the same way. */
const FINAL_CODES = new Set([EXIT_OK, EXIT_USAGE, EXIT_NOT_AUTHORIZED]);
const PAUSE_FIRST_MS = 1_000;
const PAUSE_MAX_MS = 60_000;
/** A worker that lived so long was not broken from the beginning. */
const LIFE_MIN_MS = 60_000;
const OUTPUT_LIMIT_BYTES = 1_048_576;
const SAID_CHARACTERS = 1_000;
const SAVE_AGAIN_MS = 1_000;

/**
 * Keeps one worker of this machine running: starts it again, at longer and longer intervals, when it ends by
 * itself after it had come up, and writes down why it ended. SIGTERM to the keeper ends only that.
 */
export class Keeper {
  private record: WorkerRecord;
  private readonly over = new AbortController();

  constructor(private readonly options: KeeperOptions) {
    this.record = options.record;
  }

  /** Nothing is started from now on. */
  release(): void {
    this.over.abort();
  }

  /** Resolves when the worker has ended for good. */
  async run(): Promise<void> {
    const { signal } = this.over;
    for (let pauseMs = PAUSE_FIRST_MS; !signal.aborted; pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS)) {
      const begunAt = performance.now();
      const end = await this.runOnce();
      if (signal.aborted || (end.exit_code !== null && FINAL_CODES.has(end.exit_code))) return;
      // What never came up is told to whoever spawned it.
      if ((await this.options.records.status(this.record)) === undefined) return;
      if (performance.now() - begunAt > LIFE_MIN_MS) pauseMs = PAUSE_FIRST_MS;
      const { name } = this.record;
      this.options.log.warn({ name, ...end, pause_ms: pauseMs }, `${name} has ended; it is started again`);
      this.save({ ...this.record, restarts: (this.record.restarts ?? 0) + 1, last_end: end });
      await delay(pauseMs, undefined, { signal }).catch(() => {});
    }
  }

  private async runOnce(): Promise<WorkerEnd> {
    const outFile = path.join(this.options.records.folder(this.record.name), 'output');
    const size = await stat(outFile).then(
      (found) => found.size,
      () => 0,
    );
    const out = await open(outFile, size > OUTPUT_LIMIT_BYTES ? 'w' : 'a', 0o600);
    let child: ChildProcess;
    try {
      const [program = '', ...argv] = this.options.command;
      const stdio = ['ignore', out.fd, out.fd] as const;
      child = spawn(program, argv, { detached: true, stdio: [...stdio], env: { ...this.options.env, NO_COLOR: '1' } });
      await once(child, 'spawn');
    } finally {
      await out.close();
    }
    if (this.over.signal.aborted) child.kill('SIGTERM');
    const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    const [own, worker] = await Promise.all([processIdentity(process.pid), processIdentity(child.pid ?? 0)]);
    this.save({ ...this.record, keeper: own, process: worker });
    const [exitCode, signal] = await exit;
    return { at: new Date().toISOString(), exit_code: exitCode, signal, said: await lastWords(outFile, size) };
  }

  /** A disk without room is waited for: the last record is written as soon as there is some. */
  private save(record: WorkerRecord): void {
    this.record = record;
    const write = async (): Promise<void> => {
      for (let isSaid = false; this.record === record;) {
        try {
          return await this.options.records.save(record);
        } catch (thrown) {
          const error = systemError(thrown);
          if (!error) throw thrown;
          if (!isSaid)
            this.options.log.warn({ reason: error.message }, 'the pid file can not be written; trying again');
          isSaid = true;
          await delay(SAVE_AGAIN_MS, undefined, { ref: false });
        }
      }
    };
    write().catch((error: unknown) => this.options.log.error({ err: error }, 'the pid file was not written'));
  }
}

/** What was printed since the file had `from` bytes: its last lines. */
async function lastWords(file: string, from: number): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const begin = Math.max(size < from ? 0 : from, size - 4 * SAID_CHARACTERS);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.max(size - begin, 0)), 0, undefined, begin);
    // lossy: what a process has printed, for a person
    const text = new TextDecoder().decode(fromFirstCharacter(buffer.subarray(0, bytesRead)));
    return textTail(text.trim().split('\n').slice(-3).join('\n'), SAID_CHARACTERS);
  } finally {
    await handle.close();
  }
}
