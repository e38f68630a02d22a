import { MitoError } from '@mitosis/domain';

export interface CallerShareOptions {
  /** Requests of one caller that are worked on at a time. */
  readonly active?: number;
  /** Further requests of the same caller that wait for their turn. */
  readonly waiting?: number;
}

interface Line {
  active: number;
  readonly waiting: (() => void)[];
}

/**
 * Keeps one caller from taking all connections to the database and all processor time: a few requests of each caller
 * are worked on at a time, the others of the same caller wait in a line of their own, in order.
 */
export class CallerShare {
  private readonly lines = new Map<string, Line>();
  private readonly active: number;
  private readonly waiting: number;

  /** By default 4 of the 10 connections of a pool, and more in line than any client of ours sends at a time. */
  constructor({ active = 4, waiting = 512 }: CallerShareOptions = {}) {
    this.active = active;
    this.waiting = waiting;
  }

  /**
   * Waits for the caller's turn. Returns what ends it; calling that twice does nothing. Throws `too_many_requests`
   * (429) when the caller's line is full. `signal` takes a request out of the line whose client has gone.
   */
  async enter(caller: string, signal?: AbortSignal): Promise<() => void> {
    const line = this.lines.get(caller) ?? { active: 0, waiting: [] };
    this.lines.set(caller, line);
    if (line.active < this.active) line.active += 1;
    else await this.turn(line, signal);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.leave(caller, line);
    };
  }

  private turn(line: Line, signal: AbortSignal | undefined): Promise<void> {
    if (line.waiting.length >= this.waiting) {
      throw new MitoError(
        'rate-limited',
        'too_many_requests',
        `you have ${this.waiting} requests waiting already; send fewer at a time`,
        { details: { retry_after_s: 1 } },
      );
    }
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        line.waiting.splice(line.waiting.indexOf(begin), 1);
        reject(new MitoError('unavailable', 'client_gone', 'the client closed the connection'));
      };
      line.waiting.push(begin);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** The turn goes to the next in line; a line without anybody is forgotten. */
  private leave(caller: string, line: Line): void {
    const next = line.waiting.shift();
    if (next) return next();
    line.active -= 1;
    if (line.active === 0) this.lines.delete(caller);
  }
}
