import { Command, Option } from 'clipanion';
import { MitoError } from '@mitosis/domain';
import { EXIT_OK } from '../output/exit-codes.js';
import type { Stack } from '../stack/stack.js';
import { ApiCommand } from './api-command.js';
import { parseInteger } from './task-options.js';

function atLeast(minimum: number, text: string, field: string): number {
  const value = parseInteger(text, field);
  if (value < minimum)
    throw new MitoError('invalid', 'invalid_request', `${field}: must be at least ${minimum}`, { details: { field } });
  return value;
}

export class UpCommand extends ApiCommand {
  static override paths = [['up']];
  static override usage = Command.Usage({
    category: 'Services',
    description: 'start everything on this machine: PostgreSQL, a coordinator, workers',
    details:
      'Runs in the foreground until Ctrl-C or SIGTERM, which stop everything cleanly; a second one stops at once. The data folder survives, unless --ephemeral is given. Settings of the coordinator and the worker count here, too, from config.toml or as MITO_…, but for what belongs to the stack itself: addresses, database, folders, slots, accounts.',
    examples: [['Two workers with four slots each', '$0 up --workers 2 --slots 4']],
  });

  readonly workers = Option.String('--workers', '1', { description: 'worker processes' });
  readonly slots = Option.String('--slots', { description: 'tasks at once on each; one for each core by default' });
  readonly port = Option.String('--port', '5000', { description: 'port of the coordinator; 0 picks a free one' });
  readonly dataDir = Option.String('--data-dir', { description: 'folder for everything that is kept' });
  readonly ephemeral = Option.Boolean('--ephemeral', false, { description: 'keep nothing' });
  readonly redis = Option.String('--redis', { description: 'URL of Redis or Valkey for the queues' });

  protected async run(): Promise<number> {
    const { Stack } = await import('../stack/stack.js');
    const { createProcessLog } = await import('../process-log.js');
    const { availableParallelism } = await import('node:os');
    const dataDir = await this.chooseDataDir();
    const stack = new Stack({
      dataDir,
      isEphemeral: this.ephemeral,
      port: atLeast(0, this.port, '--port'),
      workers: atLeast(0, this.workers, '--workers'),
      slots: this.slots === undefined ? availableParallelism() : atLeast(1, this.slots, '--slots'),
      redisUrl: this.redis,
      log: createProcessLog('warn', 'mito', process.stderr.isTTY === true),
    });
    const stopped = this.stopRequest(() => stack.hurry());
    try {
      const isUp = await Promise.race([stack.start().then(() => true), stopped.then(() => false)]);
      if (isUp) await this.announce(stack, dataDir);
      await stopped;
      return EXIT_OK;
    } finally {
      await stack.stop();
    }
  }

  private async chooseDataDir(): Promise<string> {
    const path = await import('node:path');
    if (this.ephemeral && this.dataDir === undefined) {
      const { mkdtemp } = await import('node:fs/promises');
      const { tmpdir } = await import('node:os');
      return mkdtemp(path.join(tmpdir(), 'mito-'));
    }
    const { dataDir } = await import('@mitosis/config');
    return path.resolve(this.dataDir ?? dataDir(this.context.env, process.getuid?.() === 0));
  }

  /** The first signal is the answer; the second one hurries what goes on, the third ends us. */
  private stopRequest(onHurry: () => void): Promise<void> {
    return new Promise((resolve) => {
      let count = 0;
      const stop = (): void => {
        count += 1;
        if (count === 1) return resolve();
        if (count === 2) return onHurry();
        process.exit(1);
      };
      process.on('SIGINT', stop);
      process.on('SIGTERM', stop);
    });
  }

  private async announce(stack: Stack, dataDir: string): Promise<void> {
    const { ADMIN_USER } = await import('../stack/stack.js');
    const password = await stack.adminPassword();
    const boardUrl = `${stack.url}/board`;
    await this.keepLogin(stack.url, ADMIN_USER, password);
    if (this.json) {
      const admin = { username: ADMIN_USER, password };
      this.line(
        JSON.stringify({
          ready: true,
          url: stack.url,
          admin,
          board_url: boardUrl,
          data_dir: dataDir,
          pids: stack.pids,
        }),
      );
      return;
    }
    const isDefault = stack.url === 'http://127.0.0.1:5000';
    this.line(`Mitosis is ready at ${stack.url}`);
    this.line(`  administrator   ${ADMIN_USER}, password in ${stack.passwordFile}`);
    this.line(`  board           ${boardUrl}`);
    this.line(`  data and logs   ${dataDir}${this.ephemeral ? ' (removed at the end)' : ''}`);
    this.line(
      `  try             ./mito run ${isDefault ? '' : `--coordinator ${stack.url} `}-- echo "Hello, Mitosis!"`,
    );
    this.line('Ctrl-C stops everything.');
  }

  /** Whoever starts a stack is logged in to it. */
  private async keepLogin(coordinator: string, user: string, password: string): Promise<void> {
    const { MitosisClient } = await import('@mitosis/client');
    const { token, expires_at } = await new MitosisClient({ url: coordinator }).login(user, password);
    await (await this.credentials(await this.settings())).save({ coordinator, user, token, expires_at });
  }
}
