import { once } from 'node:events';
import { Command, Option } from 'clipanion';
import type { WorkerConfig } from '@mitosis/config';
import { invalidField } from '@mitosis/domain';
import { EXIT_NOT_AUTHORIZED, EXIT_OK } from '../output/exit-codes.js';
import { useNetwork } from '../use-network.js';
import { splitList } from './option-values.js';
import { ServiceCommand, type ServiceRun } from './service-command.js';

/** A parent process may hand an enrolment code over, so that it is in no environment and on no disk. */
async function codeFromParent(isExpected: boolean): Promise<string | undefined> {
  if (!isExpected || !process.connected) return undefined;
  const [message] = (await once(process, 'message')) as [{ enroll?: string }];
  return message.enroll;
}

/** After the drain timeout: for the grace of the tasks, their products, and the goodbye. */
const STOP_MS = 60_000;

export class WorkerCommand extends ServiceCommand {
  static override paths = [['worker']];
  static override usage = Command.Usage({
    category: 'Services',
    description: 'start a worker',
    details:
      'A worker keeps its identity and its name in its work folder: when it starts there again, it needs neither a ' +
      'code nor a login. SIGTERM lets running tasks finish within the drain timeout; a second one gives them back at ' +
      'once.',
    examples: [
      ['On a borrowed machine, sandboxed programs only', '$0 worker --only wasm'],
      ['Four tasks at once, on a machine with a GPU', '$0 worker --slots 4 --tags gpu'],
      ['With two licenses to hand out, and a core for others', '$0 worker --offer license=2 --reserve cpus=1'],
    ],
  });

  readonly coordinator = Option.String('-c,--coordinator', { description: 'URL of the coordinator' });
  readonly enroll = Option.String('--enroll', {
    description: 'enrolment code, see "mito workers enroll"; better in MITO_ENROLL',
  });
  readonly ca = Option.String('--ca', { description: 'file with certificates to trust' });
  readonly pin = Option.String('--pin', {
    description: 'sha256//… of the public key that the coordinator has to have',
  });
  readonly user = Option.String('-u,--user', { description: 'user in whose name it is registered' });
  readonly groups = Option.Array('-g,--groups', { description: 'groups whose tasks run here' });
  readonly tags = Option.Array('-t,--tags', { description: 'what this worker can do' });
  readonly any = Option.Boolean('--any', false, {
    description: 'take tasks whatever tags they ask for, as a worker without tags does anyway',
  });
  readonly onlyTagged = Option.Boolean('--only-tagged', false, {
    description: 'take only tasks whose tags this worker has, also when it has none',
  });
  readonly labels = Option.Array('-l,--labels', { description: 'labels to find it by' });
  readonly slots = Option.String('--slots', {
    description: 'tasks at once; one for each core that is offered by default',
  });
  readonly cpus = Option.String('--cpus', { description: 'cores that are offered, instead of those that were found' });
  readonly mem = Option.String('--mem', {
    description: 'memory that is offered, e.g. 64GiB, instead of what was found',
  });
  readonly gpus = Option.String('--gpus', { description: 'how many of the GPUs that were found are offered' });
  readonly reserve = Option.Array('--reserve', { description: 'what is kept back for others: cpus=1,mem=4GiB' });
  readonly offer = Option.Array('--offer', {
    description: 'what tasks can ask for by name: license=2, or fpga=[a,b] with names for the units (repeatable)',
  });
  readonly detect = Option.Boolean('--detect', {
    description: '--no-detect looks for nothing: only what is named here is offered',
  });
  readonly gpuIds = Option.String('--gpu-ids', { description: 'how GPUs are named to tasks: uuid or index' });
  readonly pinCores = Option.Boolean('--pin-cores', {
    description: 'bind each task that asks for cores to its own cores',
  });
  readonly strictLimits = Option.Boolean('--strict-limits', {
    description: 'do not start where memory limits can only be watched',
  });
  readonly machine = Option.String('--machine', {
    description: 'name of the machine: workers with the same name share what it has; found out by default',
  });
  readonly name = Option.String('--name', { description: 'what it is called; the name of this host by default' });
  readonly lifetime = Option.String('--lifetime', { description: 'end after this time, for example 12h' });
  readonly idleTimeout = Option.String('--idle-timeout', { description: 'end after running nothing for this time' });
  readonly only = Option.String('--only', { description: 'wasm: take sandboxed programs and nothing else' });
  readonly workDir = Option.String('--work-dir', { description: 'folder for scratch data' });
  readonly envCache = Option.String('--env-cache', {
    description: 'what environments of tasks that are kept for later tasks may have together; 20GiB by default',
  });
  readonly envCacheDir = Option.String('--env-cache-dir', {
    description: 'folder for environments, which workers of one machine may share; one in --work-dir by default',
  });
  readonly drainTimeout = Option.String('--drain-timeout', { description: 'time for running tasks after SIGTERM' });
  readonly sharedLog = Option.Boolean('--shared-log', false, {
    description: 'log to workers.log in the folder of --log-path, with other workers',
  });
  readonly credentialPath = Option.String('--credential-path', { description: 'file of the cached logins' });
  readonly password = Option.String('-p,--password', {
    description: 'other users of this machine can see it: better MITO_PASSWORD, or a cached login',
    hidden: true,
  });
  readonly pollingInterval = Option.String('--polling-interval', { hidden: true });
  readonly heartbeatInterval = Option.String('--heartbeat-interval', { hidden: true });
  readonly retain = Option.Boolean('--retain', { hidden: true });
  readonly skipRedis = Option.Boolean('--skip-redis', { hidden: true });

