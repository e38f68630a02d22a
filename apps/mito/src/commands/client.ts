import { Command, Option } from 'clipanion';
import { isTerminal } from '../output/paint.js';
import { ApiCommand } from './api-command.js';

export class ClientCommand extends ApiCommand {
  static override paths = [['client']];
  static override usage = Command.Usage({
    category: 'Account',
    description: 'start the interactive mode, where every command works',
    details: `
      \`mito client -i\` reads one command a line: Tab completes commands, options, groups and task ids; the history is
      kept; Ctrl-C clears the line or ends the command that runs, Ctrl-D leaves.

      Every client command takes these options, also between \`client\` and its name: \`-c,--coordinator URL\`,
      \`-u,--user NAME\`, \`-p,--password\` (better \`--password-file FILE\` or MITO_PASSWORD: others can see a
      command line), \`--config FILE\`, \`--credential-path FILE\`. \`--retain\` has no effect: other logins of a user
      always stay valid. \`client\` may be left out.
    `,
    examples: [
      ['Work interactively', '$0 client -i'],
      ['One command at another coordinator', '$0 client -c http://lab:5000 -u alice tasks query'],
    ],
  });

  readonly interactive = Option.Boolean('-i,--interactive', {
    required: true,
    description: 'read commands from the terminal',
  });

  protected async run(): Promise<number> {
    const { program, stderr } = this.context;
    if (!program) throw new Error('the interactive mode needs the program around it');
    const settings = await this.settings();
    const { username } = await (await this.api()).identity();
    const { configDir } = await import('@mitosis/config');
    const { Shell } = await import('../interactive/shell.js');
    const { lookupWith } = await import('../completion/lookup.js');
    if (isTerminal(stderr))
      this.note(`${username} at ${settings.coordinator_addr}; "help" lists the commands, "exit" or Ctrl-D leaves`);
    const env = {
      ...this.context.env,
      MITO_COORDINATOR_ADDR: settings.coordinator_addr,
      MITO_USER: username,
      ...(settings.credential_path !== undefined && { MITO_CREDENTIAL_PATH: settings.credential_path }),
    };
    const historyFile = `${configDir(env)}/history`;
    return new Shell({
      context: { ...this.context, env },
      program,
      historyFile,
      lookup: lookupWith(() => this.api()),
    }).run();
  }
}
