import { Command, Option } from 'clipanion';
import { OutputSearchCommand, SEARCH_DETAILS } from '../../output-search-command.js';

export class TasksGrepCommand extends OutputSearchCommand {
  static override paths = [
    ['client', 'tasks', 'grep'],
    ['tasks', 'grep'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'search in what tasks have printed',
    details: SEARCH_DETAILS,
    examples: [
      ['Which tasks of today ran out of memory', '$0 tasks grep -s failed --since today -i "out of memory"'],
      ['Their UUIDs, for another command', '$0 tasks grep -q -F "CUDA error" -g vision'],
    ],
  });

  readonly pattern = Option.String({ name: 'pattern' });

  protected run(): Promise<void> {
    return this.search(this.pattern, () => this.filter());
  }
}
