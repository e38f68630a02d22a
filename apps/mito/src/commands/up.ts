import { Command, Option } from 'clipanion';
import { invalidField } from '@mitosis/domain';
import { EXIT_OK } from '../output/exit-codes.js';
import type { Stack } from '../stack/stack.js';
import { ApiCommand } from './api-command.js';
import { STOP_SIGNALS } from './service-command.js';
import { parseInteger } from './task-options.js';

function within([minimum, maximum]: readonly [number, number], text: string, field: string): number {
  const value = parseInteger(text, field);
  if (value < minimum || value > maximum) throw invalidField(field, `must be ${minimum} to ${maximum}`);
  return value;
}

/** `ADDRESS`, `ADDRESS:PORT` or `[IPV6]:PORT`. */
function parseListen(text: string): { readonly host: string; readonly port: string | undefined } {
  const [, bracketed, host = bracketed, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+))(?::(\d+))?$/.exec(text) ?? [];
  if (/^(127\..*|::1|localhost)$/i.test(host ?? text))
    throw invalidField(
      '--listen',
      `other machines do not reach ${host ?? text}: leave --listen out, or name an address that they reach, ` +
        'such as 0.0.0.0 (all of this machine)',
    );
  if (host !== undefined) return { host, port };
  if (/^[0-9a-fA-F:]+$/.test(text)) return { host: text, port: undefined };
  throw invalidField('--listen', `"${text}" is not an address: write 0.0.0.0, 10.0.0.5:5000 or [fd00::5]:5000`);
}

/** Of the line that `up` prints; `mito workers enroll` makes others. */
const JOIN_USES = 100;
const JOIN_HOURS = 24;

const WORKERS_MAX = 256;
const SLOTS_MAX = 1_024;

/** What belongs to the stack itself and can't be set for its parts, with what to use. */
const OWN_SETTINGS = {
  coordinator: {
    bind: 'use --port or --listen',
    db_url: 'it has a database of its own',
    state_dir: 'use --data-dir',
    admin_user: 'the administrator of a stack is mitosis_admin',
    admin_password: 'the first password is generated',
    admin_password_file: 'the file is in the folder of --data-dir',
  },
  worker: {
    work_dir: 'use --data-dir',
    drain_timeout: 'running tasks have ten seconds when a stack stops',
    enroll: 'its workers get codes of their own',
  },
} as const;

export class UpCommand extends ApiCommand {
  static override paths = [['up']];
  static override usage = Command.Usage({
    category: 'Services',
    description: 'start everything on this machine: PostgreSQL, a coordinator, workers',
    details:
      'Runs in the foreground until Ctrl-C, SIGTERM or the end of its terminal, which stop everything cleanly; a ' +
      'second one stops at once. The data folder survives, unless --ephemeral is given. Settings of the coordinator ' +
      'and the worker count here, too, from config.toml or as MITO_…, but for what belongs to the stack itself: ' +
      'addresses, database, folders, accounts. Such a setting is named on stderr when it is there.',
    examples: [['Two workers with four slots each', '$0 up --workers 2 --slots 4']],
  });

  readonly workers = Option.String('--workers', '1', { description: 'worker processes' });
  readonly slots = Option.String('--slots', { description: 'tasks at once on each; one for each core by default' });
  readonly port = Option.String('--port', '5000', { description: 'port of the coordinator; 0 picks a free one' });
  readonly listen = Option.String('--listen', {
    description: 'share the stack at ADDRESS[:PORT], with TLS, and print a line for machines that join',
  });
  readonly dataDir = Option.String('--data-dir', { description: 'folder for everything that is kept' });
  readonly ephemeral = Option.Boolean('--ephemeral', false, { description: 'keep nothing' });
  readonly endWithStdin = Option.Boolean('--end-with-stdin', false, {
    description: 'stop when standard input ends: with the program that holds its other end',
  });
  readonly redis = Option.String('--redis', { description: 'URL of Redis or Valkey for the queues' });

  protected async run(): Promise<number> {
    const { Stack } = await import('../stack/stack.js');
    const { createProcessLog } = await import('../process-log.js');
    const { availableParallelism } = await import('node:os');
    const { PORT_MAX } = await import('@mitosis/config');
    const shared = this.listen === undefined ? undefined : parseListen(this.listen);
    const port = within([0, PORT_MAX], shared?.port ?? this.port, shared?.port === undefined ? '--port' : '--listen');
    const workers = within([0, WORKERS_MAX], this.workers, '--workers');
    const slots = this.slots === undefined ? undefined : within([1, SLOTS_MAX], this.slots, '--slots');
    const given = await this.workerSettings();
    const dataDir = await this.chooseDataDir();
    const tell = (text: string): void => {
      if (!this.json && !this.quiet) this.note(text);
    };
    const stack = new Stack({
      dataDir,
      isEphemeral: this.ephemeral,
      port,
      host: shared?.host,
      workers,
      slots: slots ?? given.slots ?? availableParallelism(),
      groups: given.groups,
      onStep: tell,
      redisUrl: this.redis,
      log: createProcessLog('warn', 'mito', process.stderr.isTTY === true),
    });
    const stopped = this.stopRequest(() => stack.hurry());
    let isUp = false;
    try {
      isUp = await Promise.race([stack.start().then(() => true), stopped.then(() => false)]);
      if (isUp) await this.announce(stack, dataDir);
      await stopped;
      tell('');
      tell('stopping: running tasks have ten seconds; the same again stops at once');
      return EXIT_OK;
    } finally {
      await stack.stop();
      if (isUp) tell('everything has stopped');
    }
  }

