import path from 'node:path';
import { WorkerClient } from '@mitosis/client';
import type { Service, WantedState } from '@mitosis/domain';
import { ClaimedTask, type AttemptReport, type ToWorker } from '@mitosis/protocol';
import type { ChannelBackend, ConsumingBackend, Delivery, QueueConsumer } from '@mitosis/queue';
import { Claimer } from './claimer.js';
import { ControlChannel } from './control-channel.js';
import { CredentialRenewal } from './credential-renewal.js';
import { deliveriesOver } from './deliveries.js';
import { environmentsOf } from './environments/environments-of.js';
import { ExecutionSlots } from './execution-slots.js';
import { heartbeatsOf, holdingOf } from './heartbeats.js';
import { runWorkerHook } from './hooks.js';
import { InputCache } from './inputs/input-cache.js';
import { placeInputs } from './inputs/place-inputs.js';
import { Intake } from './intake.js';
import { keepTrying } from './keep-trying.js';
import { laterThan } from './later-than.js';
import { MachineLoad } from './machine-load.js';
import { MetricsServer } from './metrics-server.js';
import { OutputFollowers } from './output-followers.js';
import { Prefetch } from './prefetch.js';
import { ProgressReporter } from './progress-reporter.js';
import { ReportSpool } from './report-spool.js';
import { Reporter } from './reporter.js';
import { brokenOff, notStarted, runAttempt, type RunAttemptDeps } from './run-attempt.js';
import type { RunProgramDeps } from './run-program.js';
import { RunningAttempts, type RunningAttempt } from './running-attempts.js';
import { TaskStreams } from './streams/task-streams.js';
import { Terminals } from './terminals.js';
import { describeOutage, Troubles } from './troubles.js';
import { WorkFolder } from './work-folder.js';
import { WorkerMetrics } from './worker-metrics.js';
import type { WorkerOptions } from './worker-options.js';

/** What says that a task is there for this worker. */
type Hint = Pick<Delivery, 'taskId' | 'priority' | 'attempt'>;

/**
 * A registered worker: starting → running → draining → stopped. No error of a task, of the
 * coordinator or of the network ends it; a coordinator that is away is waited for.
 */
export class Worker implements Service {
  private readonly running = new RunningAttempts();
  private readonly ended = new AbortController();
  /** Nothing new is taken: a claim without a response is not repeated. */
  private readonly draining = new AbortController();
  private readonly client: WorkerClient;
  private readonly inputs: InputCache;
  private readonly environments: RunAttemptDeps['environments'];
  private readonly claimer: Claimer;
  private readonly reporter: Reporter;
  private readonly followers: OutputFollowers;
  private readonly terminals: Terminals;
  private readonly streams: TaskStreams;
  private readonly renewal: CredentialRenewal;
  private readonly channel: ControlChannel;
  private readonly progress: ProgressReporter;
  private readonly queue: ConsumingBackend;
  /** The same, when deliveries come over the coordinator. */
  private readonly deliveries: ChannelBackend | undefined;
  private readonly consumer: QueueConsumer;
  private readonly program: RunProgramDeps;
  private readonly active = new Set<Promise<void>>();
  private readonly slots: ExecutionSlots;
  private readonly prefetch: Prefetch;
  private readonly machine = new MachineLoad();
  private readonly intake: Intake;
  private readonly troubles: Troubles;
  private readonly folder: WorkFolder;
  private readonly metrics: WorkerMetrics;
  private readonly metricsServer: MetricsServer | undefined;
  private stopping: Promise<void> | undefined;
  private lifetime: { stop(): void } | undefined;
  private done = 0;
  private wanted: WantedState = 'run';

