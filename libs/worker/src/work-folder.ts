import { statfsSync } from 'node:fs';
import { systemError, type Log } from '@mitosis/domain';

/** With less than this no task can be prepared and no report be kept. */
const ROOM_MIN_BYTES = 1_048_576;

function freeBytesIn(dir: string): number {
  try {
    const { bavail, bsize } = statfsSync(dir);
    return bavail * bsize;
  } catch (error) {
    // A folder that can't be reached has no room for anything.
    if (systemError(error)) return 0;
    throw error;
  }
}

/** Whether the disk of the work folder has room for another task; said in the log once when that changes. */
export class WorkFolder {
  private isFull = false;

  constructor(
    private readonly dir: string,
    private readonly log: Log,
    private readonly freeBytes: (dir: string) => number = freeBytesIn,
  ) {}

  /** As it was at the last look. */
  get hasRoom(): boolean {
    return !this.isFull;
  }

  /** Looks again; answers true when that has changed. */
  look(): boolean {
    const free = this.freeBytes(this.dir);
    const isFull = free < ROOM_MIN_BYTES;
    if (isFull === this.isFull) return false;
    this.isFull = isFull;
    const facts = { dir: this.dir, free_bytes: free };
    if (isFull) this.log.warn(facts, 'the disk of the work folder is full: taking nothing new until there is room');
    else this.log.info(facts, 'there is room in the work folder again: taking tasks');
    return true;
  }
}
