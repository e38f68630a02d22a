import { connect, migrate } from '@mitosis/database';
import { isFinal, presenceOf, type Service } from '@mitosis/domain';
import type { ToWorker } from '@mitosis/protocol';
import { bootstrapAdmin } from './access/bootstrap-admin.js';
import { claimTasksWith } from './attempts/claim-tasks.js';
import { commitReportsWith } from './attempts/commit-reports.js';
import { takeReportsWith } from './attempts/read-reports.js';
import { resumeAttemptsWith } from './attempts/resume-attempts.js';
import { storeProgress } from './attempts/store-progress.js';
import { callerAddressWith } from './auth/caller-address.js';
import { Passwords } from './auth/passwords.js';
import type { OpenedSession, Sessions } from './auth/sessions.js';
import { Tokens } from './auth/tokens.js';
import { Board } from './board/board.js';
import { createAccess } from './compose/create-access.js';
import { createFiles } from './compose/create-files.js';
import { createNotifications } from './compose/create-notifications.js';
import { fileRoutes } from './compose/file-routes.js';
import { loggedClaims, loggedSubmit, observedReports } from './compose/observe-tasks.js';
import { taskControl } from './compose/task-control.js';
import type { CoordinatorOptions } from './coordinator-options.js';
import { GROUPS_CHANNEL, type GroupEvent } from './events/group-events.js';
import { JobEvents } from './events/job-events.js';
import { TaskEvents } from './events/task-events.js';
import { WorkloadEvents } from './events/workload-events.js';
import { UnpackableInputs } from './files/unpackable-inputs.js';
import { docsPage, openApiRoutes } from './http/docs-routes.js';
import { healthRoutes } from './http/health-routes.js';
import { HttpServer } from './http/http-server.js';
import { joinRoutes } from './http/join-routes.js';
import { isScraperWith, metricsRoutes } from './http/metrics-routes.js';
import { withRequestIds } from './http/observe-requests.js';
import { outputRoutes } from './http/output-routes.js';
import { programRoutes } from './http/program-routes.js';
import { runningFileRoutes } from './http/running-file-routes.js';
import { streamRoutes } from './http/stream-routes.js';
import { taskRoutes } from './http/task-routes.js';
import { terminalRoutes } from './http/terminal-routes.js';
import { upgrades } from './http/upgrades.js';
import { workerRoutes } from './http/worker-routes.js';
import { workloadRoutes } from './http/workload-routes.js';
import { Channel } from './kernel/channel.js';
import type { SettledTask } from './kernel/settled-task.js';
import { waitUntilThere } from './kernel/wait-until-there.js';
import { CoordinatorMetrics } from './metrics/coordinator-metrics.js';
import { FleetFigures } from './metrics/fleet-figures.js';
import { FleetGauges } from './metrics/fleet-gauges.js';
import { meteredStore } from './metrics/metered-store.js';
import { Follows } from './output/follows.js';
import { ProgramLibrary } from './programs/program-library.js';
import { Placer } from './resources/placer.js';
import { Dispatcher } from './scheduling/dispatcher.js';
import { HandOver } from './scheduling/hand-over.js';
import { Reconciler } from './scheduling/reconciler.js';
import { GroupSecrets } from './secrets/group-secrets.js';
import { stopPart } from './stop-part.js';
import type { Accepted } from './tasks/accept-tasks.js';
import { ArtifactReader } from './tasks/read-artifacts.js';
import { TaskReader } from './tasks/read-tasks.js';
import { StoredTasks } from './tasks/stored-tasks.js';
import { submitTasksWith } from './tasks/submit-tasks.js';
import { TaskStreams } from './terminals/task-streams.js';
import { Terminals } from './terminals/terminals.js';
import type { Reach } from './workers/enrolments.js';
import { reachOf } from './workers/reach-of.js';
import { WorkerChannels } from './workers/worker-channels.js';
import { workerDeliveries } from './workers/worker-deliveries.js';
import { cancelWorkloadWith } from './workloads/cancel-workload.js';
import { readSubtaskResultsWith } from './workloads/read-subtask-results.js';
import { WorkloadReader } from './workloads/read-workloads.js';
import { submitWorkloadWith } from './workloads/submit-workload.js';