  private takes(): 'any' | 'only_tagged' | undefined {
    if (this.any && this.onlyTagged) throw invalidField('--any', 'it contradicts --only-tagged; use one of the two');
    if (this.any) return 'any';
    return this.onlyTagged ? 'only_tagged' : undefined;
  }

  protected readonly portOption = 'metrics_bind (MITO_METRICS_BIND)';

  protected async prepare(): Promise<ServiceRun> {
    const { WorkerConfig, loadSettings } = await import('@mitosis/config');
    const settings = loadSettings('worker', WorkerConfig, {
      env: this.context.env,
      cwd: process.cwd(),
      configFile: this.config,
      note: (text) => this.note(text),
      flags: {
        coordinator_addr: this.coordinator,
        enroll: this.enroll,
        ca: this.ca,
        pin: this.pin,
        user: this.user,
        password: this.password,
        credential_path: this.credentialPath,
        groups: this.groups && splitList(this.groups, '--groups'),
        tags: this.tags && splitList(this.tags, '--tags'),
        takes: this.takes(),
        labels: this.labels && splitList(this.labels, '--labels'),
        slots: this.slots,
        cpus: this.cpus,
        mem: this.mem,
        gpus: this.gpus,
        reserve: this.reserve && splitList(this.reserve, '--reserve'),
        offer: this.offer,
        detect: this.detect,
        gpu_ids: this.gpuIds,
        pin_cores: this.pinCores,
        strict_limits: this.strictLimits,
        machine: this.machine,
        only: this.only,
        name: this.name,
        lifetime: this.lifetime,
        idle_timeout: this.idleTimeout,
        work_dir: this.workDir,
        env_cache: this.envCache,
        env_cache_dir: this.envCacheDir,
        drain_timeout: this.drainTimeout,
        log_level: this.logLevel,
      },
    });
    await useNetwork(settings, this.context.env);
    const { createProcessLog } = await import('../process-log.js');
    const { createWorker } = await import('@mitosis/worker-app');
    this.noteObsoleteOptions();
    const file = this.chosenLogFile(this.sharedLog ? 'workers' : `worker-${process.pid}`, this.sharedLog);
    const log = createProcessLog(settings.log_level, 'worker', { isTerminal: process.stderr.isTTY === true, file });
    let end = (_exitCode: number): void => {};
    const ended = new Promise<number>((resolve) => (end = resolve));
    const onRevoked = (): void => {
      log.error({}, 'the coordinator no longer accepts this worker');
      end(EXIT_NOT_AUTHORIZED);
    };
    const code = (await codeFromParent(this.context.env.MITO_ENROLL_FROM_PARENT === '1')) ?? settings.enroll;
    const isKnown = code !== undefined || settings.password !== undefined;
    const token = isKnown ? undefined : await this.cachedToken(settings);
    const service = await createWorker(settings, {
      log,
      env: this.context.env,
      token,
      code,
      onRevoked,
      onStopWanted: () => end(EXIT_OK),
    });
    return {
      service,
      log,
      ready: () => ({}),
      status: () => service.status,
      onHurry: () => service.hurry(),
      ended,
      stopLimitMs: settings.drain_timeout + STOP_MS,
    };
  }

  /** Of whoever is logged in at the coordinator. */
  private async cachedToken(settings: WorkerConfig): Promise<string | undefined> {
    const { configDir } = await import('@mitosis/config');
    const { Credentials } = await import('../credentials.js');
    const file = settings.credential_path ?? `${configDir(this.context.env)}/credentials`;
    return (await new Credentials(file).find(settings.coordinator_addr, settings.user))?.token;
  }

  private noteObsoleteOptions(): void {
    this.noteObsolete([
      ['--polling-interval', this.pollingInterval, 'workers are told of tasks at once'],
      ['--heartbeat-interval', this.heartbeatInterval, 'the coordinator says how often it wants to hear of a worker'],
      ['--retain', this.retain, 'other logins of the user always stay valid'],
      ['--skip-redis', this.skipRedis, 'the coordinator says how the queues are reached'],
    ]);
  }
}
