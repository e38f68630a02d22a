import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';
import { splitList } from '../../option-values.js';

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

  readonly uuids = Option.Rest({ name: 'uuid', required: 1 });

  protected async run(): Promise<void> {
    const { access } = await this.api();
    for (const uuid of splitList(this.uuids, 'uuid')) {
      await access.revokeWorker(uuid);
      this.print({ uuid }, () => `${uuid} is revoked`);
    }
  }
}
