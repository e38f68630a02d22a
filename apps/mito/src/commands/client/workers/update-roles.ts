import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';
import { parseRoles } from '../../role-options.js';
import { workerUuid } from '../../worker-uuid.js';

export class WorkersUpdateRolesCommand extends ApiCommand {
  static override paths = [
    ['client', 'workers', 'update-roles'],
    ['workers', 'update-roles'],
  ];
  static override usage = Command.Usage({
    category: 'Workers',
    description: 'give groups a role on a worker',
    details: 'read: its members see the worker. write: its tasks run there. admin: its admins manage the worker.',
  });

  readonly worker = Option.String({ name: 'worker' });
  readonly roles = Option.Rest({ name: 'group:role', required: 1 });

  protected async run(): Promise<void> {
    const api = await this.api();
    const worker = await api.access.updateWorkerRoles(
      await workerUuid(api, this.worker),
      parseRoles(this.roles, 'GROUP:ROLE'),
    );
    const { describeWorker } = await import('../../../output/describe-access.js');
    this.print(worker, describeWorker);
  }
}
