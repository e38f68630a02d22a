import { Command } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class TokensListCommand extends ApiCommand {
  static override paths = [
    ['client', 'tokens', 'list'],
    ['tokens', 'list'],
  ];
  static override usage = Command.Usage({ category: 'Account', description: 'list your tokens' });

  protected async run(): Promise<void> {
    const tokens = await (await this.api()).access.tokens();
    const { TOKEN_LISTING } = await import('../../../output/describe-access.js');
    await this.printList(tokens, TOKEN_LISTING);
  }
}
