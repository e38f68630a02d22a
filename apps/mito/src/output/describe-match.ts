import type { OutputMatch } from '@mitosis/protocol';
import { formatTime } from './format-time.js';
import type { Paint } from './paint.js';
import { harmless } from './say.js';

const WIDTH = 7;

/** The heading above the lines of one task. */
export function describeMatchTask(match: OutputMatch, paint: Paint): string {
  const place = match.job_index === null ? '' : `, task ${match.job_index} of its job`;
  const host = match.host === null ? '' : ` on ${harmless(match.host)}`;
  const attempt = `attempt ${match.attempt}${host}, since ${formatTime(match.started_at)}`;
  return `${paint.bold(match.task)}  ${paint.dim(`${harmless(match.name)}${place}, ${attempt}`)}`;
}

/** One line that was found, with its number and with the match in colour. */
export function describeMatch({ line, text, at, length, stream, is_cut: isCut }: OutputMatch, paint: Paint): string {
  // parsing: the places are those that the search has returned
  const [before, found, after] = [text.slice(0, at), text.slice(at, at + length), text.slice(at + length)].map(
    harmless,
  );
  const number = String(line + 1).padStart(WIDTH);
  const mark = stream === 'stderr' ? '!' : ' ';
  return (
    `${paint.dim(`${number}${mark}`)} ` +
    `${before}${paint.red(paint.bold(found ?? ''))}${after}${isCut ? paint.dim(' …') : ''}`
  );
}