  constructor(private readonly options: WorkerOptions) {
    const { registration, log, slots, isPrefetching, coordinatorUrl: url } = options;
    const { signal } = this.ended;
    this.troubles = new Troubles(log, () => this.channel.beatNow());
    this.folder = new WorkFolder({
      dir: options.workDir,
      troubles: this.troubles,
      onChange: () => void (this.stopping ?? this.intake.refresh()),
    });
    this.slots = new ExecutionSlots(slots);
    this.prefetch = new Prefetch(isPrefetching ? slots : 0);
    this.client = new WorkerClient({ url, token: registration.token, onRequest: (sent) => log.debug(sent, 'request') });
    this.renewal = new CredentialRenewal({
      client: this.client,
      log,
      lifeMs: registration.expires_in_ms,
      onRevoked: () => options.onRevoked(),
    });
    this.intake = new Intake({
      consumer: () => this.consumer,
      slots,
      prefetch: this.prefetch,
      isReady: () => !this.stopping && this.folder.isUsable && this.wanted === 'run' && this.channel.isOpen,
      log,
    });
    this.claimer = new Claimer(this.client, { log, signal: this.draining.signal, slots: this.slots });
    this.inputs = new InputCache({
      dir: path.join(options.workDir, 'inputs'),
      limitBytes: options.inputCacheBytes,
      log,
    });
    this.environments = environmentsOf(options, this.scratchRoot);
    const spool = new ReportSpool(path.join(options.workDir, 'reports'));
    this.reporter = new Reporter({ client: this.client, spool, log, signal, isStream: () => this.prefetch.size > 0 });
    this.channel = new ControlChannel({
      client: this.client,
      log,
      heartbeatMs: registration.heartbeat_ms,
      heartbeats: () => {
        const free = this.folder.isUsable ? Math.min(this.consumer.freeSlots, slots) : 0;
        const { current: trouble } = this.troubles;
        const facts = { free_slots: free, load: this.machine.read(), ...(trouble && { trouble }), ...this.idleness() };
        return heartbeatsOf(this.running, this.reporter.pending, {
          ...facts,
          ...holdingOf(this.running, this.options.offer),
        });
      },
      onOpen: () => {
        this.sendOffer();
        this.deliveries?.link.opened();
      },
      onMessage: (message) => this.obey(message),
      onLost: () => this.lostCoordinator(),
      onRevoked: () => options.onRevoked(),
    });
    this.progress = new ProgressReporter((message) => this.channel.send(message));
    this.program = { sandbox: options.sandbox, cache: this.inputs, client: this.client, log };
    this.followers = new OutputFollowers(this.running, (message) => this.channel.send(message), log);
    this.terminals = new Terminals(this.running, (message) => this.channel.send(message), log);
    this.streams = new TaskStreams({ running: this.running, send: (message) => this.channel.send(message), log });
    this.deliveries = options.queue ? undefined : deliveriesOver((message) => this.channel.send(message), log);
    this.queue = options.queue ?? (this.deliveries as ConsumingBackend);
    this.consumer = this.queue.createConsumer({
      slots,
      name: registration.uuid,
      onDelivery: (delivery, _signal, leaveSlot) => this.track(this.take(delivery, leaveSlot)),
      onFetched: (error) => {
        if (error === undefined) this.troubles.works('queue');
        else this.troubles.failed('queue', describeOutage('the queue server', this.queue.address, error));
      },
      onAccessLost: () => this.channel.send({ type: 'access_lost' }),
    });
    this.metrics = new WorkerMetrics({
      slots: () => slots,
      running: () => this.running.all.length,
      spooledReports: () => this.reporter.pending.length,
      load: () => this.machine.read(),
    });
    options.offer?.listen(() => this.sendOffer());
    this.metricsServer = options.metricsBind && new MetricsServer(options.metricsBind, this.metrics.registry);
  }

  async start(): Promise<void> {
    const { executor, log } = this.options;
    // First: the life of the credential has begun with the answer to the registration.
    await this.renewal.start();
    await this.metricsServer?.start();
    if (this.metricsServer) log.info({ url: this.metricsServer.url }, 'serving metrics');
    await executor.start();
    await this.options.offer?.start();
    await this.runHook('start');
    await this.folder.start();
    await this.inputs.start();
    await this.environments.environments.start();
    await this.reporter.start();
    await this.queue.start();
    await this.consumer.start();
    await this.channel.start();
    const { lifetimeMs } = this.options;
    if (lifetimeMs !== undefined) this.lifetime = laterThan(lifetimeMs, () => this.steer('stop'));
  }

  /**
   * Drains: takes nothing new, lets tasks finish within the drain timeout, gives the others back at
   * once (they do not count as failed), and says goodbye.
   */
  async stop(): Promise<void> {
    this.stopping ??= this.drain();
    await this.stopping;
  }

