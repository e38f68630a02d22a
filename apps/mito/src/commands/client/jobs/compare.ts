import { Command, Option } from 'clipanion';
import type { MitosisClient } from '@mitosis/client';
import { invalidField } from '@mitosis/domain';
import type { JobResult } from '@mitosis/protocol';
import { jsonLine, writeData } from '../../../output/say.js';
import { ApiCommand } from '../../api-command.js';

async function resultsOf(api: MitosisClient, uuid: string): Promise<JobResult[]> {
  const results: JobResult[] = [];
  for await (const result of api.jobs.results(uuid)) results.push(result);
  return results;
}

export class JobsCompareCommand extends ApiCommand {
  static override paths = [
    ['client', 'jobs', 'compare'],
    ['jobs', 'compare'],
  ];
  static override usage = Command.Usage({
    category: 'Jobs',
    description: 'compare the metrics of two jobs, task by task',
    details:
      'Tasks with the same parameters stand in one row; tasks without parameters are paired by their place in the ' +
      'job. Of each metric the row has the last value in both jobs, and by how much that of the second job (B) is ' +
      'greater. With --json each row is an object with both tasks as "jobs results --json" prints them.',
    examples: [['The newest job and the one before it', '$0 jobs compare @~1 @']],
  });

  readonly csv = Option.Boolean('--csv', false, { description: 'as comma-separated values (RFC 4180)' });
  readonly uuids = Option.Rest({ name: 'uuid', required: 2 });

  protected async run(): Promise<void> {
    if (this.uuids.length !== 2) throw invalidField('uuid', `name two jobs, not ${this.uuids.length}`);
    const api = await this.api();
    const [first = [], second = []] = await Promise.all(this.uuids.map((uuid) => resultsOf(api, uuid)));
    const { compareJobs, pairTasks } = await import('../../../output/compare-jobs.js');
    if (this.json)
      return pairTasks(first, second).forEach(({ params, tasks: [a = null, b = null] }) =>
        this.line(jsonLine({ params, a, b })),
      );
    const { head, rows } = compareJobs(first, second);
    if (this.csv) {
      const { toCsv } = await import('../../../output/result-table.js');
      return void writeData(this.context.stdout, toCsv([head, ...rows]));
    }
    await this.printList(rows, { head, row: (row) => row, empty: 'neither job has tasks' });
  }
}
