export type {
  CommandSpec,
  Execution,
  ExecutionOutcome,
  ExecutionRequest,
  ExecutionResult,
  Guest,
  GuestInput,
  GuestSpec,
  TerminalInput,
  TerminalSize,
} from './execution.js';
export { Executor } from './executor.js';
export type { ExecutorOptions } from './executor.js';
export { SandboxExecutor } from './sandbox-executor.js';
export type { SandboxExecutorOptions } from './sandbox-executor.js';
export type { ProgramRequest, ProgramSpec } from './program-request.js';
export { cleanScratch, prepareScratch, scratchOf, sweepScratch } from './scratch.js';
export type { Scratch } from './scratch.js';
export { taskEnvironment } from './task-environment.js';
export type { TaskEnvironmentOptions } from './task-environment.js';
export { packCode } from './code/pack-code.js';
export type { PackedCode, SourceFile, SourceLink } from './code/pack-code.js';
export { codeLinkObjection, codePathObjection } from './code/code-rules.js';
export { placeCode, readManifest } from './code/place-code.js';
export type { PlacedFiles } from './code/place-code.js';
export { UNMENTIONED } from './archive/walk-folder.js';
export { packedFolder, packFolder } from './archive/pack-folder.js';
export { DONE_NAME, folderState, packMoment } from './archive/pack-moment.js';
export type { FolderState, Moment, MomentOptions } from './archive/pack-moment.js';
export type { PackLimits, PackOptions, PackedFolder, SkippedEntry } from './archive/pack-folder.js';
export { unpackArchive } from './archive/unpack-archive.js';
export type { UnpackLimits, UnpackedArchive } from './archive/unpack-archive.js';
export { listArchive, readArchiveFile } from './archive/read-archive.js';
export type { ArchiveEntry } from './archive/read-archive.js';
export { listeningPorts } from './listening-ports.js';
export { listTaskFolder, openInFolder, placeInFolder } from './task-folders.js';
export { openTaskFile, readPieces, readTaskFile, withTaskFile } from './task-file.js';
export { maskText } from './secret-mask.js';
export { removeTree } from './remove-tree.js';
export { errorCode, isErrno } from './system-error.js';
export { DETECT_MS, detectHost, machineName, placeName } from './host/detect-host.js';
export type { DetectedHost, DetectOptions } from './host/detect-host.js';
export { chooseOffer, parseReserve } from './host/choose-offer.js';
export type { ChosenOffer, OfferChoice } from './host/choose-offer.js';
export { provenLimits } from './host/proven-limits.js';
export type { ProvenLimits } from './host/proven-limits.js';
export { Deadline } from './launcher/deadline.js';
