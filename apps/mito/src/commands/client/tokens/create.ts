import { Command, Option } from 'clipanion';
import { parseDuration, type TokenScope } from '@mitosis/domain';
import { ApiCommand } from '../../api-command.js';
import { needed } from '../../needed.js';

export class TokensCreateCommand extends ApiCommand {
  static override paths = [
    ['client', 'tokens', 'create'],
    ['tokens', 'create'],
  ];
  static override usage = Command.Usage({
    category: 'Account',
    description: 'create a named token for scripts; it is shown only once',
    details:
      'read: see tasks, groups and workers. submit: also submit and change tasks and files. workers: also enroll and ' +
      'manage workers. full: everything you may do, except managing passwords and tokens. A script uses it as ' +
      'MITO_TOKEN.',
    examples: [['A token for CI, good for a month', '$0 tokens create --name ci --scope submit --expires 30d']],
  });

  readonly name = Option.String('--name', { description: 'what it is for' });
  readonly scope = Option.String('--scope', 'submit', { description: 'read, submit, workers or full' });
  readonly expires = Option.String('--expires', '30d', { description: 'how long it is good for, e.g. 12h or 90d' });

  protected async run(): Promise<void> {
    const name = needed(this.name, '--name', 'what the token is for');
    const expires_in_ms = parseDuration(this.expires, '--expires');
    const token = await (await this.api()).access.createToken({ name, scope: this.scope as TokenScope, expires_in_ms });
    this.printSecret(token, token.token);
  }
}