  /** What its workers are to be like; settings that a stack decides itself are named on stderr. */
  private async workerSettings(): Promise<{ slots?: number; groups?: readonly string[] }> {
    const { CoordinatorConfig, givenSettings, loadSettings, WorkerConfig } = await import('@mitosis/config');
    const source = { env: this.context.env, cwd: process.cwd(), configFile: this.config, flags: {} };
    const sections = { coordinator: CoordinatorConfig, worker: WorkerConfig };
    for (const [section, schema] of Object.entries(sections)) {
      const given = givenSettings(section, schema, source);
      for (const [name, instead] of Object.entries(OWN_SETTINGS[section as keyof typeof OWN_SETTINGS]))
        if (given.has(name))
          this.note(`mito: [${section}] ${name} of ${given.get(name)} has no effect under "mito up": ${instead}`);
    }
    const note = (text: string): void => this.note(text);
    const worker = loadSettings('worker', WorkerConfig, { ...source, note });
    const isGiven = givenSettings('worker', WorkerConfig, source).has('slots');
    return {
      ...(isGiven && worker.slots !== undefined && { slots: worker.slots }),
      ...(worker.groups && { groups: worker.groups }),
    };
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

  /** The first signal, or the end of standard input, stops it; the second one hurries the rest, the third ends us. */
  private stopRequest(onHurry: () => void): Promise<void> {
    return new Promise((resolve) => {
      let count = 0;
      const stop = (): void => {
        count += 1;
        if (count === 1) return resolve();
        if (count === 2) return onHurry();
        process.exit(1);
      };
      for (const signal of STOP_SIGNALS) process.on(signal, stop);
      // The end of the pipe is seen whatever ended the program at its other side.
      if (this.endWithStdin) this.context.stdin.once('end', stop).resume();
    });
  }

  private async announce(stack: Stack, dataDir: string): Promise<void> {
    const { ADMIN_USER } = await import('../stack/stack.js');
    const password = await stack.adminPassword();
    const user = await this.keepLogin(stack);
    const boardUrl = `${stack.reach.address ?? stack.url}/board`;
    const join = await this.joinLine(stack);
    if (this.json) {
      const admin = { username: user, password: user === ADMIN_USER ? (password ?? null) : null };
      this.line(
        JSON.stringify({
          ready: true,
          url: stack.url,
          admin,
          board_url: boardUrl,
          data_dir: dataDir,
          ...(join !== undefined && { join, address: stack.reach.address, pin: stack.reach.pin }),
          pids: stack.pids,
        }),
      );
      return;
    }
    const isDefault = stack.url === 'http://127.0.0.1:5000';
    this.line(`Mitosis is ready at ${stack.reach.address ?? stack.url}`);
    const where = password === undefined ? '' : `, first password in ${stack.passwordFile}`;
    this.line(`  administrator   ${user}${user === ADMIN_USER ? where : ''}`);
    this.line(`  board           ${boardUrl}`);
    this.line(`  data and logs   ${dataDir}${this.ephemeral ? ' (removed at the end)' : ''}`);
    this.line(`  try             mito run ${isDefault ? '' : `--coordinator ${stack.url} `}-- echo "Hello, Mitosis!"`);
    if (join !== undefined) {
      const { address, pin } = stack.reach;
      this.line(`  log in          mito login --coordinator ${address} --pin ${pin}`);
      this.line(
        `Paste this on another machine to make it a worker (good for ${JOIN_USES} machines, ${JOIN_HOURS} hours):`,
      );
      this.line(`  ${join}`);
    }
    this.line('Ctrl-C stops everything.');
  }

  /** The line for machines that join a stack that is shared. */
  private async joinLine(stack: Stack): Promise<string | undefined> {
    const { address, pin } = stack.reach;
    if (address === undefined || pin === undefined) return undefined;
    const code = await stack.enrolmentCode({ uses: JOIN_USES, lifetimeMs: JOIN_HOURS * 3_600_000 });
    const { joinLine } = await import('../join/join-line.js');
    return joinLine({ address, pin, code });
  }

  /** Whoever starts a stack is logged in to it. */
  private async keepLogin(stack: Stack): Promise<string> {
    const { token, username: user, expiresAt } = await stack.login();
    const { address: coordinator = stack.url, pin } = stack.reach;
    const login = { coordinator, user, token, expires_at: expiresAt, pin };
    await (await this.credentials(await this.settings())).keep(login, (text) => this.note(text));
    return user;
  }
}
