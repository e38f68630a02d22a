import { Command, Option } from 'clipanion';
import { invalidField, WORKLOAD_STATES, type WorkloadState } from '@mitosis/domain';
import { ApiCommand } from '../../api-command.js';
import { givenList, givenText } from '../../option-values.js';
import { PAGE, parseWithin } from '../../task-options.js';

function parseState(word: string): WorkloadState {
  const state = WORKLOAD_STATES.find((known) => known === word);
  if (state === undefined) throw invalidField('--state', `"${word}" is none of ${WORKLOAD_STATES.join(', ')}`);
  return state;
}

export class WorkloadsListCommand extends ApiCommand {
  static override paths = ['list', 'query'].flatMap((word) => [
    ['client', 'workloads', word],
    ['workloads', word],
  ]);
  static override usage = Command.Usage({ category: 'Programs', description: 'list computations, newest first' });

  readonly group = Option.String('-g,--group', { description: 'of this group' });
  readonly creator = Option.String('-c,--creator', { description: 'of this user' });
  readonly name = Option.String('--name', { description: 'with this name' });
  readonly state = Option.Array('-s,--state', [], {
    description: `in one of these states: ${WORKLOAD_STATES.join(', ')}`,
  });
  readonly limit = Option.String('--limit', '100', { description: 'at most this many, up to 1000' });
  readonly after = Option.String('--after', { description: 'below this uuid: continue where another page ended' });

  protected async run(): Promise<void> {
    const { after } = this;
    const [group, creator] = [givenText(this.group, '--group'), givenText(this.creator, '--creator')];
    const name = givenText(this.name, '--name');
    const [state, limit] = [
      givenList(this.state, '--state')?.map(parseState),
      parseWithin(this.limit, '--limit', PAGE),
    ];
    const { workloads } = await (await this.api()).workloads.query({ group, creator, name, after, limit, state });
    const { WORKLOAD_LISTING } = await import('../../../output/describe-workload.js');
    await this.printList(workloads, WORKLOAD_LISTING);
  }
}
