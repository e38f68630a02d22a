export { ARTIFACT_KINDS, ArtifactDownload, ArtifactKind, ArtifactView, SignedRequest, SkippedFile, UploadRequest } from './artifacts.js';
export { Identity, Login, Session } from './auth.js';
export { AttemptRef, FOLLOW_WINDOW_BYTES, FromWorker, ToWorker } from './channel.js';
export { ErrorBody, HTTP_STATUS, errorKindOf } from './errors.js';
export { TaskExplanation, WorkerExplanation } from './explain.js';
export { LIMITS, Labels, Name, Tags, Uuid } from './fields.js';
export { OPERATIONS } from './operations.js';
export type { Operation, OperationAccess } from './operations/operation.js';
export { OutputEnd, OutputEvent } from './output-events.js';
export { FrameDecoder, OUTPUT_FRAME_HEADER_BYTES, OUTPUT_FRAME_PAYLOAD_MAX_BYTES, encodeFrame, encodeFrameHeader } from './output-frames.js';
export type { OutputFrame, OutputStream } from './output-frames.js';
export {
  SubmitTask,
  SubmitTasks,
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
export type { SubmitTaskInput } from './tasks.js';
export {
  AttemptReport,
  ClaimAnswer,
  ClaimTasks,
  ClaimedTask,
  INLINE_OUTPUT_BYTES,
  QueueCredentials,
  RegisterWorker,
  ReportAnswer,
  ReportAttempts,
  ReportedArtifact,
  ReportedOutput,
  SteerWorker,
  SteeredWorker,
  WorkerRegistration,
} from './workers.js';
export type { RegisterWorkerInput } from './workers.js';
