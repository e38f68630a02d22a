import pg from 'pg';
import type { Log } from '@mitosis/domain';
import { Backoff } from '../backoff.js';
import { pause, settlesWithin } from '../pause.js';
import { Subscribers } from '../subscribers.js';
import { reasonOf } from '../unavailable.js';

const CHECK_EVERY_MS = 10_000;
const CHECK_MS = 5_000;
const OPEN_MS = 5_000;
const END_MS = 1_000;

/**
 * One LISTEN connection for any number of channels. It is rebuilt whenever it breaks, and asked a
 * question every 10 s, because a half-open connection looks like a quiet one. What is sent while
 * it is down is lost; `onRebuilt` tells that this may have happened.
 */
export class PgListener {
  private readonly subscribers: Subscribers;
  private readonly rebuilt = new Set<() => void>();
  private readonly stopping = new AbortController();
  private client: pg.Client | undefined;
  private opened = deferred();
  private asked: Promise<void> = Promise.resolve();
  private loop: Promise<void> | undefined;

  constructor(
    private readonly config: pg.ClientConfig,
    private readonly log: Log,
  ) {
    this.subscribers = new Subscribers(log);
  }

  /**
   * Listens from now on; without a connection, waits up to 5 s for it and leaves the rest to the
   * reconnects. Returns the function that ends it.
   */
  async subscribe(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>> {
    const isNew = !this.subscribers.has(channel);
    const remove = this.subscribers.add(channel, onPayload);
    this.loop ??= this.run();
    if (this.client === undefined) await settlesWithin(OPEN_MS, this.opened.promise);
    else await (isNew ? this.tell('LISTEN', channel) : this.asked);
    return async () => {
      remove();
      if (!this.subscribers.has(channel)) await this.tell('UNLISTEN', channel);
    };
  }

  onRebuilt(listener: () => void): () => void {
    this.rebuilt.add(listener);
    return () => this.rebuilt.delete(listener);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.loop;
  }

  private async tell(command: 'LISTEN' | 'UNLISTEN', channel: string): Promise<void> {
    try {
      if (this.client !== undefined) await this.ask(this.client, `${command} ${pg.escapeIdentifier(channel)}`);
    } catch (error) {
      this.log.debug({ channel, reason: reasonOf(error) }, 'the listening connection broke');
    }
  }

  /** One query after the other, whoever asks. */
  private ask(client: pg.Client, sql: string): Promise<unknown> {
    const answer = this.asked.then(() => client.query(sql));
    this.asked = answer.then(
      () => undefined,
      () => undefined,
    );
    return answer;
  }

  private async run(): Promise<void> {
    const backoff = new Backoff();
    while (!this.stopping.signal.aborted) {
      const client = new pg.Client({ ...this.config, query_timeout: CHECK_MS });
      const ended = new AbortController();
      const end = (): void => ended.abort();
      client.on('error', end).on('end', end);
      this.stopping.signal.addEventListener('abort', end);
      try {
        await this.open(client);
        await this.watch(client, ended.signal, backoff);
      } catch (error) {
        this.log.debug({ reason: reasonOf(error) }, 'listening to Postgres failed');
      }
      this.stopping.signal.removeEventListener('abort', end);
      this.client = undefined;
      this.asked = Promise.resolve();
      this.opened = deferred();
      await endPgClient(client);
      // Whoever listened finds out by asking whether there is anything, or that the server is away.
      if (!this.stopping.signal.aborted) for (const listener of this.rebuilt) listener();
      await pause(backoff.next(), this.stopping.signal);
    }
  }

  private async open(client: pg.Client): Promise<void> {
    client.on('notification', ({ channel, payload }) => this.subscribers.deliver(channel, payload ?? ''));
    await client.connect();
    // Set first: a channel that is added from here on is told to this connection.
    this.client = client;
    const channels = this.subscribers.channels().map((channel) => pg.escapeIdentifier(channel));
    for (const channel of channels) await this.ask(client, `LISTEN ${channel}`);
    this.opened.resolve();
    for (const listener of this.rebuilt) listener();
  }

  /** Returns when the connection ends, throws when it does not answer. */
  private async watch(client: pg.Client, ended: AbortSignal, backoff: Backoff): Promise<void> {
    for (;;) {
      await pause(CHECK_EVERY_MS, ended);
      if (ended.aborted) return;
      await this.ask(client, 'SELECT 1');
      // Not earlier: a server that ends each connection at once shall not be stormed.
      backoff.reset();
    }
  }
}

function deferred(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}

/** Ends a connection; one that does not answer is cut. */
async function endPgClient(client: pg.Client): Promise<void> {
  if (await settlesWithin(END_MS, client.end())) return;
  client.connection.stream.destroy();
}
