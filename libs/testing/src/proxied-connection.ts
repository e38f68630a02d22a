import type { Socket } from 'node:net';
import { DelayedPipe } from './delayed-pipe.js';
import type { ProxyMode } from './proxy-mode.js';

export interface ConnectionEvents {
  /** A fault was done to this connection; once per connection. */
  harmed(): void;
  closed(): void;
}

/** One client's connection through the proxy, and the one to the target that belongs to it. */
export class ProxiedConnection {
  #target: Socket | undefined;
  #requests: DelayedPipe | undefined;
  #replies: DelayedPipe | undefined;
  #stalled = false;
  #harmed = false;
  #closed = false;

  constructor(
    private readonly client: Socket,
    private readonly dial: () => Socket,
    private readonly events: ConnectionEvents,
  ) {
    this.#endWith(client);
    // Until a mode is applied nothing is read.
    client.pause();
  }

  /** Behaves as `mode` says from now on. */
  apply(mode: ProxyMode): void {
    if (this.#closed) return;
    if (mode.kind === 'reset') return this.#reset();
    if (mode.kind === 'half-open') return this.#stall();
    // Bytes went missing meanwhile: what follows would be garbage.
    if (this.#stalled) return this.#reset();
    this.#open();
    const delayMs = mode.kind === 'latency' ? mode.delayMs : 0;
    const dropReply = mode.kind === 'drop-reply';
    this.#requests?.set(delayMs, undefined);
    this.#replies?.set(delayMs, dropReply ? () => this.#reset() : undefined);
  }

  /** Closes both sides without a word. */
  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#requests?.stop();
    this.#replies?.stop();
    this.client.destroy();
    this.#target?.destroy();
    this.events.closed();
  }

  #open(): void {
    if (this.#target !== undefined) return;
    const target = this.dial();
    this.#target = target;
    this.#endWith(target);
    this.#requests = new DelayedPipe(this.client, target);
    this.#replies = new DelayedPipe(target, this.client);
  }

  #stall(): void {
    if (this.#stalled) return;
    this.#stalled = true;
    this.#harm();
    this.#requests?.swallow();
    this.#replies?.swallow();
    if (this.#target === undefined) this.client.on('data', () => undefined);
  }

  #reset(): void {
    this.#harm();
    this.client.resetAndDestroy();
    this.#target?.resetAndDestroy();
    this.destroy();
  }

  #harm(): void {
    if (this.#harmed) return;
    this.#harmed = true;
    this.events.harmed();
  }

  /** A side that breaks takes the other with it, unless the connection is stalled: then nobody hears. */
  #endWith(socket: Socket): void {
    socket.setNoDelay(true);
    socket.on('error', () => {
      if (!this.#stalled) this.#breakOff();
    });
    socket.on('close', () => this.#sideClosed());
  }

  #breakOff(): void {
    if (this.#closed) return;
    this.client.resetAndDestroy();
    this.#target?.resetAndDestroy();
    this.destroy();
  }

  #sideClosed(): void {
    if (this.client.destroyed && (this.#target === undefined || this.#target.destroyed)) this.destroy();
  }
}
