import type { DataSource } from 'typeorm';
import type { Log, Service } from '@mitosis/domain';
import type { ObjectStore } from '@mitosis/object-store';
import type { MessageBus } from '@mitosis/queue';
import type { JobEvents } from '../events/job-events.js';
import type { TaskEvents } from '../events/task-events.js';
import type { ApiRouter } from '../http/api-router.js';
import { receiverRoutes } from '../http/receiver-routes.js';
import type { MessageChannel } from '../notifications/channels/channel.js';
import { CommandChannel } from '../notifications/channels/command.js';
import { MailChannel } from '../notifications/channels/mail.js';
import { SlackChannel } from '../notifications/channels/slack.js';
import { WebhookChannel } from '../notifications/channels/webhook.js';
import { Notifier } from '../notifications/notifier.js';
import { Receivers } from '../notifications/receivers.js';
import { Sender } from '../notifications/sender.js';
import type { GroupSecrets } from '../secrets/group-secrets.js';

/** What the deployment allows and has for notifications. */
export interface NotificationSettings {
  readonly mail?: { readonly url: string; readonly from: string } | undefined;
  /** Programs by the names that receivers know. */
  readonly commands: Readonly<Record<string, string>>;
  /** Networks besides the public internet that webhooks may reach. */
  readonly allowedNetworks: readonly string[];
}

export interface CreateNotificationsOptions {
  readonly dataSource: DataSource;
  readonly bus: MessageBus;
  readonly log: Log;
  /** 256 bits that are not in the database. */
  readonly key: Buffer;
  readonly settings: NotificationSettings;
  readonly events: TaskEvents;
  readonly jobEvents: JobEvents;
  readonly store: ObjectStore;
  readonly secrets: GroupSecrets;
  /** Where people reach the web page. */
  pageUrl(): string;
}

/** Of one attempt, look-up and connection included. */
const ATTEMPT_MS = 10_000;

/** Puts together who is told what and by which channel, and mounts it. */
export function createNotifications(
  api: ApiRouter,
  options: CreateNotificationsOptions,
): { readonly services: readonly Service[] } {
  const { dataSource, bus, log, key, settings } = options;
  const { mail, commands, allowedNetworks: allowed } = settings;
  const http = { timeoutMs: ATTEMPT_MS, allowed };
  const channels: Record<string, MessageChannel> = {
    webhook: new WebhookChannel(http),
    slack: new SlackChannel(http),
    command: new CommandChannel({ commands, timeoutMs: ATTEMPT_MS }),
    ...(mail && { mail: new MailChannel({ ...mail, timeoutMs: ATTEMPT_MS }) }),
  };
  const sender = new Sender({ dataSource, bus, log, key, channels, timeoutMs: ATTEMPT_MS });
  const receivers = new Receivers({
    dataSource,
    key,
    sender,
    isMailConfigured: mail !== undefined,
    commands: Object.keys(commands),
  });
  receiverRoutes(api, receivers);
  const notifier = new Notifier({ ...options, sender, pageUrl: () => options.pageUrl() });
  return { services: [sender, notifier] };
}
