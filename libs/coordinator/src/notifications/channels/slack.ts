import { noticeText } from '../notice-text.js';
import type { Outgoing } from '../notice.js';
import type { MessageChannel, Sent, Target } from './channel.js';
import { post } from './post.js';
import type { HttpChannelOptions } from './webhook.js';

/** Slack refuses a longer text of a section as a whole; Mattermost and others take more. */
const CHARACTERS_MAX = 3000;

/** The characters that have a meaning (api.slack.com, "Formatting text"): `<!channel>` is shown and calls nobody. */
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('`', 'ˋ');

/** The form that incoming webhooks of Slack, Mattermost, Rocket.Chat and others take. */
export class SlackChannel implements MessageChannel {
  constructor(private readonly options: HttpChannelOptions) {}

  render(message: Outgoing): string {
    return JSON.stringify({ text: noticeText(message, { unitsMax: CHARACTERS_MAX, escaped, quote: '```' }) });
  }

  send(body: string, { to: url, id, signal }: Target & { id: string; signal: AbortSignal }): Promise<Sent> {
    return post({ ...this.options, url, body, signal, headers: { 'webhook-id': id } });
  }
}
