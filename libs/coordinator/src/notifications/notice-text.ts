import { counted, cutText, formatBytes, formatDuration } from '@mitosis/domain';
import type { Notice, NoticeFailure, Outgoing } from './notice.js';

export interface TextForm {
  /** UTF-16 units after escaping. */
  readonly unitsMax: number;
  /** Takes the meaning out of what has one in this channel. */
  escaped(text: string): string;
  /** Stands before and after lines of output. */
  readonly quote: string;
}

function usedLine({ used }: Notice): string[] {
  if (used === null) return [];
  const { elapsed_ms, wall_ms, cpu_ms, peak_rss_bytes: peak, attempts } = used;
  const memory = peak === null ? '' : `, ${formatBytes(peak)} of memory at most`;
  const [elapsed, wall, cpu] = [elapsed_ms, wall_ms, cpu_ms].map(formatDuration);
  return [`It took ${elapsed}; ${counted(attempts, 'attempt')} used ${wall}, ${cpu} of a core${memory}.`];
}

function countsLine({ subject }: Notice): string[] {
  if (subject === null || subject.kind === 'task') return [];
  const counts = Object.entries(subject.counts).filter(([, count]) => count > 0);
  return counts.length === 0
    ? []
    : [`Tasks: ${counts.map(([state, count]) => `${count.toLocaleString('en-US')} ${state}`).join(', ')}.`];
}

/** `text` in its escaped form within `unitsMax`, cut between characters before the escape, never within one. */
function fitted(text: string, unitsMax: number, escaped: TextForm['escaped']): string {
  let kept = cutText(text, Math.max(unitsMax, 0), '…');
  while (kept !== '') {
    const form = escaped(kept);
    const excess = form.length - unitsMax;
    if (excess <= 0) return form;
    // An escape makes one character of at most five.
    kept = cutText(kept, Math.max(kept.length - Math.ceil(excess / 5), 0), '…');
  }
  return '';
}

function failureText(
  { count, why, lines }: NoticeFailure,
  room: number,
  { escaped, quote }: TextForm,
): string | undefined {
  const head = escaped(`${count.toLocaleString('en-US')} × ${why}`);
  if (lines.length === 0) return head.length <= room ? head : undefined;
  const frame = head.length + 2 * quote.length + 3;
  const body = fitted(lines.join('\n'), room - frame, escaped);
  if (body === '') return head.length <= room ? head : undefined;
  return quote === '' ? `${head}\n${body}` : `${head}\n${quote}${body}${quote}`;
}

/**
 * The message as text. Title, counts, what is merged in and the link are always there, each cut to a part of the room;
 * failures fill what is left, most frequent first, and the text says how many failed tasks it does not show.
 */
export function noticeText({ notice, more }: Outgoing, form: TextForm): string {
  const { unitsMax, escaped } = form;
  const part = Math.floor(unitsMax / 8);
  const head = [
    fitted(notice.title, part, escaped),
    ...countsLine(notice),
    ...usedLine(notice),
    ...(notice.reason === null ? [] : [fitted(notice.reason, part, escaped)]),
  ];
  const foot = [
    ...(more.count === 0
      ? []
      : [fitted(`And ${more.count} more within the hour:\n${more.titles.join('\n')}`, 2 * part, escaped)]),
    ...(notice.link === null ? [] : [notice.link]),
  ];
  const failed = notice.failures.reduce((sum, { count }) => sum + count, notice.other_failures);
  const restLine = (count: number): string => `${count.toLocaleString('en-US')} more failed tasks are not shown.`;
  let room = unitsMax - [...head, ...foot, restLine(failed)].join('\n\n').length - 4;
  let shown = 0;
  const failures: string[] = [];
  for (const failure of notice.failures) {
    const text = failureText(failure, room, form);
    if (text === undefined) break;
    failures.push(text);
    shown += failure.count;
    room -= text.length + 2;
  }
  const rest = failed > shown ? [restLine(failed - shown)] : [];
  return [...head, ...failures, ...rest, ...foot].join('\n\n');
}
