import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../../api-command.js';

export class TasksArtifactsDeleteCommand extends ApiCommand {
  static override paths = [
    ['client', 'tasks', 'artifacts', 'delete'],
    ['tasks', 'artifacts', 'delete'],
    ['client', 'admin', 'tasks', 'artifacts', 'delete'],
    ['admin', 'tasks', 'artifacts', 'delete'],
  ];
  static override usage = Command.Usage({ category: 'Tasks', description: 'delete an artifact of a task' });

  readonly uuid = Option.String({ name: 'uuid' });
  readonly kind = Option.String({ name: 'kind' });

  protected async run(): Promise<void> {
    const { parseKind } = await import('../../../../files/save-artifact.js');
    const kind = parseKind(this.kind);
    await (await this.api()).files.deleteArtifact(this.uuid, kind);
    this.print({ task: this.uuid, kind, deleted: true }, () => `deleted ${kind} of ${this.uuid}`);
  }
}
