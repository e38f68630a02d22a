import type { EntityManager } from 'typeorm';
import type { MessageChannel } from './channels/channel.js';
import type { MoreNotices, Notice } from './notice.js';

/** What is to be done for a receiver: send a message, wait until its hour has room again, or nothing. */
export type NextMessage =
  | { readonly kind: 'message'; readonly id: string; readonly payload: string }
  | { readonly kind: 'later'; readonly ms: number }
  | { readonly kind: 'none' };

interface Row {
  readonly id: string;
  readonly event: string;
  readonly created_at: Date;
  readonly content: Notice;
  readonly payload: string | null;
}

/** Titles that the message about the others names. */
const TITLES_MAX = 10;

/** What its owner may not read any more is not sent: a person who is locked or has left the group, a deleted group. */
const WITHDRAW = `
  UPDATE messages m SET state = 'failed', status = 'its owner may not read it any more' FROM receivers r
  WHERE m.receiver_id = $1 AND m.state = 'waiting' AND r.id = m.receiver_id AND NOT (
    CASE WHEN r.user_id IS NULL THEN EXISTS (SELECT 1 FROM groups g WHERE g.id = r.group_id AND g.state <> 'deleted')
    ELSE EXISTS (SELECT 1 FROM users u WHERE u.id = r.user_id AND u.state = 'active'
      AND (m.group_id IS NULL OR u.is_admin OR EXISTS (
        SELECT 1 FROM memberships s JOIN groups g ON g.id = s.group_id AND g.state <> 'deleted'
        WHERE s.user_id = u.id AND s.group_id = m.group_id)))
    END)`;

/** One that was tried least comes first: a message that its receiver refuses does not keep back the others. */
const NEXT = `
  SELECT id, event, created_at, content, payload FROM messages WHERE receiver_id = $1 AND state = 'waiting'
  ORDER BY attempts, seq LIMIT 1 FOR UPDATE`;

/** Messages of the last hour, and when the oldest of them leaves it. Tests do not count. */
const SENT = `
  SELECT r.per_hour, count(m.id)::int AS sent,
    extract(epoch FROM min(m.attempted_at) + interval '1 hour' - clock_timestamp())::float8 * 1000 AS room_in_ms
  FROM receivers r LEFT JOIN messages m ON m.receiver_id = r.id AND m.state = 'sent' AND m.event <> 'test'
    AND m.attempted_at > clock_timestamp() - interval '1 hour'
  WHERE r.id = $1 GROUP BY r.per_hour`;

const MERGE = `
  UPDATE messages SET state = 'merged', status = 'told of in message ' || $2
  WHERE receiver_id = $1 AND state = 'waiting' AND id <> $2::uuid AND payload IS NULL AND event <> 'test'
  RETURNING seq, title`;

async function mergeOthers(tx: EntityManager, receiver: string, id: string): Promise<MoreNotices> {
  const [merged] = (await tx.query(MERGE, [receiver, id])) as [{ seq: string; title: string }[], number];
  const titles = merged.toSorted((a, b) => Number(a.seq) - Number(b.seq)).map(({ title }) => title);
  return { count: merged.length, titles: titles.slice(0, TITLES_MAX) };
}

/**
 * The next message of a receiver, with the text that all attempts send. The last one that an hour has room for tells
 * of all that wait behind it. Without a channel there is no text, and the attempt says so.
 */
export async function nextMessage(
  tx: EntityManager,
  receiver: string,
  channel: MessageChannel | undefined,
): Promise<NextMessage> {
  await tx.query(WITHDRAW, [receiver]);
  const [row] = (await tx.query(NEXT, [receiver])) as Row[];
  if (!row) return { kind: 'none' };
  const { id, event, created_at: createdAt, content: notice, payload: stored } = row;
  if (stored !== null) return { kind: 'message', id, payload: stored };
  if (channel === undefined) return { kind: 'message', id, payload: '' };
  const [hour] = (await tx.query(SENT, [receiver])) as [{ per_hour: number; sent: number; room_in_ms: number | null }];
  const room = event === 'test' ? Number.POSITIVE_INFINITY : hour.per_hour - hour.sent;
  if (room <= 0) return { kind: 'later', ms: Math.max(hour.room_in_ms ?? 0, 1000) };
  const more = room === 1 ? await mergeOthers(tx, receiver, id) : { count: 0, titles: [] };
  const payload = channel.render({ id, createdAt, notice, more });
  await tx.query('UPDATE messages SET payload = $2 WHERE id = $1', [id, payload]);
  return { kind: 'message', id, payload };
}
