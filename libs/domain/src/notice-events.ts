import { listItems } from './conditions.js';
import { parseDuration } from './duration.js';
import { invalidField } from './errors.js';

/** What people can be told about a job, or about a task without a job. */
export const NOTICE_EVENTS = ['started', 'ended', 'failed', 'stuck'] as const;
export type NoticeEvent = (typeof NOTICE_EVENTS)[number];

/** How long a job may wait until it counts as stuck. */
export const STUCK_AFTER_MS = { min: 60_000, max: 30 * 86_400_000, default: 30 * 60_000 } as const;

/** The events that somebody wants to be told of. */
export interface NoticeChoice {
  readonly on: NoticeEvent[];
  /** Only with `stuck`. */
  readonly stuck_after_ms?: number;
}

function parseStuck(text: string, field: string): number {
  const ms = parseDuration(text, field);
  if (ms >= STUCK_AFTER_MS.min && ms <= STUCK_AFTER_MS.max) return ms;
  throw invalidField(field, `"stuck=${text}" is out of range; use 1m to 30d`);
}

/** Reads `failed,ended,stuck=30m`, given as one text or several. Throws `invalid_request` naming `field`. */
export function parseNoticeEvents(texts: readonly string[], field: string): NoticeChoice {
  const on = new Set<NoticeEvent>();
  let stuckAfterMs: number | undefined;
  for (const text of texts) {
    const items = listItems(text);
    if (items === undefined)
      throw invalidField(field, `"${text}" has an empty part; write for example failed,stuck=30m`);
    for (const item of items) {
      const [name = '', span, ...rest] = item.split('=');
      const event = NOTICE_EVENTS.find((one) => one === name.trim());
      if (event === undefined || rest.length > 0 || (span !== undefined && event !== 'stuck'))
        throw invalidField(field, `"${item}" is not an event; use ${NOTICE_EVENTS.join(', ')} or stuck=30m`);
      on.add(event);
      if (span !== undefined) stuckAfterMs = parseStuck(span.trim(), field);
    }
  }
  if (!on.has('stuck')) return { on: [...on] };
  return { on: [...on], stuck_after_ms: stuckAfterMs ?? STUCK_AFTER_MS.default };
}
