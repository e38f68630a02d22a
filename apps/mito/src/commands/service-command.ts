import type { Log, Service } from '@mitosis/domain';
import { Option } from 'clipanion';
import { MitoCommand } from './mito-command.js';

export interface ServiceRun {
  readonly service: Service;
  readonly log: Log;
  /** Told to a parent process when the service is up. */
  readonly ready: () => object;
  /** Called by a second signal: end what is still going on. */
  readonly onHurry?: () => void;
  /** Ends the service from inside, with the exit code to answer. */
  readonly ended?: Promise<number> | undefined;
}

/**
 * A command that is one long-running process: it ends with 0 after SIGINT or SIGTERM, at once after
 * a second one, and also when the process that started it goes away.
 */
export abstract class ServiceCommand extends MitoCommand {
  readonly config = Option.String('--config', { description: 'configuration file' });
  readonly logLevel = Option.String('--log-level', { description: 'fatal, error, warn, info, debug or trace' });

  protected abstract prepare(): Promise<ServiceRun>;

  protected override async run(): Promise<number> {
    const { service, log, ready, onHurry, ended } = await this.prepare();
    const stopped = this.stopRequest(log, onHurry);
    try {
      await service.start();
    } catch (error) {
      await service.stop();
      throw error;
    }
    const facts = ready();
    process.send?.({ type: 'ready', ...facts });
    const exitCode = await Promise.race([stopped, ...(ended ? [ended] : [])]);
    await service.stop();
    log.info({}, 'stopped');
    if (process.connected) process.disconnect();
    return exitCode;
  }

  private stopRequest(log: Log, onHurry: (() => void) | undefined): Promise<number> {
    return new Promise((resolve) => {
      let count = 0;
      const stop = (why: string): void => {
        count += 1;
        log.info({ why }, count === 1 ? 'stopping' : 'stopping at once');
        if (count === 1) return resolve(0);
        if (onHurry && count === 2) return onHurry();
        process.exit(1);
      };
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop(signal));
      if (process.connected) process.once('disconnect', () => stop('the parent process has ended'));
    });
  }
}