/**
 * One replica of the coordinator. Nothing that matters is in its memory: any number of replicas
 * share a database, and any of them may be killed at any time.
 */
export class Coordinator implements Service {
  private readonly storedTasks: StoredTasks;
  private readonly passwords = new Passwords();
  private readonly services: readonly Service[];
  private readonly http: HttpServer;
  private readonly sessions: Sessions;
  private readonly stopping = new AbortController();

  constructor(private readonly options: CoordinatorOptions) {
    const { dataSource, queue, keys, urlLifetimeMs } = options;
    const log = withRequestIds(options.log);
    const metrics = new CoordinatorMetrics();
    const presence = presenceOf(options.leaseMs);
    const { leaseMs, silentMs } = presence;
    this.storedTasks = new StoredTasks((count) => metrics.submitted(count));
    const store = meteredStore(options.store, metrics);
    const tokens = new Tokens(keys);
    const addressOf = callerAddressWith(options.trustedProxies);

    const events = new TaskEvents(queue.bus, log);
    const jobEvents = new JobEvents({ bus: queue.bus, dataSource, log });
    const workloadEvents = new WorkloadEvents({ bus: queue.bus, log });
    const onWorkloads = (workloads: readonly string[]): void => workloadEvents.publish(workloads);
    const groupEvents = new Channel<GroupEvent>({ bus: queue.bus, name: GROUPS_CHANNEL, log });
    const handOver = new HandOver({
      dataSource,
      publisher: queue.publisher,
      log,
      onSettled: (settled) => onSettled(settled),
    });
    const placer = new Placer({
      hints: options.hints,
      log,
      silentMs,
      reserveAfterMs: options.reserveAfterMs,
      tell: (worker, message) => channels.send(worker, message),
    });
    const dispatcher = new Dispatcher({ hints: options.hints, handOver, silentMs, log });
    const onReady = (queues: ReadonlySet<string>): void => {
      dispatcher.wake(queues);
      placer.wake();
    };
    const onSettled = (settled: readonly SettledTask[]): void => {
      events.publish(settled.map(({ task, state, group, job }) => ({ task, state, group, job })));
      jobEvents.mayHaveEnded(settled.flatMap(({ job, state }) => (job !== null && isFinal(state) ? [job] : [])));
      onWorkloads(settled.flatMap(({ workload }) => workload ?? []));
      control.failing.check(settled.flatMap(({ job, state }) => (job !== null && state === 'failed' ? [job] : [])));
      metrics.settled(settled);
      dispatcher.wake(settled.filter(({ state }) => !isFinal(state)).map((task) => task.queue));
      if (settled.length > 0) placer.wake();
      dispatcher.wakeLimited(new Set(settled.filter(({ state }) => isFinal(state)).map(({ group }) => group)));
      for (const { delayMs } of settled) if (delayMs > 0) reconciler.wakeIn(delayMs);
    };
    const reconciler = new Reconciler({
      dataSource,
      publisher: queue.publisher,
      handOver,
      log,
      leaseMs,
      onSettled,
      onReady,
      onWorkloads,
      endFailingJobs: () => control.failing.checkAll(),
    });
    const resumeAttempts = resumeAttemptsWith({
      dataSource: options.hot,
      events,
      leaseMs,
      onResumed: (queues) => {
        metrics.resumed(queues.length);
        dispatcher.wakeSoon(queues);
      },
    });

    const toWorkers = {
      bus: queue.bus,
      log,
      sendToWorker: (worker: string, message: ToWorker) => channels.send(worker, message),
    };
    const follows = new Follows(toWorkers);
    const terminals = new Terminals(toWorkers);
    const streams = new TaskStreams(toWorkers);
    const desk = queue.createDesk({
      hooks: workerDeliveries({
        dataSource: options.hot,
        claimTasks: (worker, claims) => claimTasks(worker, claims),
        commitReports: (reports) => commitReports(reports),
        log,
      }),
    });
    const channels = new WorkerChannels({
      dataSource,
      hints: options.hints,
      bus: queue.bus,
      access: options.queueAccess,
      desk,
      presence,
      resumeAttempts,
      log,
      onOutput: (message) => follows.onOutput(message),
      onTerminal: (answer) => terminals.onAnswer(answer),
      onStream: (worker, message) => streams.onMessage(worker, message),
      onProgress: (reports) => storeProgress(options.hints, events, reports),
      onConnected: (workerId) => follows.onConnected(workerId),
      onOffer: () => placer.wake(),
    });

    const reader = new TaskReader(dataSource);
    const artifacts = new ArtifactReader({ dataSource, reader, store, urlLifetimeMs });
    const files = createFiles({
      dataSource,
      store,
      urlLifetimeMs,
      programRetentionMs: options.programRetentionMs,
      log,
    });
    const onNewQueues = (groupIds: readonly string[]): void => channels.announceNewQueues(groupIds);
    const onAccepted = ({ settled, newQueueGroups }: Pick<Accepted, 'settled' | 'newQueueGroups'>): void => {
      if (newQueueGroups.length > 0) onNewQueues(newQueueGroups);
      onSettled(settled);
    };
    const { taskLimits: limits, workloadDefaults: defaults } = options;
    const inputs = new UnpackableInputs({ store, log });
    const submitTasks = loggedSubmit(submitTasksWith({ dataSource, inputs, limits, onAccepted }), log);
    const { authenticator, sessions, registry, audit, api, ...access } = createAccess({
      ...options,
      reach: () => this.reach,
      isScraper: isScraperWith(options.scrapeToken),
      log,
      tokens,
      passwords: this.passwords,
      presence,
      channels,
      onSettled,
      onRoom: (groupId) => dispatcher.wakeGroup(groupId),
    });
    this.sessions = sessions;
    const commitReports = observedReports(
      commitReportsWith({
        dataSource: options.hot,
        store,
        log,
        limits,
        readableMs: urlLifetimeMs,
        onSettled,
        onNewQueues,
      }),
      { metrics, log },
    );
    const programs = new ProgramLibrary({ dataSource, store, urlLifetimeMs });
    const secrets = new GroupSecrets({ dataSource: options.hot, key: options.secretsKey });
    const workloadReader = new WorkloadReader({ dataSource, events: workloadEvents });
    const readSubtaskResults = readSubtaskResultsWith({ dataSource, store, urlLifetimeMs });
    const claimTasks = loggedClaims(
      claimTasksWith({
        dataSource: options.hot,
        tokens,
        events,
        leaseMs,
        metrics,
        onClaimed: (queues) => dispatcher.wakeSoon(queues),
        onReady,
        onNoRoom: (worker, tasks) => placer.refused(worker, tasks),
        onAvoided: (queues) => dispatcher.wakeLater(queues),
        signProgram: (sha256, objectKey) => programs.signDownload(sha256, objectKey),
        secretsFor: (groupId, names) => secrets.valuesFor(groupId, names),
        commitReports,
        log,
        sandboxMemoryBytes: defaults.sandboxMemoryBytes,
      }),
      log,
    );

    const gauges = new FleetGauges(metrics.registry);
    openApiRoutes(api);
    healthRoutes(api, { dataSource, pingQueue: () => queue.ping() });
    metricsRoutes(api, { log, metrics, figures: new FleetFigures(dataSource, silentMs), gauges });
    taskRoutes(api, {
      dataSource,
      submitTasks,
      reader,
      artifacts,
      events,
      publisher: queue.publisher,
      silentMs,
    });
    const control = taskControl(api, {
      log,
      inputs,
      limits,
      submitTasks,
      dataSource,
      store,
      channels,
      events,
      jobEvents,
      groupEvents,
      reader,
      onAccepted,
      onSettled,
      onReady,
      onNewQueues,
    });
    const notifications = createNotifications(api, {
      dataSource,
      bus: queue.bus,
      log,
      key: options.secretsKey,
      settings: options.notifications,
      events,
      jobEvents,
      store,
      secrets,
      pageUrl: () => options.publicUrl ?? this.http.url,
    });
    outputRoutes(api, { dataSource, reader, events, follows, store, silentMs });
    terminalRoutes(api, { dataSource, events, terminals });
    streamRoutes(api, { dataSource, silentMs, streams });
    runningFileRoutes(api, { dataSource, silentMs, streams });
    fileRoutes(api, files, { secrets, resumeAttempts });
    workerRoutes(api, {
      registry,
      claimTasks,
      takeReports: takeReportsWith({ commitReports, log }),
      resumeAttempts,
      readSubtaskResults,
    });
    programRoutes(api, { programs });
    workloadRoutes(api, {
      reader: workloadReader,
      submit: submitWorkloadWith({ dataSource, defaults, limits, onAccepted }),
      cancel: cancelWorkloadWith({
        dataSource,
        reader: workloadReader,
        channels,
        events: workloadEvents,
        onSettled,
      }),
    });
    this.http = new HttpServer({
      host: options.host,
      port: options.port,
      tls: options.tls,
      log,
      audit,
      metrics,
      addressOf,
      api,
      docs: docsPage(),
      join: joinRoutes({ dataSource, files: options.joinFiles }),
      board: new Board({ dataSource, publisher: queue.publisher, authenticator, sessions }).router(),
      serveObjects: store.handler,
      onUpgrade: upgrades({ api, authenticator, channels, audit, log, addressOf }),
    });
    this.services = [
      queue,
      store,
      events,
      jobEvents,
      groupEvents,
      workloadEvents,
      follows,
      terminals,
      streams,
      desk,
      channels,
      dispatcher,
      placer,
      reconciler,
      ...control.services,
      ...notifications.services,
      ...access.services,
      files.collector,
      this.http,
    ];
  }

