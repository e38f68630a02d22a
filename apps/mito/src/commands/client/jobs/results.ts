import { Command, Option } from 'clipanion';
import type { JobResult } from '@mitosis/protocol';
import { writeData } from '../../../output/say.js';
import { ApiCommand } from '../../api-command.js';

/** Tasks that are named on stderr because of their metrics. */
const NOTED_MAX = 10;

export class JobsResultsCommand extends ApiCommand {
  static override paths = [
    ['client', 'jobs', 'results'],
    ['jobs', 'results'],
  ];
  static override usage = Command.Usage({
    category: 'Jobs',
    description: 'one table of parameters, metrics and outcomes of a job',
    details:
      'A task that writes lines of JSON to $MITO_RESULT_DIR/metrics.jsonl has a column for each of their fields; of ' +
      'several lines the last value of each field counts, unless --all is given. At most 1,000 lines and 64 KiB are ' +
      'kept: of more lines those that show the shape of the curves, with the exact last, least and greatest values. ' +
      'Tasks with more, or with lines that are not JSON objects, are named on stderr. With --json every task is a ' +
      'line with all of its rows.',
    examples: [['For a spreadsheet', '$0 jobs results UUID --csv > results.csv']],
  });

  readonly uuid = Option.String({ name: 'uuid' });
  readonly csv = Option.Boolean('--csv', false, { description: 'as comma-separated values (RFC 4180)' });
  readonly all = Option.Boolean('--all', false, {
    description: 'a line for each row of metrics, not only the last value of each',
  });

  protected async run(): Promise<void> {
    const results = (await this.api()).jobs.results(this.uuid);
    if (this.json) return this.printList(this.noting(results), { head: [], row: () => [] });
    const { resultTable, toCsv } = await import('../../../output/result-table.js');
    const all = [];
    for await (const result of this.noting(results)) all.push(result);
    const { head, rows } = resultTable(all, { isEachRow: this.all });
    if (this.csv) return void writeData(this.context.stdout, toCsv([head, ...rows]));
    await this.printList(rows, { head, row: (row) => row, empty: 'the job has no tasks' });
  }

  /** Passes the results on, and says on stderr afterwards of which the metrics are not what the task wrote. */
  private async *noting(results: AsyncIterable<JobResult>): AsyncGenerator<JobResult> {
    const noted: string[] = [];
    for await (const result of results) {
      const notes = result.notes.filter((note) => note.startsWith('metrics.jsonl'));
      if (notes.length > 0) noted.push(`task ${result.index} (${result.task}): ${notes.join('; ')}`);
      yield result;
    }
    for (const line of noted.slice(0, NOTED_MAX)) this.note(`note: ${line}`);
    if (noted.length > NOTED_MAX) this.note(`note: and ${noted.length - NOTED_MAX} more tasks; "tasks get" says why`);
  }
}
