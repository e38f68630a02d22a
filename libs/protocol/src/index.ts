export {
  ARTIFACT_KINDS,
  ArtifactDownload,
  ArtifactKind,
  ArtifactView,
  LostProduct,
  SignedRequest,
  SkippedFile,
  UploadRequest,
} from './artifacts.js';
export {
  AttachmentDownload,
  AttachmentKey,
  AttachmentPage,
  AttachmentQuery,
  AttachmentRef,
  AttachmentView,
  DeleteAttachments,
  DeletedAttachments,
  UploadAttachment,
} from './attachments.js';
export { AuditPage, AuditQuery, AuditView } from './audit.js';
export {
  BrowserSession,
  ChangePassword,
  CreateToken,
  CreatedToken,
  Identity,
  Login,
  NewPassword,
  Session,
  TokenList,
  TokenView,
} from './auth.js';
export type { CreateTokenInput } from './auth.js';
export { EventQuery, GroupChanged, JobChanged, TaskChanged } from './events.js';
export {
  AttemptRef,
  FOLLOW_WINDOW_BYTES,
  VERSION_HEADER,
  FromWorker,
  ToWorker,
  WorkerLoad,
  WorkerTrouble,
} from './channel.js';
export { MetricsSummary, WorkerHealth } from './metrics.js';
export { ErrorBody, errorKindOf } from './errors.js';
export { AppliedJob, ApplyJob, ApplyTask, ExperimentText, KnownTasks, KnownTasksQuery } from './experiments.js';
export type { ApplyJobInput } from './experiments.js';
export { TaskExplanation, WorkerExplanation } from './explain.js';
export { LIMITS, Labels, Name, Tags, TaskTags, Uuid } from './fields.js';
export {
  CreateGroup,
  GroupPage,
  GroupQuery,
  GroupView,
  MemberList,
  RolesByName,
  UpdateGroup,
  UpdateMembers,
  UpdateLimits,
  UpdateQuotas,
} from './groups.js';
export { openApiDocument } from './openapi.js';
export { OPERATIONS, operations } from './operations.js';
export type { BodyOf, Operation, OperationAccess, ParamsOf, QueryOf, ResponseOf } from './operations/operation.js';
export { PATH_PARAMETERS, parametersIn, type PathParameter } from './operations/path-parameters.js';
export {
  AddTasks,
  ChangeJob,
  CreateJob,
  JobPage,
  JobQuery,
  JobFailures,
  JobReceipt,
  JobResult,
  JobResultPage,
  JobResultQuery,
  JobView,
  MetricSummary,
  MetricsRow,
  RetryAnswer,
  SuspensionAnswer,
  WaitJob,
} from './jobs.js';
export type { CreateJobInput } from './jobs.js';
export { OutputEnd, OutputEvent, OutputLine, OutputLines, OutputLinesQuery, OutputQuery } from './output-events.js';
export { OutputMatch, OutputMatches, OutputSearch } from './output-search.js';
export {
  FrameDecoder,
  OUTPUT_FRAME_HEADER_BYTES,
  OUTPUT_FRAME_PAYLOAD_MAX_BYTES,
  encodeFrame,
  encodeFrameHeader,
} from './output-frames.js';
export type { OutputFrame, OutputStream } from './output-frames.js';
export {
  ClaimedCode,
  CODE_LIMITS,
  CodeDownload,
  CodeFile,
  CodeManifest,
  CodeOffer,
  CodePackQuery,
  OfferCode,
  TaskCode,
} from './code.js';
export type { CodePiece } from './code.js';
export { SecretList, SecretName, SecretView, SECRET_LIMITS, SetSecret } from './secrets.js';
export { JobRerun, Rerun } from './rerun.js';
export { Sha256 } from './fields.js';
export { CheckpointList, StoredCheckpoint } from './checkpoints.js';
export { StoreCheckpoint } from './uploads.js';
export { AttemptLease, TaskInput, TaskInputs, TaskResource, TaskResources } from './resources.js';
export {
  OpenTerminal,
  TERMINAL_REFUSALS,
  TYPED_BYTES_MAX,
  TerminalOpened,
  TerminalSize,
  TypeInTerminal,
  TypedInTerminal,
} from './terminal.js';
export type { OpenTerminalInput, TerminalRefusal } from './terminal.js';
export { StreamEnd, inOrder } from './stream-end.js';
export type { StreamEndOptions } from './stream-end.js';
export {
  ForwardQuery,
  FromStreamClient,
  LISTED_ENTRIES_MAX,
  STREAM_PIECE_BYTES,
  STREAM_WINDOW_BYTES,
  StreamClosed,
  StreamOrder,
  StreamReport,
  StreamWish,
  TaskFileEntry,
  TaskFiles,
  ToStreamClient,
} from './task-streams.js';
export type { SharedPart, StreamOutput } from './task-streams.js';
export {
  ProgramFromAttachment,
  ProgramList,
  ProgramQuery,
  ProgramView,
  UploadProgram,
  WASM_LIMITS,
  WasmSpec,
} from './programs.js';
export {
  After,
  AttemptView,
  CancelAnswer,
  CancelResult,
  CancelTask,
  CancelTasks,
  ChangeTask,
  SubmitTask,
  SubmitTasks,
  TaskAttempts,
  TaskCount,
  TaskDetail,
  TaskFilters,
  TaskPage,
  TaskQuery,
  TaskReceipt,
  TaskReceipts,
  TaskSpec,
  TaskStateName,
  TaskSummaries,
  TaskSummary,
  TaskView,
  WaitTasks,
} from './tasks.js';
export type { CancelTasksInput, ChangeTaskInput, SubmitTaskInput } from './tasks.js';
export {
  AttemptReport,
  ClaimAnswer,
  ClaimBatch,
  ClaimTasks,
  ClaimedTask,
  INLINE_OUTPUT_BYTES,
  MESSAGE_MAX,
  NOTE_MAX,
  QueueCredentials,
  RegisterWorker,
  ReportAnswer,
  ReportAttempts,
  ReportBatch,
  ReportedArtifact,
  ReportedOutput,
  SteerWorker,
  WorkerIdentity,
  WorkerName,
  WorkerRegistration,
  WorkerTakes,
} from './workers.js';
export type { RegisterWorkerInput } from './workers.js';
export {
  CreateEnrolment,
  CreatedEnrolment,
  EnrolmentList,
  EnrolmentView,
  EnrollWorker,
  UpdateWorker,
  UpdateWorkerGroups,
  WorkerPage,
  WorkerQuery,
  ResumeWorker,
  type ResumeWorkerInput,
  WorkerView,
} from './worker-access.js';
export type { CreateEnrolmentInput, EnrollWorkerInput } from './worker-access.js';
export {
  AccountState,
  CreateUser,
  QuotaChange,
  ResetPassword,
  UpdateUser,
  UserPage,
  UserQuery,
  UserView,
} from './users.js';
export type { CreateUserInput } from './users.js';
export {
  CheckStorage,
  FileFacts,
  MissingParts,
  PARTS_SIGNED_MAX,
  SINGLE_UPLOAD_MAX_BYTES,
  SignAttemptParts,
  SignParts,
  SignedParts,
  StorageReport,
  StoredFile,
  UploadTicket,
} from './uploads.js';
export {
  ClaimedStep,
  SubmitWorkload,
  SubtaskResults,
  SubtaskResultsQuery,
  WORKLOAD_LIMITS,
  WaitWorkload,
  WorkloadPage,
  WorkloadPlan,
  WorkloadQuery,
  WorkloadSummary,
  WorkloadTask,
  WorkloadTasks,
  WorkloadView,
} from './workloads.js';
export type { SubmitWorkloadInput } from './workloads.js';
export { bareReport, reducedReport } from './reduce-report.js';
export { AssignmentView, Need, Needs, StoredNeed } from './needs.js';
export { CreateSchedule, ScheduledJob, SchedulePage, ScheduleQuery, ScheduleRun, ScheduleView } from './schedules.js';
export type { CreateScheduleInput } from './schedules.js';
export { EnforcesView, OfferReport, OfferView } from './offers.js';
export {
  ChangeReceiver,
  CreatedReceiver,
  CreateReceiver,
  DeliveryPage,
  DeliveryQuery,
  DeliveryView,
  Notify,
  RECEIVER_KINDS,
  RECEIVER_LIMITS,
  ReceiverList,
  ReceiverQuery,
  ReceiverView,
  StoredNotify,
} from './receivers.js';
export type { ChangeReceiverInput, CreateReceiverInput, NotifyInput } from './receivers.js';
export { JobEfficiency, USAGE_ROWS_MAX, UsageQuery, UsageRow, UsageTable } from './usage.js';
