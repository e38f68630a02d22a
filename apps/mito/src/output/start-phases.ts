import type { MitosisClient } from '@mitosis/client';

/** Phases say how long they last at their end: `building the environment (uv), 5 s`. */
const DURATION = /, \d+ s$/;

/** Says what the worker of a task does before its program starts, each phase once. */
export class StartPhases {
  private readonly ended = new AbortController();
  private readonly saying: Promise<void>;

  constructor(
    private readonly api: MitosisClient,
    private readonly task: string,
    private readonly note: (text: string) => void,
  ) {
    this.saying = this.say();
  }

  /** Never rejects: a task runs whether or not somebody is told. */
  async stop(): Promise<void> {
    this.ended.abort();
    await this.saying;
  }

  private async say(): Promise<void> {
    const { signal } = this.ended;
    try {
      await this.follow(signal);
    } catch (error) {
      if (!signal.aborted) this.note(`mito: phases of the task are not shown: ${(error as Error).message}`);
    }
  }

  private async follow(signal: AbortSignal): Promise<void> {
    let [said, begunAt] = ['', 0];
    for await (const event of this.api.events({ task: this.task }, { signal })) {
      if (event.type !== 'task' || event.state !== 'running' || event.progress !== null) continue;
      const phase = event.message?.replace(DURATION, '') ?? '';
      if (phase === said) continue;
      if (phase === '')
        this.note(`mito: after ${Math.round((performance.now() - begunAt) / 1000)} s the program starts`);
      else this.note(`mito: ${phase}`);
      if (said === '') begunAt = performance.now();
      said = phase;
    }
  }
}
