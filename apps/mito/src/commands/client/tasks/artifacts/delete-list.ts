import { Command, Option } from 'clipanion';
import { BatchCommand } from '../../../transfer-command.js';

export class TasksArtifactsDeleteListCommand extends BatchCommand {
  static override paths = [
    ['client', 'tasks', 'artifacts', 'delete-list'],
    ['tasks', 'artifacts', 'delete-list'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'delete one kind of artifact of the tasks named',
  });

  readonly kind = Option.String({ name: 'kind' });
  readonly uuids = Option.Rest({ name: 'uuid', required: 1 });

  protected async run(): Promise<number> {
    const { deleteArtifact, parseKind } = await import('../../../../files/save-artifact.js');
    const kind = parseKind(this.kind);
    const api = await this.api();
    return this.withBar('deleting', this.uuids.length, {}, (bar) =>
      this.runAll({
        items: this.uuids,
        nameOf: (uuid) => uuid,
        work: async (uuid) => deleteArtifact(api, uuid, kind).finally(() => bar?.add(1)),
      }),
    );
  }
}
