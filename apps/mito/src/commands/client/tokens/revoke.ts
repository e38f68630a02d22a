import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class TokensRevokeCommand extends ApiCommand {
  static override paths = [
    ['client', 'tokens', 'revoke'],
    ['tokens', 'revoke'],
  ];
  static override usage = Command.Usage({ category: 'Account', description: 'revoke a token' });

  readonly name = Option.String({ name: 'name' });

  protected async run(): Promise<void> {
    await (await this.api()).access.revokeToken(this.name);
    this.print({ name: this.name }, ({ name }) => `the token ${name} is revoked`);
  }
}
