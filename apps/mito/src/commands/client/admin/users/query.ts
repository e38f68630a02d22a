import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../../api-command.js';
import { PAGE, parseWithin } from '../../../task-options.js';

export class AdminUsersQueryCommand extends ApiCommand {
  static override paths = [
    ['client', 'admin', 'users', 'query'],
    ['admin', 'users', 'query'],
  ];
  static override usage = Command.Usage({ category: 'Administration', description: 'list users' });

  readonly state = Option.String('-s,--state', { description: 'active, locked or deleted' });
  readonly limit = Option.String('--limit', '1000', { description: 'at most this many' });
  readonly after = Option.String('--after', { description: 'only names after this one' });

  protected async run(): Promise<void> {
    const { users } = await (
      await this.api()
    ).access.users({ state: this.state, limit: parseWithin(this.limit, '--limit', PAGE), after: this.after });
    const { USER_LISTING } = await import('../../../../output/describe-access.js');
    await this.printList(users, USER_LISTING);
  }
}
