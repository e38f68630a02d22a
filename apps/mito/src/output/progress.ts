import type { Writable } from 'node:stream';
import { formatBytes, formatDuration } from '@mitosis/domain';
import { isTerminal } from './paint.js';
import { control, drawn, harmless, say } from './say.js';
import { shorten, textWidth } from './text-width.js';

/** How far something is: a bar with the time left on a terminal, otherwise a line for each tenth, at most one a second. */
export interface Progress {
  /** So much is done. */
  update(done: number): void;
  /** So much more is done. */
  add(more: number): void;
  /** Has `write` write lines, above the bar when it is on the same terminal. */
  above(write: () => void): void;
  stop(): void;
}

export interface ProgressOptions {
  /** What `done` and `total` count; things unless told. */
  readonly unit?: 'things' | 'bytes';
}

const CLEAR_LINE = '\r\u001b[K';
const REDRAW_MS = 100;
/** Between two lines where there is no terminal. */
const LINE_MS = 1_000;
/** Of the bar alone, in columns. */
const WIDTH_MIN = 10;
const WIDTH_MAX = 30;

/** The time left, when it goes on as it went so far. */
function timeLeft(sinceMs: number, done: number, total: number): string {
  return done === 0 ? '' : `${formatDuration(((performance.now() - sinceMs) / done) * (total - done))} left`;
}

function plainProgress(stream: Writable, label: string, total: number, format: (value: number) => string): Progress {
  const begin = performance.now();
  let shown = 0;
  let shownAt = begin;
  let now = 0;
  const update = (done: number): void => {
    now = done;
    const tenth = Math.floor((done / total) * 10);
    if (tenth <= shown || (done < total && performance.now() - shownAt < LINE_MS)) return;
    shown = tenth;
    shownAt = performance.now();
    say(
      stream,
      `${harmless(label)} ${format(done)}/${format(total)}${done < total ? `, ${timeLeft(begin, done, total)}` : ''}\n`,
    );
  };
  return { update, add: (more) => update(now + more), above: (write) => write(), stop() {} };
}

/** As wide as fits: the label, the bar, what is done, and the time left or taken. */
function barLine(
  columns: number,
  label: string,
  { done, total, facts }: { done: number; total: number; facts: string },
): string {
  const name = shorten(harmless(label), Math.max(columns - facts.length - WIDTH_MIN - 4, 0));
  const width = Math.min(columns - textWidth(name) - facts.length - 4, WIDTH_MAX);
  if (width < 1) return shorten(facts, columns - 1);
  const full = Math.round(Math.min(Math.max(done / total, 0), 1) * width);
  return `${name} ${drawn('█').repeat(full)}${drawn('░').repeat(width - full)} ${facts}`;
}

function bar(
  stream: Writable & { readonly columns?: number },
  label: string,
  total: number,
  format: (value: number) => string,
): Progress {
  const begin = performance.now();
  let done = 0;
  const draw = (): void => {
    const time = done < total ? timeLeft(begin, done, total) : `in ${formatDuration(performance.now() - begin)}`;
    control(
      stream,
      CLEAR_LINE +
        barLine(stream.columns ?? 80, label, { done, total, facts: `${format(done)}/${format(total)}  ${time}` }),
    );
  };
  const timer = setInterval(draw, REDRAW_MS).unref();
  draw();
  return {
    update: (now) => void (done = now),
    add: (more) => void (done += more),
    above(write) {
      control(stream, CLEAR_LINE);
      write();
      draw();
    },
    stop() {
      clearInterval(timer);
      draw();
      control(stream, '\n');
    },
  };
}

/** Begins to show the progress of `label` towards `total`. */
export function startProgress(
  stream: Writable,
  label: string,
  total: number,
  { unit = 'things' }: ProgressOptions = {},
): Progress {
  const format = unit === 'bytes' ? formatBytes : String;
  return (isTerminal(stream) ? bar : plainProgress)(stream, label, total, format);
}
