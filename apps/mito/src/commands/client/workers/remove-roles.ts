import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';
import { splitList } from '../../option-values.js';
import { workerUuid } from '../../worker-uuid.js';

export class WorkersRemoveRolesCommand extends ApiCommand {
  static override paths = [
    ['client', 'workers', 'remove-roles'],
    ['workers', 'remove-roles'],
  ];
  static override usage = Command.Usage({
    category: 'Workers',
    description: "take groups' roles on a worker away; their tasks are stopped there",
  });

  readonly worker = Option.String({ name: 'worker' });
  readonly groups = Option.Rest({ name: 'group', required: 1 });

  protected async run(): Promise<void> {
    const api = await this.api();
    const uuid = await workerUuid(api, this.worker);
    for (const group of splitList(this.groups, 'group')) {
      await api.access.removeWorkerRole(uuid, group);
      this.print({ uuid, group }, () => `${group} no longer has a role on ${this.worker}`);
    }
  }
}