  /** For whoever watches this process. */
  get status(): { readonly uuid: string; readonly running: number; readonly done: number } {
    return { uuid: this.options.registration.uuid, running: this.running.all.length, done: this.done };
  }

  /** Ends the drain now: what still runs is given back. */
  hurry(): void {
    this.running.endAll('released');
  }

  /**
   * Without a coordinator no job can be claimed: to take one would only keep it from the other workers. On
   * each new connection the coordinator says again what is wanted.
   */
  private lostCoordinator(): void {
    this.followers.unfollowAll();
    this.streams.closeAll();
    // What comes over the channel can't come now, and what was asked for is asked for again on the next one.
    if (this.deliveries) this.deliveries.link.lost();
    else this.intake.pause();
  }

  private sendOffer(): void {
    if (this.options.offer) this.channel.send(this.options.offer.message);
  }

  private steer(wanted: WantedState): void {
    const { log, onStopWanted } = this.options;
    if (this.stopping) return;
    this.wanted = wanted;
    if (wanted === 'run') return this.intake.refresh();
    log.info({ wanted }, 'taking nothing new');
    this.intake.pause();
    if (wanted === 'stop_now') this.hurry();
    if (wanted !== 'drain') onStopWanted();
  }

  /** Asks the coordinator to say when this worker has run nothing for long enough. */
  private idleness(): { readonly stops_idle_after_ms?: number } {
    const { idleTimeoutMs } = this.options;
    return idleTimeoutMs === undefined || this.active.size > 0 ? {} : { stops_idle_after_ms: idleTimeoutMs };
  }

  private async drain(): Promise<void> {
    this.lifetime?.stop();
    const { drainTimeoutMs, executor, log } = this.options;
    await this.consumer.pause();
    this.draining.abort();
    const timer = setTimeout(() => this.running.endAll('released'), drainTimeoutMs);
    while (this.active.size > 0) await Promise.allSettled(this.active);
    clearTimeout(timer);
    this.ended.abort();
    await this.reporter.stop();
    await this.renewal.stop();
    await this.channel.stop();
    await this.consumer.stop();
    await this.client.unregister().catch((error: unknown) => log.warn({ err: error }, 'could not say goodbye'));
    await this.queue.stop();
    await this.runHook('stop').catch((error: unknown) => log.error({ err: error }, 'the stop hook failed'));
    await Promise.all([executor.stop(), this.options.sandbox.stop()]);
    await this.options.offer?.stop();
    await this.folder.stop();
    await this.metricsServer?.stop();
    await this.options.onStopped?.();
  }

  private get scratchRoot(): string {
    return path.join(this.options.workDir, 'scratch');
  }

  private async runHook(name: 'start' | 'stop'): Promise<void> {
    const { executor, hooks, taskEnv: env = {} } = this.options;
    await runWorkerHook(executor, { name, line: hooks?.[name] }, { scratchRoot: this.scratchRoot, env });
  }

  private isAtWorkOn(task: string): boolean {
    return this.running.has(task) || this.reporter.pending.some((report) => report.task === task);
  }

  private async track(work: Promise<void>): Promise<void> {
    this.active.add(work);
    try {
      await work;
    } finally {
      this.active.delete(work);
    }
  }

  /** The attempt that was opened for a delivery, or is now; undefined when there is none to be had. */
  private async claim({ taskId, priority, attempt }: Hint): Promise<ClaimedTask | undefined> {
    if (attempt !== undefined) return ClaimedTask.parse(attempt);
    // It was declared lost while this worker was away: the heartbeat resumes it, a claim would repeat it.
    return this.isAtWorkOn(taskId) ? undefined : this.claimer.claim(taskId, priority);
  }

