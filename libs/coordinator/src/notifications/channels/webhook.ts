import { createHmac } from 'node:crypto';
import type { Outgoing } from '../notice.js';
import type { MessageChannel, Sent, Target } from './channel.js';
import { post } from './post.js';

export interface HttpChannelOptions {
  readonly timeoutMs: number;
  readonly allowed: readonly string[];
}

/** The message in JSON, for webhooks and commands. */
export function noticeJson({ createdAt, notice: { event, ...data }, more }: Outgoing): string {
  return JSON.stringify({
    type: data.subject === null ? event : `${data.subject.kind}.${event}`,
    timestamp: createdAt.toISOString(),
    data: { ...data, ...(more.count > 0 && { more }) },
  });
}

/** Headers of Standard Webhooks 1.0.0: the id stays the same, time and signature are those of the attempt. */
export function signed(text: string, { id, key, now }: { id: string; key: string; now: Date }): Record<string, string> {
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const secret = Buffer.from(key.replace(/^whsec_/, ''), 'base64');
  const mac = createHmac('sha256', secret).update(`${id}.${timestamp}.${text}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${mac}` };
}

/** A POST request in JSON, signed again for each attempt. */
export class WebhookChannel implements MessageChannel {
  constructor(private readonly options: HttpChannelOptions) {}

  render(message: Outgoing): string {
    return noticeJson(message);
  }

  send(body: string, { to: url, key = '', id, signal }: Target & { id: string; signal: AbortSignal }): Promise<Sent> {
    return post({ ...this.options, url, body, signal, headers: signed(body, { id, key, now: new Date() }) });
  }
}
