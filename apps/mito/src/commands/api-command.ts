import { randomUUID } from 'node:crypto';
import { Option } from 'clipanion';
import type { MitosisClient, SubmittedJob } from '@mitosis/client';
import type { ClientConfig } from '@mitosis/config';
import { anySignal, invalidField, MitoError } from '@mitosis/domain';
import type { CreateJobInput } from '@mitosis/protocol';
import type { Credentials } from '../credentials.js';
import { EXIT_INTERRUPTED } from '../output/exit-codes.js';
import { abortOnInterrupt } from '../output/interrupted.js';
import { isTerminal } from '../output/paint.js';
import { useNetwork } from '../use-network.js';
import { isLatest, resolveLatest } from './latest.js';
import { UUID } from './option-values.js';
import { OutputCommand } from './output-command.js';

/** A submission of more tasks than this takes several requests. */
export const SEVERAL_REQUESTS = 1_001;

/** Kinds and codes of errors after which the same command can't finish what was begun. */
const REFUSED: ReadonlySet<string> = new Set([
  'invalid',
  'not-found',
  'too-large',
  'idempotency_key_reused',
  'job_closed',
]);

/** The commands that list what has a UUID. */
const LISTS = ['tasks query', 'jobs list', 'workers query', 'workloads list'];

/** A command that speaks to a coordinator. What it needs is loaded when it runs: `--help` stays fast. */
export abstract class ApiCommand extends OutputCommand {
  readonly coordinator = Option.String('--coordinator', {
    description: 'URL of the coordinator; also -c before the command',
    hidden: true,
  });
  readonly user = Option.String('-u,--user', { description: 'which of the cached logins to use', hidden: true });
  readonly password = Option.String('--password', {
    description: 'other users of this machine can see it: better MITO_PASSWORD or --password-file',
    hidden: true,
  });
  readonly passwordFile = Option.String('--password-file', {
    description: 'file that holds the password',
    hidden: true,
  });
  readonly ca = Option.String('--ca', { description: 'file with certificates to trust', hidden: true });
  readonly pin = Option.String('--pin', {
    description: 'sha256//… of the public key that the coordinator has to have',
    hidden: true,
  });
  readonly config = Option.String('--config', { description: 'configuration file', hidden: true });
  readonly credentialPath = Option.String('--credential-path', {
    description: 'file of the cached logins',
    hidden: true,
  });
  readonly retain = Option.Boolean('--retain', {
    description: 'no effect: other logins of the user always stay valid',
    hidden: true,
  });

  private known: Promise<ClientConfig> | undefined;

  protected settings(): Promise<ClientConfig> {
    this.known ??= this.loadSettings();
    return this.known;
  }

  private async loadSettings(): Promise<ClientConfig> {
    const { ClientConfig, loadSettings } = await import('@mitosis/config');
    const settings = loadSettings('client', ClientConfig, {
      env: this.context.env,
      cwd: process.cwd(),
      configFile: this.config,
      note: (text) => this.note(text),
      flags: {
        coordinator_addr: this.coordinator,
        user: this.user,
        ca: this.ca,
        pin: this.pin,
        password: this.password,
        password_file: this.passwordFile,
        credential_path: this.credentialPath,
      },
    });
    const pin = settings.pin ?? (await (await this.credentials(settings)).pinAt(settings.coordinator_addr));
    await useNetwork({ ...settings, pin }, this.context.env);
    return { ...settings, pin };
  }

  protected async credentials(settings: ClientConfig): Promise<Credentials> {
    const { configDir } = await import('@mitosis/config');
    const { Credentials } = await import('../credentials.js');
    return new Credentials(settings.credential_path ?? `${configDir(this.context.env)}/credentials`);
  }

  /**
   * A client with the cached login, or with a new one when a password is given. A person at a terminal
   * is asked to log in; otherwise the client is anonymous, and the coordinator says what is missing.
   */
  protected async api(): Promise<MitosisClient> {
    this.assertUuids();
    const settings = await this.settings();
    const { MitosisClient } = await import('@mitosis/client');
    const token = settings.token ?? (await this.cachedOrNewToken(settings));
    const client = new MitosisClient({ url: settings.coordinator_addr, token, signal: this.signal });
    await resolveLatest(this, this.path.join(' '), client);
    return client;
  }

  /**
   * Waits with `work`; says on stderr why the task has not started meanwhile, after 3 s and when the reason
   * changes. With `--quiet` it says nothing. `task` is undefined while there is none to ask about.
   */
  protected async sayingWhy<T>(
    api: MitosisClient,
    task: () => Promise<string | undefined>,
    work: () => Promise<T>,
  ): Promise<T> {
    if (this.quiet) return work();
    const { StartVerdict } = await import('../output/start-verdict.js');
    const verdict = new StartVerdict(api, task, (text) => this.note(text));
    try {
      return await work();
    } finally {
      await verdict.stop();
    }
  }