  /** The life of a task here: claim → wait for a slot → run → report. While it is reported, the next one is taken. */
  private async take(hint: Hint, leaveSlot: () => void): Promise<void> {
    const { log } = this.options;
    const { taskId, priority } = hint;
    const claim = await this.claim(hint);
    this.metrics.claimed(claim ? 'opened' : 'refused');
    if (!claim) return log.debug({ task: taskId }, 'not to be run here');
    log.debug({ task: taskId, attempt: claim.attempt }, 'claimed');
    const attempt = this.running.add(claim);
    try {
      const { signal } = attempt.stop;
      const ran = await this.slots
        .run(priority, signal, () => this.run(attempt))
        .catch((error: unknown) => {
          log.error(
            { err: error, task: taskId, attempt: claim.attempt },
            'an attempt ended with an error of the worker',
          );
          return brokenOff(claim, error);
        });
      const report = ran ?? notStarted(attempt);
      leaveSlot();
      this.metrics.ended(report);
      if (report === 'stale') return log.warn({ task: taskId }, 'the attempt was taken away; its process was ended');
      const status = await this.reporter.report(report);
      this.done += 1;
      this.metrics.reported(status);
      log.debug({ task: taskId, attempt: claim.attempt, outcome: report.outcome, status }, 'reported');
      if (status === 'stale')
        log.warn({ task: taskId, attempt: claim.attempt }, 'the report came too late and was refused');
    } finally {
      this.running.remove(attempt);
    }
  }

  private readonly placeInputs: RunAttemptDeps['placeInputs'] = (...args) =>
    placeInputs({ client: this.client, cache: this.inputs, log: this.options.log }, ...args);

  private async run(attempt: RunningAttempt): Promise<AttemptReport | 'stale'> {
    const { log, executor } = this.options;
    const upload: RunAttemptDeps['upload'] = async (request, file, signal) => {
      await keepTrying('an upload', () => this.troubles.storing(() => this.client.upload(request, file, signal)), {
        log,
        signal,
      });
      this.metrics.uploaded(request.size_bytes);
    };
    const storeCheckpoint: RunAttemptDeps['storeCheckpoint'] = (checkpoint, signal) =>
      keepTrying('storing a checkpoint', () => this.client.storeCheckpoint(checkpoint, signal), { log, signal });
    const onStarted: RunAttemptDeps['onStarted'] = (started, execution) => this.running.started(started, execution);
    const begunAt = performance.now();
    const onProgress: RunAttemptDeps['onProgress'] = (reporting, progress) =>
      this.progress.report(reporting.claim, progress);
    const { coordinatorUrl, logLimitBytes, taskEnv: baseEnv = {}, hooks = {} } = this.options;
    const deps = {
      executor,
      program: this.program,
      scratchRoot: this.scratchRoot,
      log,
      coordinatorUrl,
      logLimitBytes,
      baseEnv,
      gpuNaming: this.options.gpuNaming ?? 'uuid',
      isPinning: this.options.isPinning ?? false,
      hooks,
      environments: this.environments,
      onStarted,
      onProgress,
      placeInputs: this.placeInputs,
      upload,
      storeCheckpoint,
    };
    const report = await runAttempt(deps, attempt);
    this.prefetch.observe(performance.now() - begunAt);
    this.intake.resize();
    return report;
  }

  private obey(message: ToWorker): void {
    switch (message.type) {
      case 'queues':
        this.consumer
          .setQueues(message.names)
          .catch((error: unknown) => this.options.log.error({ err: error }, 'queues were not attached'));
        return;
      case 'deliveries':
      case 'withdrawn':
      case 'queue_answers':
        return this.deliveries?.link.receive(message);
      case 'leases':
        for (const stale of message.stale) this.running.end(stale, 'stale');
        for (const cancelled of message.cancelled) this.running.end(cancelled, 'cancelled');
        return;
      case 'wanted':
        return this.steer(message.wanted);
      case 'place':
        for (const { task, priority } of message.tasks)
          this.track(this.intake.takePlaced(() => this.take({ taskId: task, priority }, () => undefined))).catch(
            (error: unknown) => this.options.log.error({ err: error, task }, 'a placed task was not taken'),
          );
        return;
      case 'room':
        return this.intake.tellRoom(message.is_full);
      case 'cancel':
        return this.running.end(message.attempt, 'cancelled');
      case 'follow':
      case 'follow_ack':
      case 'unfollow':
        return this.followers.receive(message);
      case 'terminal':
        return this.terminals.operate(message);
      case 'stream':
        return this.streams.receive(message);
    }
  }
}
