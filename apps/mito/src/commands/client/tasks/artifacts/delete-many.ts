import { Command } from 'clipanion';
import { invalidField } from '@mitosis/domain';
import { ArtifactFilterCommand } from '../../../artifact-filter-command.js';

export class TasksArtifactsDeleteManyCommand extends ArtifactFilterCommand {
  static override paths = [
    ['client', 'tasks', 'artifacts', 'delete-many'],
    ['tasks', 'artifacts', 'delete-many'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'delete one kind of artifact of all tasks that a filter finds',
    examples: [
      [
        'The working folders of what went well',
        '$0 client tasks artifacts delete-many exec-log -g vision -s completed',
      ],
    ],
  });

  protected async run(): Promise<number> {
    const { deleteArtifact, parseKind } = await import('../../../../files/save-artifact.js');
    const kind = parseKind(this.kind);
    if (!this.isFiltered) throw invalidField('filter', 'say which tasks, for example with --group or --state');
    const api = await this.api();
    const items = await this.artifacts(api, kind);
    return this.withBar('deleting', items.length, {}, (bar) =>
      this.runAll({
        items,
        nameOf: ({ uuid }) => uuid,
        work: async ({ uuid }) => deleteArtifact(api, uuid, kind).finally(() => bar?.add(1)),
      }),
    );
  }
}
