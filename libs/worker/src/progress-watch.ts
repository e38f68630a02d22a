import {
  fromFirstCharacter,
  MitoError,
  parseProgress,
  storableSentence,
  type Log,
  type Progress,
} from '@mitosis/domain';
import { withTaskFile } from '@mitosis/executor';
import { NOTE_MAX } from '@mitosis/protocol';
import { withinTime } from './within-time.js';

/** Between two looks at the file. */
const INTERVAL_MS = 500;
/** The end of the file that is read: the last line is all that counts. */
const TAIL_BYTES = 4096;
/** For the look after the end of the program. */
const LAST_LOOK_MS = 10_000;

/** The last line with something in it, and whether it is complete. */
async function lastLine(file: string): Promise<{ readonly line: string; readonly isComplete: boolean }> {
  const tail = await withTaskFile(file, async (handle, sizeBytes) => {
    const { bytesRead, buffer } = await handle.read(
      Buffer.alloc(TAIL_BYTES),
      0,
      TAIL_BYTES,
      Math.max(sizeBytes - TAIL_BYTES, 0),
    );
    return new TextDecoder().decode(fromFirstCharacter(buffer.subarray(0, bytesRead)));
  });
  const line = tail?.split('\n').findLast((text) => text.trim() !== '') ?? '';
  return { line, isComplete: tail?.endsWith('\n') ?? false };
}

/** Looks at the file of one attempt now and then, and tells what is new in its last line. */
export class ProgressWatch {
  private readonly timer: NodeJS.Timeout;
  private last = '';
  private looking: Promise<void> | undefined;
  private problem: string | undefined;

  constructor(
    private readonly file: string,
    private readonly onProgress: (progress: Progress) => void,
    private readonly log: Log,
  ) {
    this.timer = setInterval(() => void this.look(), INTERVAL_MS);
    this.timer.unref();
  }

  /**
   * Looks once more: what a task said at its end counts. Resolves with the first thing that could not be
   * understood, as a sentence for the owner of the task.
   */
  async stop(): Promise<string | undefined> {
    clearInterval(this.timer);
    const lastLook = async (): Promise<void> => {
      await this.looking;
      await this.look(true);
    };
    await withinTime('a last look at $MITO_PROGRESS', LAST_LOOK_MS, lastLook()).catch((error: unknown) =>
      this.note((error as Error).message),
    );
    return this.problem;
  }

  private look(isLast = false): Promise<void> {
    this.looking ??= this.read(isLast)
      .catch((error: unknown) => {
        this.log.debug({ err: error, file: this.file }, 'the progress of a task could not be read');
        this.note(error instanceof MitoError ? error.message : String(error));
      })
      .finally(() => (this.looking = undefined));
    return this.looking;
  }

  private async read(isLast: boolean): Promise<void> {
    const { line, isComplete } = await lastLine(this.file);
    const progress = line === this.last ? undefined : parseProgress(line);
    if (progress) this.onProgress(progress);
    else if (line !== this.last && line !== '' && (isComplete || isLast))
      this.note(`"${line}" is not of the form 0.42 or 42%`);
    if (progress || isComplete) this.last = line;
  }

  private note(problem: string): void {
    this.problem ??= storableSentence(`$MITO_PROGRESS can't be understood: ${problem}`, NOTE_MAX);
  }
}
