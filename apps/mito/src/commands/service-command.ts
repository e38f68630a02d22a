import { renameSync, writeFileSync } from 'node:fs';
import { Option } from 'clipanion';
import { systemError, type Log, type Service } from '@mitosis/domain';
import { reportError } from '../output/report-error.js';
import { explainPort } from '../port-in-use.js';
import { MitoCommand } from './mito-command.js';

const STATUS_MS = 1_000;
/** SIGHUP: the window was closed. */
export const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The longest that a timer can wait. */
const NO_LIMIT_MS = 2 ** 31 - 1;

export interface ServiceRun {
  readonly service: Service;
  readonly log: Log;
  /** Told to a parent process when the service is up. */
  readonly ready: () => object;
  /** What goes into the status file, every second. */
  readonly status?: () => object;
  /** Called by a second signal: end what is still going on. */
  readonly onHurry?: () => void;
  /** Longest time that stopping takes; then the process ends at once, whatever holds it. */
  readonly stopLimitMs?: number;
  /** Ends the service from inside, with the exit code to answer. */
  readonly ended?: Promise<number> | undefined;
}

/** The process ends this long after everything has stopped, even when handles are still open. */
const LEFT_OPEN_MS = 5_000;

/** `process.exit` waits for threads of Node's pool; a thread that waits for a file for ever would hold it. */
function endAtOnce(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** What keeps the process alive, such as `TCPSocketWrap`, for the log. */
function openHandles(): string {
  return process.getActiveResourcesInfo().join(' ');
}

/** Something that was left open keeps nobody waiting; what it was is in the log. */
function endWithHandlesOpen(log: Log, exitCode: number): void {
  const timer = setTimeout(() => {
    log.warn({ open: openHandles() }, 'stopped, but something is still open');
    process.exit(exitCode);
  }, LEFT_OPEN_MS);
  timer.unref();
}

/**
 * A command that is one long-running process: it ends with 0 after SIGINT, SIGTERM or SIGHUP, at once after
 * a second one, and also when the process that started it goes away.
 */
export abstract class ServiceCommand extends MitoCommand {
  readonly config = Option.String('--config', { description: 'configuration file' });
  readonly logPath = Option.String('--log-path', { description: 'folder for log files' });
  readonly fileLog = Option.Boolean('--file-log', false, {
    description: 'log to a file in that folder, which is set aside at 10 MB (three are kept)',
  });
  readonly logFile = Option.String('--log-file', { hidden: true });
  readonly statusFile = Option.String('--status-file', { hidden: true });
  readonly logLevel = Option.String('--log-level', { description: 'fatal, error, warn, info, debug or trace' });

  protected abstract prepare(): Promise<ServiceRun>;
  /** What chooses the port that it listens on. */
  protected abstract readonly portOption: string;

  protected override async run(): Promise<number> {
    try {
      return await this.serve(await this.prepare());
    } catch (failure) {
      const thrown = await explainPort(systemError(failure) ?? failure, this.portOption);
      const error = systemError(thrown);
      const facts = error && { code: error.code, kind: error.kind, details: error.details };
      process.send?.({ type: 'failed', message: error?.message ?? String(thrown), ...facts });
      throw thrown;
    } finally {
      // Our own goodbye is not a sign that the parent has gone; and a channel that is open keeps us alive.
      process.removeAllListeners('disconnect');
      if (process.connected) process.disconnect();
    }
  }

  private async serve({ service, log, ready, onHurry, ended, status, stopLimitMs }: ServiceRun): Promise<number> {
    const stopped = this.stopRequest(log, onHurry, onHurry === undefined ? () => process.exit(1) : endAtOnce);
    this.surviveFullDisk(log);
    try {
      // It may wait for something that is away: a request to stop does not wait for that, too.
      const started = service.start();
      const early = await Promise.race([started.then(() => undefined), stopped]);
      if (early !== undefined) {
        started.catch((error: unknown) => log.debug({ err: error }, 'stopped while it was starting'));
        await service.stop();
        return early;
      }
    } catch (error) {
      await service.stop();
      throw error;
    }
    const facts = ready();
    process.send?.({ type: 'ready', ...facts });
    if (status && this.statusFile !== undefined) this.keepStatus(this.statusFile, status, log);
    const exitCode = await Promise.race([stopped, ...(ended ? [ended] : [])]);
    const late = setTimeout(() => {
      log.error({ stopLimitMs, open: openHandles() }, 'it did not stop in time; ending the process at once');
      endAtOnce();
    }, stopLimitMs ?? NO_LIMIT_MS);
    await service.stop();
    clearTimeout(late);
    log.info({}, 'stopped');
    if (stopLimitMs !== undefined) endWithHandlesOpen(log, exitCode);
    return exitCode;
  }

  /** A write that nobody waits for, on a full disk, must not end the service. */
  private surviveFullDisk(log: Log): void {
    process.on('uncaughtException', (error) => {
      if (systemError(error)?.code === 'disk_full')
        return log.error({ err: error }, 'a write failed: the disk is full');
      log.error({ err: error }, 'ending: an unexpected error');
      process.exit(reportError(error, { stderr: this.context.stderr, isJson: false }));
    });
  }

  /** The file to log to instead of stderr, when there is to be one. */
  protected chosenLogFile(name: string, isWanted = false): string | undefined {
    return this.logFile ?? (isWanted || this.fileLog ? `${this.logPath ?? '.'}/${name}.log` : undefined);
  }

  /** Says which given options of the original have no effect here, and why. */
  protected noteObsolete(options: readonly (readonly [option: string, value: unknown, reason: string])[]): void {
    for (const [option, value, reason] of options)
      if (value !== undefined) this.note(`mito: ${option} has no effect: ${reason}`);
  }

  /** A status that can't be written is that of before; it is said once, and once more when it can be again. */
  private keepStatus(file: string, status: () => object, log: Log): void {
    let isFailing = false;
    const write = (): void => {
      try {
        writeFileSync(`${file}.new`, JSON.stringify(status()), { mode: 0o600 });
        renameSync(`${file}.new`, file);
        if (isFailing) log.info({ file }, 'the status file is written again');
        isFailing = false;
      } catch (thrown) {
        const error = systemError(thrown);
        if (!error) throw thrown;
        if (!isFailing) log.warn({ reason: error.message }, 'the status file can not be written; trying again');
        isFailing = true;
      }
    };
    write();
    setInterval(write, STATUS_MS).unref();
  }

  private stopRequest(log: Log, onHurry: (() => void) | undefined, giveUp: () => void): Promise<number> {
    return new Promise((resolve) => {
      let count = 0;
      const stop = (why: string): void => {
        count += 1;
        log.info({ why }, count === 1 ? 'stopping' : 'stopping at once');
        if (count === 1) return resolve(0);
        if (onHurry && count === 2) return onHurry();
        giveUp();
      };
      for (const signal of STOP_SIGNALS) process.on(signal, () => stop(signal));
      if (process.connected) process.once('disconnect', () => stop('the parent process has ended'));
    });
  }
}
