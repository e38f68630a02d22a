import type { WorkerClient } from '@mitosis/client';
import { MitoError, type Log, type Service } from '@mitosis/domain';
import { keepTrying } from './keep-trying.js';

export interface CredentialRenewalOptions {
  readonly client: WorkerClient;
  readonly log: Log;
  readonly lifeMs: number;
  /** The coordinator no longer knows this worker. */
  onRevoked(): void;
}

/** Renews the worker's credential when two thirds of its life are over, however long the coordinator is away. */
export class CredentialRenewal implements Service {
  private readonly ended = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private renewing: Promise<void> | undefined;

  constructor(private readonly options: CredentialRenewalOptions) {}

  async start(): Promise<void> {
    this.schedule(this.options.lifeMs);
  }

  async stop(): Promise<void> {
    this.ended.abort();
    clearTimeout(this.timer);
    await this.renewing;
  }

  /** Renews at once; with it the access to the queues is granted again. */
  renewNow(): void {
    if (this.ended.signal.aborted) return;
    this.renewing ??= this.renew().finally(() => (this.renewing = undefined));
  }

  /** By a duration and not by a time of day: the clock here may be wrong. */
  private schedule(lifeMs: number): void {
    if (this.ended.signal.aborted) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.renewNow(), Math.max((lifeMs * 2) / 3, 500));
  }

  private async renew(): Promise<void> {
    const { client, log, onRevoked } = this.options;
    try {
      const registration = await keepTrying('renewing the credential', () => client.renew(), {
        log,
        signal: this.ended.signal,
      });
      this.schedule(registration.expires_in_ms);
      log.info({ expires_at: registration.expires_at }, 'the credential was renewed');
    } catch (error) {
      if (this.ended.signal.aborted) return;
      log.error({ err: error }, 'the credential was not renewed');
      if (error instanceof MitoError && error.kind === 'unauthenticated') onRevoked();
      else this.timer = setTimeout(() => this.renewNow(), 5_000);
    }
  }
}
