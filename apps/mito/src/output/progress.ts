import type { Writable } from 'node:stream';
import { formatBytes, formatDuration } from '@mitosis/domain';
import { isTerminal } from './paint.js';
import { control, drawn, harmless, say } from './say.js';
import { shorten, textWidth } from './text-width.js';

/**
 * How far something is: a bar with the time left on a terminal, otherwise a line for each tenth, at most one a second.
 */
export interface Progress {
  /** So much is done. */
  update(done: number): void;
  /** So much more is done. */
  add(more: number): void;
  /** While nothing is to be expected no time counts. */
  pause(isPaused: boolean): void;
  /** Has `write` write lines, above the bar when it is on the same terminal. */
  above(write: () => void): void;
  stop(): void;
}

export interface ProgressOptions {
  /** What `done` and `total` count; things unless told. */
  readonly unit?: 'things' | 'bytes';
  /** So much was done before; it says nothing about how fast it goes. */
  readonly done?: number;
}

const CLEAR_LINE = '\r\u001b[K';
const REDRAW_MS = 100;
/** Between two lines where there is no terminal. */
const LINE_MS = 1_000;
/** Of the bar alone, in columns. */
const WIDTH_MIN = 10;
const WIDTH_MAX = 30;

/** A process that looks less often than this was stopped meanwhile, or its machine was asleep. */
const STOPPED_MS = 2_000;

/** How fast it goes: by what was done while we looked, without the time of pauses. */
export class Pace {
  private activeMs = 0;
  private lookedAt: number;
  private isPaused = false;

  constructor(
    private readonly before: number,
    private readonly gapMaxMs: number,
    private readonly clock: () => number = () => performance.now(),
  ) {
    this.lookedAt = clock();
  }

  look(): void {
    const now = this.clock();
    if (!this.isPaused) this.activeMs += Math.min(now - this.lookedAt, this.gapMaxMs);
    this.lookedAt = now;
  }

  pause(isPaused: boolean): void {
    this.look();
    this.isPaused = isPaused;
  }

  /** The time left, when it continues as it went. */
  left(done: number, total: number): string {
    if (this.isPaused) return 'suspended';
    const made = done - this.before;
    return made <= 0 ? '' : `${formatDuration((this.activeMs / made) * (total - done))} left`;
  }
}

type Format = (value: number) => string;

interface Counted {
  readonly total: number;
  readonly before: number;
  readonly format: Format;
}

function plainProgress(stream: Writable, label: string, { total, before, format }: Counted): Progress {
  const pace = new Pace(before, Infinity);
  let shown = Math.floor((before / total) * 10);
  let shownAt = performance.now();
  let now = before;
  const update = (done: number): void => {
    now = done;
    pace.look();
    const tenth = Math.floor((done / total) * 10);
    if (tenth <= shown || (done < total && performance.now() - shownAt < LINE_MS)) return;
    shown = tenth;
    shownAt = performance.now();
    const left = done < total ? pace.left(done, total) : '';
    say(stream, `${harmless(label)} ${format(done)}/${format(total)}${left === '' ? '' : `, ${left}`}\n`);
  };
  return {
    update,
    add: (more) => update(now + more),
    pause: (isPaused) => pace.pause(isPaused),
    above: (write) => write(),
    stop() {},
  };
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
  { total, before, format }: Counted,
): Progress {
  const begin = performance.now();
  const pace = new Pace(before, STOPPED_MS);
  let done = before;
  const draw = (): void => {
    pace.look();
    const time = done < total ? pace.left(done, total) : `in ${formatDuration(performance.now() - begin)}`;
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
    pause: (isPaused) => pace.pause(isPaused),
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
  { unit = 'things', done: before = 0 }: ProgressOptions = {},
): Progress {
  const format = unit === 'bytes' ? formatBytes : String;
  return (isTerminal(stream) ? bar : plainProgress)(stream, label, { total, before, format });
}
