import { invalidField } from '@mitosis/domain';
import { Command, Option } from 'clipanion';
import { TaskFilterCommand } from '../../../task-filter-options.js';

export class TasksArtifactsDeleteManyCommand extends TaskFilterCommand {
  static override paths = [['client', 'tasks', 'artifacts', 'delete-many'], ['tasks', 'artifacts', 'delete-many']];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'delete one kind of artifact of all tasks that a filter finds',
    examples: [['The working folders of what went well', '$0 client tasks artifacts delete-many exec-log -g vision -s completed']],
  });

  readonly kind = Option.String({ name: 'kind' });

  protected async run(): Promise<number> {
    const { parseKind } = await import('../../../../files/save-artifact.js');
    const kind = parseKind(this.kind);
    const { limit: _, ...filter } = this.filter();
    const isFiltered = this.limit !== undefined || Object.values(filter).some((value) => value !== undefined && String(value) !== '');
    if (!isFiltered) throw invalidField('filter', 'say which tasks, for example with --group or --state');
    const api = await this.api();
    const uuids: string[] = [];
    for await (const { uuid, artifacts } of this.limited(api.tasks(this.filter()))) if (artifacts.some((artifact) => artifact.kind === kind)) uuids.push(uuid);
    return this.runAll(uuids, (uuid) => uuid, async (uuid) => {
      await api.files.deleteArtifact(uuid, kind);
      return { name: uuid, kind, deleted: true };
    });
  }
}
