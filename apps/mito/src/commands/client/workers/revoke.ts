import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';
import { splitList } from '../../option-values.js';
import { workerUuid } from '../../worker-uuid.js';

export class WorkersRevokeCommand extends ApiCommand {
  static override paths = [
    ['client', 'workers', 'revoke'],
    ['workers', 'revoke'],
    ['client', 'admin', 'workers', 'revoke'],
    ['admin', 'workers', 'revoke'],
  ];
  static override usage = Command.Usage({
    category: 'Workers',
    description: 'end the credentials of workers at once; their tasks go elsewhere',
  });

  readonly workers = Option.Rest({ name: 'worker', required: 1 });

  protected async run(): Promise<void> {
    const api = await this.api();
    for (const worker of splitList(this.workers, 'worker')) {
      const uuid = await workerUuid(api, worker);
      await api.access.revokeWorker(uuid);
      this.print({ uuid }, () => `${uuid} is revoked`);
    }
  }
}
