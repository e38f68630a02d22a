import { Command, Option } from 'clipanion';
import { invalidField } from '@mitosis/domain';
import { writeData } from '../../output/say.js';
import { ApiCommand } from '../api-command.js';
import { givenList, givenText, timeOf } from '../option-values.js';

const KEYS = ['user', 'group', 'job'];

export class UsageCommand extends ApiCommand {
  static override paths = [['client', 'usage'], ['usage']];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'core hours, GPU hours, wall hours and waiting time, by user, group or job',
    details:
      'Counts the attempts that started in this time, in the groups that you may read. Core hours are the cores that ' +
      'an attempt was given, times its time; an attempt that asked for nothing counts as one core. Attempts whose ' +
      'worker was lost are counted apart. Waiting is the time from the submission, or the start time, to the first ' +
      'attempt.',
    examples: [
      ['Who used what in the last 30 days', '$0 usage'],
      ['Each job of a group in the last week, for a spreadsheet', '$0 usage --by job,user -g vision --since 7d --csv'],
    ],
  });

  readonly by = Option.Array('--by', [], {
    description: 'what has a line of its own: user, group, job; user by default',
  });
  readonly since = Option.String('--since', {
    description: 'attempts that started since then: 30d, yesterday, 2026-11-28; 30d by default',
  });
  readonly until = Option.String('--until', { description: 'attempts that started before then' });
  readonly group = Option.String('-g,--group', { description: 'only this group' });
  readonly csv = Option.Boolean('--csv', false, { description: 'as comma-separated values (RFC 4180)' });

  protected async run(): Promise<void> {
    const by = givenList(this.by, '--by') ?? ['user'];
    const wrong = by.find((key) => !KEYS.includes(key));
    if (wrong !== undefined) throw invalidField('--by', `"${wrong}" is none of ${KEYS.join(', ')}`);
    const table = await (
      await this.api()
    ).usage.table({
      by: by.join(','),
      since: timeOf(this.since, '--since'),
      until: timeOf(this.until, '--until'),
      group: givenText(this.group, '--group'),
    });
    if (!table.is_complete) this.note(`note: only the ${table.rows.length} rows with the most core hours are shown`);
    const { usageCsv, usageListing } = await import('../../output/describe-usage.js');
    if (this.csv) {
      const { toCsv } = await import('../../output/result-table.js');
      return void writeData(this.context.stdout, toCsv(usageCsv(by, table.rows)));
    }
    await this.printList(table.rows, usageListing(by));
  }
}
