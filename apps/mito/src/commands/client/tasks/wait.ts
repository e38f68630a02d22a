import { Command, Option } from 'clipanion';
import { anySignal, isFinal, parseDuration } from '@mitosis/domain';
import type { TaskSummary } from '@mitosis/protocol';
import { EXIT_FAILED, EXIT_OK } from '../../../output/exit-codes.js';
import { ApiCommand } from '../../api-command.js';

/** Takes up those that have ended; returns how many have. */
function countEnded(ended: Set<string>, seen: readonly TaskSummary[]): number {
  for (const { uuid, state } of seen) if (isFinal(state)) ended.add(uuid);
  return ended.size;
}

export class TasksWaitCommand extends ApiCommand {
  static override paths = [
    ['client', 'tasks', 'wait'],
    ['tasks', 'wait'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'wait until tasks have ended',
    details:
      'Ends with 0 when all of them completed, otherwise with 1; with --any, by the first one that ended. ' +
      'When the time of --timeout is over it ends with 1 as well, and the tasks run on.',
    examples: [
      ['The newest two', '$0 tasks wait @ @~1'],
      ['Whichever ends first, for an hour at most', '$0 tasks wait --any --timeout 1h UUID UUID'],
    ],
  });

  readonly any = Option.Boolean('--any', false, { description: 'until one of them has ended' });
  readonly timeout = Option.String('--timeout', { description: 'how long to wait, e.g. 10m; no limit by default' });

  readonly uuids = Option.Rest({ name: 'uuid', required: 1 });

  protected async run(): Promise<number> {
    const api = await this.api();
    const patience = this.patience();
    const signals = [this.signal, patience].filter((signal) => signal !== undefined);
    const ended = new Set<string>();
    const { uuids } = this;
    const what = uuids.length === 1 ? `task ${uuids[0]} continues` : `${uuids.length} tasks continue`;
    const goesOn = `${what}; "mito tasks wait" comes back, "mito tasks cancel UUID" ends one`;
    const firstOpen = async (): Promise<string | undefined> => uuids.find((uuid) => !ended.has(uuid));
    const wait = (): Promise<TaskSummary[]> =>
      this.withBar('waiting', uuids.length, {}, (bar) => {
        const onProgress = (seen: readonly TaskSummary[]): void => bar?.update(countEnded(ended, seen));
        return api.waitTasks(uuids, { onProgress, isAny: this.any, signal: anySignal(signals) });
      });
    const tasks = await this.whileWatching(goesOn, () => this.sayingWhy(api, firstOpen, wait)).catch(
      (error: unknown) => {
        if (patience?.aborted !== true) throw error;
        this.note(
          `mito: ${uuids.length - ended.size} of ${uuids.length} ` +
            `tasks have not ended after ${this.timeout}; they run on`,
        );
        return undefined;
      },
    );
    if (tasks === undefined) return EXIT_FAILED;
    const shown = this.any ? tasks.filter(({ state }) => isFinal(state)) : tasks;
    for (const task of shown)
      this.print(task, ({ uuid, state, reason }) => `${uuid} ${state}${reason === null ? '' : ` (${reason})`}`);
    return shown.every(({ state }) => state === 'completed') ? EXIT_OK : EXIT_FAILED;
  }

  /** Fires when the time of `--timeout` is over; a timer holds 24 days at most. */
  private patience(): AbortSignal | undefined {
    if (this.timeout === undefined) return undefined;
    return AbortSignal.timeout(Math.min(parseDuration(this.timeout, '--timeout'), 2 ** 31 - 1));
  }
}
