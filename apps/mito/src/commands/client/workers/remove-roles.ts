import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';
import { splitList } from '../../option-values.js';

export class WorkersRemoveRolesCommand extends ApiCommand {
  static override paths = [
    ['client', 'workers', 'remove-roles'],
    ['workers', 'remove-roles'],
  ];
  static override usage = Command.Usage({
    category: 'Workers',
    description: "take groups' roles on a worker away; their tasks are stopped there",
  });

  readonly uuid = Option.String({ name: 'uuid' });
  readonly groups = Option.Rest({ name: 'group', required: 1 });

  protected async run(): Promise<void> {
    const { access } = await this.api();
    for (const group of splitList(this.groups, 'group')) {
      await access.removeWorkerRole(this.uuid, group);
      this.print({ uuid: this.uuid, group }, () => `${group} has no role on ${this.uuid} any more`);
    }
  }
}
