import type { Transporter } from 'nodemailer';
import { cutText } from '@mitosis/domain';
import { noticeText } from '../notice-text.js';
import type { Outgoing } from '../notice.js';
import { failedBy, untilAborted, type MessageChannel, type Sent, type Target } from './channel.js';

export interface MailOptions {
  /** `smtp://USER:PASSWORD@HOST:PORT` or `smtps://…`. */
  readonly url: string;
  readonly from: string;
  readonly timeoutMs: number;
}

const CHARACTERS_MAX = 50_000;
/** RFC 5322 limits a line to 998 octets; mail programs show the beginning. */
const SUBJECT_MAX = 150;

interface Mail {
  readonly subject: string;
  readonly text: string;
}

/** A mail in plain text by way of the mail server that the coordinator is configured with. */
export class MailChannel implements MessageChannel {
  constructor(private readonly options: MailOptions) {}

  render(message: Outgoing): string {
    const text = noticeText(message, { unitsMax: CHARACTERS_MAX, escaped: (plain) => plain, quote: '' });
    const mail: Mail = { subject: `[mito] ${cutText(message.notice.title, SUBJECT_MAX, '…')}`, text };
    return JSON.stringify(mail);
  }

  async send(
    content: string,
    { to: address, id, signal }: Target & { id: string; signal: AbortSignal },
  ): Promise<Sent> {
    const { from, timeoutMs } = this.options;
    const { subject, text } = JSON.parse(content) as Mail;
    const transport = await this.transport();
    try {
      const sending = transport.sendMail({
        from,
        to: { name: '', address },
        subject,
        text,
        messageId: `<${id}@mitosis.invalid>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      await untilAborted(signal, sending);
      return { isDelivered: true, status: 'accepted by the mail server' };
    } catch (error) {
      const { responseCode } = error as { responseCode?: unknown };
      if (typeof responseCode === 'number') return { isDelivered: false, status: `SMTP ${responseCode}` };
      return failedBy(error, timeoutMs);
    } finally {
      transport.close();
    }
  }

  private async transport(): Promise<Transporter> {
    const { url, timeoutMs } = this.options;
    const { createTransport } = await import('nodemailer');
    const timeouts = { connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs };
    return createTransport({ url, ...timeouts });
  }
}
