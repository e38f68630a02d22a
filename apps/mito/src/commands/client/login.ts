import { MitoError } from '@mitosis/domain';
import { Command, Option } from 'clipanion';
import { ApiCommand } from '../api-command.js';

export class ClientLoginCommand extends ApiCommand {
  static override paths = [['client', 'login'], ['login']];
  static override usage = Command.Usage({
    category: 'Account',
    description: 'log in and keep the token for later commands',
    details: 'The password is asked for without being shown, or taken from MITO_PASSWORD or --password-file. The token is kept in a file of mode 0600.',
    examples: [['Log in as alice', '$0 client login alice']],
  });

  readonly username = Option.String({ name: 'user', required: false });
  readonly passwordFile = Option.String('--password-file', { description: 'file that holds the password' });

  protected async run(): Promise<void> {
    const settings = await this.settings();
    const { MitosisClient } = await import('@mitosis/client');
    const username = this.username ?? settings.user ?? (await this.ask('User name', false));
    const password = await this.password(settings.password);
    const { coordinator_addr: coordinator } = settings;
    const session = await new MitosisClient({ url: coordinator }).login(username, password);
    const login = { coordinator, user: session.username, token: session.token, expires_at: session.expires_at };
    await (await this.credentials(settings)).save(login);
    this.print({ username: session.username, coordinator, expires_at: session.expires_at }, () => `logged in as ${session.username} at ${coordinator}`);
  }

  private async password(configured: string | undefined): Promise<string> {
    if (this.passwordFile === undefined) return configured ?? this.ask('Password', true);
    const { readFile } = await import('node:fs/promises');
    try {
      return (await readFile(this.passwordFile, 'utf8')).replace(/\r?\n$/, '');
    } catch (cause) {
      throw new MitoError('invalid', 'invalid_request', `--password-file: ${(cause as Error).message}`, { cause });
    }
  }

  private async ask(message: string, isSecret: boolean): Promise<string> {
    if (!('isTTY' in this.context.stdin && this.context.stdin.isTTY)) {
      const how = isSecret ? 'set MITO_PASSWORD or use --password-file' : 'name the user';
      throw new MitoError('invalid', 'invalid_request', `${message.toLowerCase()} is missing: ${how}`);
    }
    const { isCancel, password, text } = await import('@clack/prompts');
    const answer = await (isSecret ? password({ message }) : text({ message }));
    if (isCancel(answer) || !answer) throw new MitoError('invalid', 'cancelled', 'not logged in');
    return answer;
  }
}
