import { Command } from 'clipanion';
import { RerunCommand } from '../../rerun-options.js';

export class JobsRerunCommand extends RerunCommand {
  static override paths = [
    ['client', 'jobs', 'rerun'],
    ['jobs', 'rerun'],
  ];
  static override usage = Command.Usage({
    category: 'Jobs',
    description: 'submit all tasks of a job again, as a new job',
    details: 'Its tasks wait for each other as before. For those that failed only, see "jobs retry-failed".',
    examples: [['With the code as it is now', '$0 jobs rerun UUID -C .']],
  });

  protected async run(): Promise<void> {
    const api = await this.api();
    const { group } = await api.jobs.get(this.uuid);
    const job = await api.jobs.rerun(this.uuid, await this.changes(api, group));
    this.print({ uuid: job.uuid, tasks: job.tasks.length }, ({ uuid }) => uuid);
  }
}
