import type { Outgoing } from '../notice.js';

/** Where a receiver is, as it is stored encrypted. */
export interface Target {
  /** A URL, a mail address, or the name of a command. */
  readonly to: string;
  /** Of a webhook. */
  readonly key?: string | undefined;
}

/** What a target is encrypted for: in the row of another receiver it can't be opened. */
export const placeOfReceiver = (id: string): string => `receiver/${id}`;

/** How an attempt went: for the log of deliveries, so never anything that the receiver wrote. */
export interface Sent {
  readonly isDelivered: boolean;
  readonly status: string;
}

/** One way to deliver a message. The text is made once and stored, so that each attempt sends the same. */
export interface MessageChannel {
  /** At most as long as the channel takes; the counts and the link are always in it. */
  render(message: Outgoing): string;
  /** One attempt, within `signal`. Throws nothing that is a matter of the receiver. */
  send(text: string, to: Target & { readonly id: string; readonly signal: AbortSignal }): Promise<Sent>;
}

/** The code of a system, DNS or TLS error, for people; the message of it may quote what the other side has sent. */
export function failedBy(error: unknown, timeoutMs: number): Sent {
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (name === 'AbortError' || name === 'TimeoutError')
    return { isDelivered: false, status: `no response within ${timeoutMs / 1000} s` };
  return { isDelivered: false, status: `failed (${typeof code === 'string' ? code : 'no connection'})` };
}

/** Waits for what can't be ended, such as a look-up, until `signal` fires, and leaves it behind then. */
export function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason as Error);
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
