import { formatDuration } from '@mitosis/domain';
import { SingleBar } from 'cli-progress';
import type { Writable } from 'node:stream';
import { formatBytes } from './format-bytes.js';
import { isTerminal } from './paint.js';

/** How far something is: a bar with the time left on a terminal, otherwise a line for each tenth. */
export interface Progress {
  update(done: number): void;
  stop(): void;
}

export interface ProgressOptions {
  /** What `done` and `total` count; things unless told. */
  readonly unit?: 'things' | 'bytes';
}

/** For `--quiet` and `--json`. */
export const SILENT_PROGRESS: Progress = { update() {}, stop() {} };

function plainProgress(stream: Writable, label: string, total: number, format: (value: number) => string): Progress {
  const begin = performance.now();
  let shown = 0;
  return {
    update(done) {
      const tenth = Math.floor((done / total) * 10);
      if (tenth <= shown) return;
      shown = tenth;
      const leftMs = ((performance.now() - begin) / done) * (total - done);
      stream.write(`${label} ${format(done)}/${format(total)}${done < total ? `, ${formatDuration(leftMs)} left` : ''}\n`);
    },
    stop() {},
  };
}

/** Begins to show the progress of `label` towards `total`. */
export function startProgress(stream: Writable, label: string, total: number, { unit = 'things' }: ProgressOptions = {}): Progress {
  const format = unit === 'bytes' ? formatBytes : String;
  if (!isTerminal(stream)) return plainProgress(stream, label, total, format);
  const bar = new SingleBar({
    format: `${label} {bar} {done}/{all}  {eta_formatted} left`,
    stream: stream as NodeJS.WritableStream,
    hideCursor: true,
    clearOnComplete: false,
    barCompleteChar: '█',
    barIncompleteChar: '░',
  });
  bar.start(total, 0, { done: format(0), all: format(total) });
  return { update: (done) => bar.update(done, { done: format(done) }), stop: () => bar.stop() };
}
