import { Command, Option } from 'clipanion';
import type { JobView } from '@mitosis/protocol';
import { ApiCommand } from '../../api-command.js';

function lineOf({ counts, total, progress }: JobView): string {
  const parts = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`);
  return `${(Math.floor(progress * 1000) / 10).toFixed(1).padStart(5)} %  ${parts.join(', ')} of ${total}`;
}

export class JobsProgressCommand extends ApiCommand {
  static override paths = [
    ['client', 'jobs', 'progress'],
    ['jobs', 'progress'],
  ];
  static override usage = Command.Usage({
    category: 'Jobs',
    description: 'show how far a job is, until it is over',
  });

  readonly uuid = Option.String({ name: 'uuid' });

  protected async run(): Promise<void> {
    const api = await this.api();
    let shown = '';
    await api.jobs.wait(this.uuid, {
      onProgress: (job) => {
        const { state, progress, counts, total } = job;
        const line = this.json ? JSON.stringify({ state, progress, counts, total }) : lineOf(job);
        if (line !== shown) this.line(line);
        shown = line;
      },
    });
  }
}
