import { setTimeout as delay } from 'node:timers/promises';
import type { MitosisClient } from '@mitosis/client';
import { MitoError } from '@mitosis/domain';

/** Somebody who waits for longer than this without a start wants to know why. */
const FIRST_MS = 3_000;

/** Afterwards it is asked again after these times: what changes on the workers is not an event of the task. */
const AGAIN_MS = [10_000, 20_000, 40_000, 60_000];

/** Counts go up and down all the time: they alone are not news. */
const gist = (summary: string): string => summary.replaceAll(/\d+/g, '#');

/**
 * Says why a task has not started, after 3 s and again when the reason changes, until the task has started or
 * `stop` is called.
 */
export class StartVerdict {
  private readonly ended = new AbortController();
  private readonly done: Promise<void>;

  constructor(
    private readonly api: Pick<MitosisClient, 'explainTask'>,
    private readonly task: () => Promise<string | undefined>,
    private readonly say: (text: string) => void,
  ) {
    this.done = this.watch();
  }

  async stop(): Promise<void> {
    this.ended.abort();
    await this.done;
  }

  private async watch(): Promise<void> {
    let said = '';
    let waitMs = FIRST_MS;
    for (let round = 0; await this.pause(waitMs); round += 1) {
      waitMs = AGAIN_MS[Math.min(round, AGAIN_MS.length - 1)] as number;
      const verdict = await this.ask();
      if (verdict === 'over') return;
      if (verdict === undefined || gist(verdict.summary) === said || this.ended.signal.aborted) continue;
      said = gist(verdict.summary);
      this.say(`mito: waiting: ${verdict.summary} (mito tasks explain ${verdict.uuid})`);
    }
  }

  /** Undefined: nobody can say now. */
  private async ask(): Promise<{ uuid: string; summary: string } | 'over' | undefined> {
    try {
      const uuid = await this.task();
      if (uuid === undefined) return undefined;
      const { state, summary } = await this.api.explainTask(uuid, { signal: this.ended.signal });
      return state === 'ready' || state === 'pending' ? { uuid, summary } : 'over';
    } catch (error) {
      // Other commands tell the person who waits.
      if (this.ended.signal.aborted || error instanceof MitoError) return undefined;
      throw error;
    }
  }

  private async pause(ms: number): Promise<boolean> {
    await delay(ms, undefined, { signal: this.ended.signal, ref: false }).catch((error: Error) => {
      if (error.name !== 'AbortError') throw error;
    });
    return !this.ended.signal.aborted;
  }
}
