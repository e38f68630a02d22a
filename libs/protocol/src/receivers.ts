import { z } from 'zod';
import { NOTICE_EVENTS, STUCK_AFTER_MS } from '@mitosis/domain';
import { PageCursor, PageSize } from './conditions.js';
import { Name, PlainText, Timestamp, Uuid } from './fields.js';

export const RECEIVER_KINDS = ['webhook', 'slack', 'mail', 'command'] as const;

/** Receivers of a person or of a group, and messages an hour to one of them. */
export const RECEIVER_LIMITS = { each: 20, perHour: 1000, perHourDefault: 20 } as const;

const NoticeEventName = z.enum(NOTICE_EVENTS);

/** Fields that say what somebody is told of. `stuck_after_ms` belongs to `stuck` and is 30 minutes when not given. */
export const NOTICE_FIELDS = {
  on: z.array(NoticeEventName).max(NOTICE_EVENTS.length),
  stuck_after_ms: z.int().min(STUCK_AFTER_MS.min).max(STUCK_AFTER_MS.max).optional(),
} as const;

/** Whether `stuck_after_ms` stands only where it has a meaning. */
export function isStuckGiven({
  on,
  stuck_after_ms: ms,
}: {
  readonly on?: readonly string[] | undefined;
  readonly stuck_after_ms?: number | undefined;
}): boolean {
  return ms === undefined || on?.includes('stuck') === true;
}
export const STUCK_NEEDED = { path: ['stuck_after_ms'], message: 'it has a meaning only with "stuck" in "on"' };

const HttpUrl = z
  .string()
  .max(2048)
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'write an http or https URL')
  .refine((text) => !URL.canParse(text) || new URL(text).username === '', 'must not have a user name or a password');

/** The mail address is checked by the same rule as the form field of a browser, and has one recipient. */
const MailAddress = z.email('is not a mail address').max(254);

/** The key that messages to a webhook are signed with, as Standard Webhooks writes it. */
const WebhookKey = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, 'write whsec_ and at least 24 bytes in base64, or leave it out');

const TARGETS = { webhook: HttpUrl, slack: HttpUrl, mail: MailAddress, command: Name } as const;

/** The body of `POST /receivers`. */
export const CreateReceiver = z
  .strictObject({
    /** The group that it belongs to; the caller when not given. */
    group: Name.optional(),
    name: Name.max(64),
    kind: z.enum(RECEIVER_KINDS),
    /** A URL (webhook, slack), a mail address (mail), or the name of a command of the coordinator (command). */
    target: z.string().min(1).max(2048),
    /** Of a webhook; generated when not given. */
    key: WebhookKey.optional(),
    /** Told of these events of all jobs of its owner; none: only of jobs that ask for it. */
    ...NOTICE_FIELDS,
    on: NOTICE_FIELDS.on.default([]),
    /** Messages an hour; what comes on top is told in one message. */
    per_hour: z.int().min(1).max(RECEIVER_LIMITS.perHour).default(RECEIVER_LIMITS.perHourDefault),
  })
  .superRefine(({ kind, target, key }, context) => {
    const issue = TARGETS[kind].safeParse(target).error?.issues[0];
    if (issue) context.addIssue({ code: 'custom', path: ['target'], message: issue.message });
    if (key !== undefined && kind !== 'webhook')
      context.addIssue({ code: 'custom', path: ['key'], message: 'only messages to a webhook are signed' });
  })
  .refine(isStuckGiven, STUCK_NEEDED);
export type CreateReceiver = z.output<typeof CreateReceiver>;
export type CreateReceiverInput = z.input<typeof CreateReceiver>;

/** The body of `PATCH /receivers/:uuid`. */
export const ChangeReceiver = z
  .strictObject({
    ...NOTICE_FIELDS,
    on: NOTICE_FIELDS.on.optional(),
    per_hour: z.int().min(1).max(RECEIVER_LIMITS.perHour).optional(),
    /** While it is paused, messages wait, up to a day. */
    is_paused: z.boolean().optional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'name something to change')
  .refine(isStuckGiven, STUCK_NEEDED);
export type ChangeReceiver = z.output<typeof ChangeReceiver>;
export type ChangeReceiverInput = z.input<typeof ChangeReceiver>;

/** A receiver as it is shown: never the path of its URL, nor its key. */
export const ReceiverView = z.object({
  uuid: Uuid,
  /** Null for one of a person. */
  group: z.string().nullable(),
  name: z.string(),
  kind: z.enum(RECEIVER_KINDS),
  /** The host of its URL, its mail address, or the name of its command. */
  target: z.string(),
  on: z.array(NoticeEventName),
  stuck_after_ms: z.int().nullable(),
  per_hour: z.int(),
  is_paused: z.boolean(),
  created_at: Timestamp,
  /** Messages that wait for it. */
  waiting: z.int(),
  /** How the last attempt failed; null when it did not. */
  trouble: z.string().nullable(),
});
export type ReceiverView = z.output<typeof ReceiverView>;

/** The key of a webhook is shown here and never again. */
export const CreatedReceiver = ReceiverView.extend({ key: z.string().nullable() });
export type CreatedReceiver = z.output<typeof CreatedReceiver>;

/** The query string of `GET /receivers`: those of the caller, or of a group. */
export const ReceiverQuery = z.strictObject({ group: Name.optional() });
export type ReceiverQuery = z.output<typeof ReceiverQuery>;
export const ReceiverList = z.object({ receivers: z.array(ReceiverView) });

/**
 * A message to one receiver. `merged`: too many came in an hour, and another message names it. `failed`: it could
 * not be delivered within a day.
 */
export const DeliveryView = z.object({
  /** The id that the message carries, the same at each attempt. */
  uuid: Uuid,
  event: z.string(),
  /** The job or the task that it is about. */
  subject: Uuid.nullable(),
  title: z.string(),
  state: z.enum(['waiting', 'sent', 'failed', 'merged']),
  attempts: z.int(),
  /** How the last attempt went: a status, never what the receiver wrote. */
  status: z.string().nullable(),
  created_at: Timestamp,
  attempted_at: Timestamp.nullable(),
});
export type DeliveryView = z.output<typeof DeliveryView>;
export const DeliveryQuery = z.strictObject({ limit: PageSize(), after: PageCursor.optional() });
export type DeliveryQuery = z.output<typeof DeliveryQuery>;
export const DeliveryPage = z.object({ deliveries: z.array(DeliveryView), next: z.string().nullable() });
export type DeliveryPage = z.output<typeof DeliveryPage>;

/** Whom a submission tells of what: `me` for all receivers of the caller, or some of them by name. */
export const Notify = z
  .strictObject({
    to: z.array(PlainText(254)).min(1).max(8).default(['me']),
    ...NOTICE_FIELDS,
    on: NOTICE_FIELDS.on.min(1).default(['ended']),
  })
  .refine(isStuckGiven, STUCK_NEEDED);
export type Notify = z.output<typeof Notify>;

/** The same as it is shown. */
export const StoredNotify = z.object({
  to: z.array(z.string()),
  on: z.array(NoticeEventName),
  stuck_after_ms: z.number().optional(),
});
export type StoredNotify = z.output<typeof StoredNotify>;
export type NotifyInput = z.input<typeof Notify>;
