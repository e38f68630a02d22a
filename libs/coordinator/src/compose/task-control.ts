import type { DataSource } from 'typeorm';
import type { Log, Service, TaskLimits } from '@mitosis/domain';
import type { ObjectStore } from '@mitosis/object-store';
import type { UserActor } from '../auth/authenticator.js';
import type { GroupEvent } from '../events/group-events.js';
import type { JobEvents } from '../events/job-events.js';
import type { TaskEvents } from '../events/task-events.js';
import { JobApplier } from '../experiments/apply-job.js';
import { ExperimentReader } from '../experiments/read-experiments.js';
import type { UnpackableInputs } from '../files/unpackable-inputs.js';
import type { ApiRouter } from '../http/api-router.js';
import { eventRoutes } from '../http/event-routes.js';
import { experimentRoutes } from '../http/experiment-routes.js';
import { jobRoutes } from '../http/job-routes.js';
import { scheduleRoutes } from '../http/schedule-routes.js';
import { taskControlRoutes } from '../http/task-control-routes.js';
import { changeJobWith } from '../jobs/change-job.js';
import { JobReader } from '../jobs/read-jobs.js';
import { Reruns } from '../jobs/rerun.js';
import { retryFailedWith } from '../jobs/retry-failed.js';
import { FailingJobs } from '../jobs/stop-failing-jobs.js';
import { JobSubmitter } from '../jobs/submit-jobs.js';
import { Suspension } from '../jobs/suspension.js';
import type { Channel } from '../kernel/channel.js';
import type { SettledTask } from '../kernel/settled-task.js';
import { Scheduler } from '../schedules/run-schedules.js';
import { Schedules } from '../schedules/schedules.js';
import type { Accepted } from '../tasks/accept-tasks.js';
import { TaskCanceller } from '../tasks/cancel-tasks.js';
import { changeTaskWith } from '../tasks/change-task.js';
import type { TaskReader } from '../tasks/read-tasks.js';
import type { SubmitTasks } from '../tasks/submit-tasks.js';
import type { WorkerChannels } from '../workers/worker-channels.js';

export interface TaskControlDeps {
  readonly dataSource: DataSource;
  readonly log: Log;
  readonly store: ObjectStore;
  /** Of the deployment. */
  readonly limits: TaskLimits;
  readonly inputs: UnpackableInputs;
  readonly submitTasks: SubmitTasks;
  readonly channels: WorkerChannels;
  readonly events: TaskEvents;
  readonly jobEvents: JobEvents;
  readonly groupEvents: Channel<GroupEvent>;
  readonly reader: TaskReader;
  onAccepted(accepted: Pick<Accepted, 'settled' | 'newQueueGroups'>): void;
  onSettled(settled: readonly SettledTask[]): void;
  onReady(queues: ReadonlySet<string>): void;
  onNewQueues(groupIds: readonly string[]): void;
}

export interface TaskControl {
  readonly failing: FailingJobs;
  /** What runs beside it. */
  readonly services: readonly Service[];
}

/** Puts together what people do with tasks after their submission, jobs and schedules, and mounts it. */
export function taskControl(api: ApiRouter, deps: TaskControlDeps): TaskControl {
  const {
    dataSource,
    inputs,
    limits,
    channels,
    events,
    jobEvents,
    groupEvents,
    reader,
    onAccepted,
    onSettled,
    onReady,
  } = deps;
  const canceller = new TaskCanceller({ dataSource, channels, events, onSettled });
  const changeTask = changeTaskWith({
    dataSource,
    limits,
    onChanged: ({ queue, newQueueGroups, settled }) => {
      if (newQueueGroups.length > 0) deps.onNewQueues(newQueueGroups);
      onSettled(settled);
      onReady(new Set([queue]));
    },
  });
  const jobReader = new JobReader({ dataSource, events });
  const jobs = new JobSubmitter({ dataSource, inputs, limits, reader: jobReader, jobEvents, onAccepted });
  const retryFailed = retryFailedWith({ dataSource, limits, reader: jobReader, onAccepted });
  const reruns = new Reruns({ dataSource, submitTasks: deps.submitTasks, jobs, jobReader });
  const suspension = new Suspension({ dataSource, reader: jobReader, jobEvents, groupEvents, onReady });
  eventRoutes(api, { dataSource, events, jobEvents, groupEvents });
  taskControlRoutes(api, { canceller, changeTask, reader, reruns });
  const cancelAll = async (actor: UserActor, job: string, reason: string): Promise<void> => {
    for (let more = true; more;) {
      const { cancelled, requested } = await canceller.found(actor, { job }, reason);
      more = cancelled + requested > 0;
    }
  };
  const failing = new FailingJobs({
    dataSource,
    log: deps.log,
    cancelJob: async (actor, job, reason) => {
      await jobs.close(actor, job, 'task.cancel');
      await cancelAll(actor, job, reason);
    },
  });
  const jobLimits = { dataSource, onReady, onMaxFails: (job: string) => failing.check([job]) };
  const changeJob = changeJobWith({ ...jobLimits, reader: jobReader });
  experimentRoutes(api, {
    applier: new JobApplier({ ...jobLimits, inputs, limits, jobEvents, onAccepted }),
    reader: new ExperimentReader({ dataSource, jobs: jobReader }),
  });
  jobRoutes(api, { dataSource, store: deps.store, jobs, jobReader, changeJob, canceller, retryFailed, suspension });
  scheduleRoutes(api, new Schedules({ dataSource, limits, onAccepted }));
  const scheduler = new Scheduler({
    dataSource,
    limits,
    log: deps.log,
    onAccepted,
    cancelJob: cancelAll,
  });
  return { failing, services: [failing, scheduler] };
}
