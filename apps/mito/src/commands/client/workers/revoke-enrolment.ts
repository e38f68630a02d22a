import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class WorkersRevokeEnrolmentCommand extends ApiCommand {
  static override paths = [
    ['client', 'workers', 'revoke-enrolment'],
    ['workers', 'revoke-enrolment'],
  ];
  static override usage = Command.Usage({
    category: 'Workers',
    description: 'revoke an enrolment code; workers that have used it stay',
  });

  readonly uuid = Option.String({ name: 'uuid' });

  protected async run(): Promise<void> {
    await (await this.api()).access.revokeEnrolment(this.uuid);
    this.print({ uuid: this.uuid }, ({ uuid }) => `the code ${uuid} is revoked`);
  }
}
