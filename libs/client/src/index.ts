export type { Changed, EventFilter } from './follow-events.js';
export type { FollowOptions, OutputItem } from './follow-output.js';
export type { OutputPattern } from './search-output.js';
export type { ExperimentCalls } from './experiment-calls.js';
export { JobsClient } from './jobs-client.js';
export type { JobFilter, SubmitJobOptions, SubmittedJob } from './jobs-client.js';
export { partKey } from './part-key.js';
export { AccessClient } from './access-client.js';
export type { AuditFilter, PageOptions, WorkerFilter } from './access-client.js';
export { OutputText } from './log-pieces.js';
export type { LogPiece } from './log-pieces.js';
export { MitosisClient } from './mitosis-client.js';
export type { CallOptions } from './call-options.js';
export type {
  CancelOptions,
  RerunChanges,
  SubmitOptions,
  TaskConditions,
  TaskFilter,
  TaskSelection,
  WaitTasksOptions,
} from './mitosis-client.js';
export type { CodeCalls, StorableCode, StoreCodeOptions } from './code-calls.js';
export type { ProgramCalls, ProgramRef } from './program-calls.js';
export type { WorkloadCalls, WorkloadFilter } from './workload-calls.js';
export type { CommandBeside, RunningCalls, RunningFile, StreamOptions } from './running-calls.js';
export type { TaskSocket } from './net/task-socket.js';
export type { OpenTerminalOptions, TerminalCalls, Typist } from './terminal-calls.js';
export type { TransportOptions } from './transport.js';
export { pinAt, trustCa, usePin, useProxies } from './net/connections.js';
export { pinOf } from './net/pinned-agent.js';
export { WorkerClient, enrollWorker, registerWorker, resumeWorker } from './worker-client.js';
export { FilesApi } from './files/files-api.js';
export type { AttachmentFilter } from './files/files-api.js';
export type { Download } from './files/download-file.js';
export type { TransferOptions } from './files/signed-transfer.js';
export type { ScheduleCalls, ScheduleFilter } from './schedule-calls.js';
export type { UsageCalls, UsageFilter } from './usage-calls.js';
export type { ReceiverCalls } from './receiver-calls.js';