  /** Submits a job, with a bar when it takes more than one request; says how to finish it when it is interrupted. */
  protected async submitJob(
    api: MitosisClient,
    job: Omit<CreateJobInput, 'is_open' | 'expected_tasks'>,
    key: string | undefined,
  ): Promise<SubmittedJob> {
    const total = job.tasks.length;
    const begun = { stored: 0, uuid: '' };
    const remark = (): string =>
      begun.uuid === ''
        ? ''
        : `${begun.stored} of ${total} tasks are stored, and run; "mito jobs cancel ${begun.uuid}" ends them.`;
    return this.withKey({ key, remark }, (options) =>
      this.withBar('submitting', total, { least: SEVERAL_REQUESTS }, async (bar) =>
        api.jobs.submit(job, {
          ...options,
          onProgress: (stored, uuid) => {
            Object.assign(begun, { stored, uuid });
            bar?.update(stored);
          },
        }),
      ),
    );
  }

  /**
   * Does what takes as long as something on the coordinator; Ctrl-C ends only the watching, and `goesOn` says what
   * continues and how to come back. In interactive mode the command ends, and the mode continues.
   */
  protected async whileWatching<T>(goesOn: string, work: () => Promise<T>): Promise<T> {
    if (this.signal) return this.whileInShell(goesOn, work, this.signal);
    const leave = (): void => {
      this.note('', goesOn);
      process.exit(EXIT_INTERRUPTED);
    };
    process.on('SIGINT', leave);
    try {
      return await work();
    } finally {
      process.off('SIGINT', leave);
    }
  }

  private async whileInShell<T>(goesOn: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const tell = (): void => this.note('', goesOn);
    signal.addEventListener('abort', tell, { once: true });
    try {
      return await work();
    } finally {
      signal.removeEventListener('abort', tell);
    }
  }

  /** Names what was typed instead of a UUID, and says where those are found, before anything is sent. */
  private assertUuids(): void {
    const {
      uuid,
      uuids = [],
      first,
      second,
    } = this as Partial<Record<'uuid' | 'first' | 'second', string>> & {
      readonly uuids?: readonly string[];
    };
    const typed = [uuid ?? '', first ?? '', second ?? '', ...uuids]
      .flatMap((text) => text.split(','))
      .map((text) => text.trim());
    const wrong = typed.find((text) => text !== '' && !UUID.test(text) && !isLatest(text, this.path.join(' ')));
    if (wrong === undefined) return;
    const listed = LISTS.find((list) => this.path.includes(list.split(' ', 1)[0] ?? ''));
    throw invalidField(
      'uuid',
      `"${wrong}" is not a UUID${listed === undefined ? '' : `; "mito ${listed}" shows them`}`,
    );
  }

  /**
   * Submits something under the key that was given, or a new one. When Ctrl-C or a coordinator that can't be
   * reached leaves it open what was stored, the key is told: the same command with it stores nothing twice.
   */
  protected async withKey<T>(
    { key = randomUUID(), remark = () => '' }: { readonly key?: string | undefined; readonly remark?: () => string },
    submit: (options: { readonly idempotencyKey: string; readonly signal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const left = new AbortController();
    const stopListening = abortOnInterrupt(left);
    const signal = this.signal ? anySignal([left.signal, this.signal]) : left.signal;
    try {
      return await submit({ idempotencyKey: key, signal });
    } catch (error) {
      const isRefused = error instanceof MitoError && (REFUSED.has(error.kind) || REFUSED.has(error.code));
      const isPassing = signal.aborted || (error instanceof MitoError && error.kind === 'unavailable');
      if (!isRefused && (isPassing || remark() !== '')) this.tellKey(key, remark());
      throw left.signal.aborted ? left.signal.reason : error;
    } finally {
      stopListening();
    }
  }

  private tellKey(key: string, remark: string): void {
    if (this.json) return this.note(JSON.stringify({ idempotency_key: key, ...(remark !== '' && { remark }) }));
    const what = remark === '' ? 'Some of it may be stored.' : remark;
    this.note(what, `To finish it, type the same command with --idempotency-key ${key}`);
  }

  private async cachedOrNewToken(settings: ClientConfig): Promise<string | undefined> {
    const credentials = await this.credentials(settings);
    const isGiven = this.password !== undefined || this.passwordFile !== undefined;
    const isComplete = settings.user !== undefined && (settings.password ?? settings.password_file) !== undefined;
    const cached = await credentials.find(settings.coordinator_addr, settings.user).catch((error: unknown) => {
      // Who says everything needs no file; that it can't be used is said when the login is kept.
      if (isComplete && error instanceof MitoError) return undefined;
      throw error;
    });
    if (cached && !isGiven) return cached.token;
    const { stdin, stderr } = this.context;
    const isAnswerable = isTerminal(stdin) && isTerminal(stderr) && !this.json;
    // A password alone is that of whoever is logged in.
    const user = settings.user ?? (isGiven ? cached?.user : undefined);
    if (isGiven && user === undefined && !isAnswerable)
      throw invalidField('--user', 'name the user whose password this is');
    const isKnown = user !== undefined && (settings.password ?? settings.password_file) !== undefined;
    if (!isKnown && !isAnswerable) return undefined;
    const { signIn } = await import('../sign-in.js');
    const login = await signIn({ ...settings, user }, { stdin, stderr });
    await credentials.keep(login, (text) => this.note(text));
    return login.token;
  }
}