  /** Waits for its servers, brings the schema up to date, creates the first administrator, and begins to listen. */
  async start(): Promise<void> {
    const { dataSource, hints, hot, queue, store, admin, log } = this.options;
    const waiting = { log, signal: this.stopping.signal };
    await waitUntilThere('the database (db_url)', () => connect(dataSource), waiting);
    await migrate(dataSource);
    await Promise.all([connect(hints), connect(hot)]);
    for (const source of [dataSource, hints, hot]) source.subscribers.push(this.storedTasks);
    await this.passwords.prepare();
    await bootstrapAdmin(dataSource, this.passwords, admin, log);
    await waitUntilThere('the object store', () => store.prepare(), waiting);
    await queue.start();
    await waitUntilThere(`the queues on ${queue.address}`, () => queue.prepare(), waiting);
    for (const service of this.services) if (service !== queue) await service.start();
  }

  /** In reverse order: first no more requests, at last the connections. */
  async stop(): Promise<void> {
    this.stopping.abort();
    const { dataSource, hints, hot, log } = this.options;
    for (const service of this.services.toReversed()) await stopPart(service.constructor.name, service.stop(), log);
    for (const source of [hot, hints, dataSource])
      if (source.isInitialized) await stopPart('connections to the database', source.destroy(), log);
  }

  /** A login of an administrator, for the process that has started this one. */
  async operatorLogin(): Promise<OpenedSession> {
    return this.sessions.loginOperator(this.options.admin.username);
  }

  get url(): string {
    return this.http.url;
  }

  /** Where other machines reach it, and the key that they find there; nothing when it serves this machine only. */
  get reach(): Reach {
    const { publicUrl: address, tls } = this.options;
    if (address !== undefined) return { address };
    return reachOf(this.http.url, tls?.cert);
  }

  /** Every HTTP route that is served, as `METHOD /path`. */
  get routes(): readonly string[] {
    return this.http.routes;
  }
}
