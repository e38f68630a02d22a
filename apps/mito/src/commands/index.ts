import type { CommandClass } from 'clipanion';
import type { MitoContext } from '../mito-context.js';
import { ClientAuthCommand } from './client/auth.js';
import { ClientLoginCommand } from './client/login.js';
import { ClientLogoutCommand } from './client/logout.js';
import { TasksArtifactsDownloadCommand } from './client/tasks/artifacts/download.js';
import { TasksExplainCommand } from './client/tasks/explain.js';
import { TasksCancelCommand } from './client/tasks/cancel.js';
import { TasksChangeCommand } from './client/tasks/change.js';
import { TasksGetCommand } from './client/tasks/get.js';
import { TasksLogsCommand } from './client/tasks/logs.js';
import { TasksQueryCommand } from './client/tasks/query.js';
import { TasksSubmitManyCommand } from './client/tasks/submit-many.js';
import { TasksSubmitCommand } from './client/tasks/submit.js';
import { TasksWaitCommand } from './client/tasks/wait.js';
import { WorkersDrainCommand } from './client/workers/drain.js';
import { WorkersResumeCommand } from './client/workers/resume.js';
import { WorkersStopCommand } from './client/workers/stop.js';
import { ClientCmdCommand } from './client/cmd.js';
import { ClientQuitCommand } from './client/quit.js';
import { ClientCommand } from './client.js';
import { CompleteCommand } from './complete.js';
import { CompletionCommand } from './completion.js';
import { CoordinatorCommand } from './coordinator.js';
import { DemoCommand } from './demo.js';
import { ManagerKillCommand } from './manager/kill.js';
import { ManagerLogsCommand } from './manager/logs.js';
import { ManagerRestartCommand } from './manager/restart.js';
import { ManagerSpawnCommand } from './manager/spawn.js';
import { ManagerStatusCommand } from './manager/status.js';
import { ManagerStopCommand } from './manager/stop.js';
import { MetricsCommand } from './metrics.js';
import { RunCommand } from './run.js';
import { UpCommand } from './up.js';
import { WorkerCommand } from './worker.js';

/** The whole command tree; the path typed is the path of the file. */
export const commands: readonly CommandClass<MitoContext>[] = [
  ClientAuthCommand,
  ClientCmdCommand,
  ClientCommand,
  ClientLoginCommand,
  ClientLogoutCommand,
  ClientQuitCommand,
  CompleteCommand,
  CompletionCommand,
  CoordinatorCommand,
  DemoCommand,
  ManagerKillCommand,
  ManagerLogsCommand,
  ManagerRestartCommand,
  ManagerSpawnCommand,
  ManagerStatusCommand,
  ManagerStopCommand,
  MetricsCommand,
  RunCommand,
  TasksArtifactsDownloadCommand,
  TasksExplainCommand,
  TasksCancelCommand,
  TasksChangeCommand,
  TasksGetCommand,
  TasksLogsCommand,
  TasksQueryCommand,
  TasksSubmitCommand,
  TasksSubmitManyCommand,
  TasksWaitCommand,
  UpCommand,
  WorkerCommand,
  WorkersDrainCommand,
  WorkersResumeCommand,
  WorkersStopCommand,
];
