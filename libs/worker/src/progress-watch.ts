import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { cutText, fromFirstCharacter, oneLine, type Log } from '@mitosis/domain';

export interface Progress {
  /** 0 to 1. */
  readonly value: number;
  readonly message: string | null;
}

/** Between two looks at the file. */
const INTERVAL_MS = 500;
/** The end of the file that is read: the last line is all that counts. */
const TAIL_BYTES = 4096;
const MESSAGE_MAX = 255;

/** `0.42 epoch 3`, `42% "epoch 3"`: how far, and what for people. Undefined for anything else. */
export function parseProgress(line: string): Progress | undefined {
  const match = /^\s*(\d+(?:\.\d+)?|\.\d+)(%?)(?:\s+(.*?))?\s*$/.exec(line);
  if (!match) return undefined;
  const value = Number(match[1]) / (match[2] === '%' ? 100 : 1);
  if (!(value >= 0 && value <= 1)) return undefined;
  const text = cutText(oneLine((match[3] ?? '').replace(/^"(.*)"$/, '$1')), MESSAGE_MAX);
  return { value, message: text === '' ? null : text };
}

async function readTail(file: string): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const info = await handle.stat();
    if (!info.isFile()) return '';
    const buffer = Buffer.alloc(TAIL_BYTES);
    const { bytesRead } = await handle.read(buffer, 0, TAIL_BYTES, Math.max(info.size - TAIL_BYTES, 0));
    return new TextDecoder().decode(fromFirstCharacter(buffer.subarray(0, bytesRead)));
  } finally {
    await handle.close();
  }
}

/** Looks at the file of one attempt now and then, and tells what is new in its last line. */
export class ProgressWatch {
  private readonly timer: NodeJS.Timeout;
  private last = '';
  private isLooking = false;

  constructor(
    private readonly file: string,
    private readonly onProgress: (progress: Progress) => void,
    private readonly log: Log,
  ) {
    this.timer = setInterval(() => void this.look(), INTERVAL_MS);
    this.timer.unref();
  }

  /** Looks once more: what a task said at its end counts. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.look();
  }

  private async look(): Promise<void> {
    // Most tasks say nothing of themselves: to ask costs less than an error from `open`.
    if (this.isLooking || !existsSync(this.file)) return;
    this.isLooking = true;
    try {
      const line =
        (await readTail(this.file))
          .split('\n')
          .filter((text) => text.trim() !== '')
          .at(-1) ?? '';
      const progress = line === this.last ? undefined : parseProgress(line);
      this.last = line;
      if (progress) this.onProgress(progress);
    } catch (error) {
      this.log.debug({ err: error, file: this.file }, 'the progress of a task could not be read');
    } finally {
      this.isLooking = false;
    }
  }
}
