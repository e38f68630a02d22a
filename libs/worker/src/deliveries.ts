import type { Log } from '@mitosis/domain';
import { AttemptLease, type FromWorker } from '@mitosis/protocol';
import { ChannelBackend } from '@mitosis/queue';

/** Deliveries that come over the channel to the coordinator; a hand-back names the attempt by its lease. */
export function deliveriesOver(send: (message: FromWorker) => void, log: Log): ChannelBackend {
  const referTo = (attempt: unknown): unknown => AttemptLease.strip().safeParse(attempt).data;
  return new ChannelBackend({ send: (message) => send(message as FromWorker), referTo, log });
}
