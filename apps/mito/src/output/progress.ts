import { SingleBar } from 'cli-progress';
import type { Writable } from 'node:stream';

/** How far something is: a bar on a terminal, otherwise a line for each tenth. */
export interface Progress {
  update(done: number): void;
  stop(): void;
}

function isTerminal(stream: Writable): boolean {
  return 'isTTY' in stream && stream.isTTY === true;
}

export function startProgress(stream: Writable, label: string, total: number): Progress {
  if (!isTerminal(stream)) {
    let shown = 0;
    return {
      update(done) {
        const tenth = Math.floor((done / total) * 10);
        if (tenth > shown) stream.write(`${label} ${done}/${total}\n`);
        shown = Math.max(shown, tenth);
      },
      stop() {},
    };
  }
  const format = `${label} {bar} {value}/{total}  {eta_formatted} left`;
  const bar = new SingleBar({ format, stream: stream as NodeJS.WritableStream, hideCursor: true, barCompleteChar: '█', barIncompleteChar: '░' });
  bar.start(total, 0);
  return { update: (done) => bar.update(done), stop: () => bar.stop() };
}
