export { VERSION } from './version.js';
export { addressBits, isInRange } from './ip-range.js';
export { CERTIFICATE_VARIABLES, proxyFor, proxySettings } from './proxy.js';
export type { ProxySettings } from './proxy.js';
export { worksWith } from './version-skew.js';
export { HTTP_STATUS, MitoError, invalidField } from './errors.js';
export type { MitoErrorOptions } from './errors.js';
export type { CatalogueEntry, ErrorKind } from './errors/catalogue-entry.js';
export { ERRORS, type ErrorCode } from './errors/error-catalogue.js';
export { NAME_PATTERN, TAG_PATTERN, TAGS_MAX } from './names.js';
export { TASK_KINDS, normalizeTags, parseQueueName, queueName } from './routing.js';
export {
  describeRequirement,
  parseRequirements,
  tagsMatch,
  takesAny,
  unmetRequirements,
  type Takes,
} from './tag-expression.js';
export type { Route, TaskKind } from './routing.js';
export { anySignal } from './any-signal.js';
export type { Log, Service } from './service.js';
export { FINAL_STATES, TASK_STATES, isFinal, nextState, statesBefore } from './task-state.js';
export type { AttemptOutcome, FailureReason, TaskEvent, TaskState } from './task-state.js';
export {
  LOSSES_MAX,
  RETRY_DELAY_MAX_MS,
  isAskedFor,
  isLoss,
  isTaskFailure,
  retryDelayMs,
  settleAttempt,
} from './settle-attempt.js';
export type { AttemptEnd, AttemptHistory, RetryPolicy, Settlement } from './settle-attempt.js';
export { ROLES, roleCovers, smallerRole } from './roles.js';
export type { Role } from './roles.js';
export { isAllowed, isInScope, roleNeeded } from './access.js';
export type { Access, Actor, GroupAction, SiteAction, WorkerAction } from './access.js';
export { TOKEN_SCOPES } from './scopes.js';
export type { TokenScope } from './scopes.js';
export { BLANK_CONDITION, BLANK_ITEM, hasWord, isBlank, listItems, NO_WORD } from './conditions.js';
export { formatBytes, parseBytes } from './bytes.js';
export { plainWords } from './plain-words.js';
export type { Issue } from './plain-words.js';
export { parseQuotaChange } from './quota-change.js';
export type { QuotaChange } from './quota-change.js';
export { durationMs, formatDuration, parseDuration } from './duration.js';
export { parsePointInTime } from './point-in-time.js';
export { envFilesOf, NPM_LOCKS, readEnvSetup } from './env-setup.js';
export type { EnvFiles, EnvSetup, EnvSetupKind } from './env-setup.js';
export { admitWithinLimits } from './limit-keys.js';
export type { LimitedTask } from './limit-keys.js';
export { WARN_SIGNALS, assertWarning, parseWarning, warnSignal } from './warning.js';
export type { WarnSignal, Warning } from './warning.js';
export { REQUEUE_CAUSES, REQUEUES_DEFAULT, parseRequeueOn } from './requeue.js';
export type { RequeueCause, RequeueOn } from './requeue.js';
export { LIMIT_SOURCES, LimitsInForce, NO_TASK_LIMITS } from './task-limits.js';
export type { LimitSource, TaskLimits, TimeLimit } from './task-limits.js';
export { LEASE_MAX_MS, LEASE_MIN_MS, presenceOf } from './presence.js';
export type { Presence } from './presence.js';
export { withDefaultNeeds, type NeedDefaults } from './resources/default-needs.js';
export { suggestOptions, type AskedAndUsed } from './resources/suggest-options.js';
export { explainWorker } from './explain-task.js';
export type { WorkerSituation, WorkerVerdict } from './explain-task.js';
export type { Finding } from './finding.js';
export { WANTED_STATES } from './wanted-state.js';
export type { WantedState } from './wanted-state.js';
export {
  ATTACHMENT_KEY_MAX_BYTES,
  attachmentKeyObjection,
  cleanPath,
  keyTarget,
  resourcePathObjection,
  uploadTarget,
} from './attachment-key.js';
export { decodeText, escapedText } from './decode-text.js';
export { DEPENDENCY_CONDITIONS, assertAcyclic, jobState, judgeDependency, unmetOutcome } from './dependencies.js';
export type { DependencyCondition, DependencyVerdict, Prerequisite } from './dependencies.js';
export { parseComparison } from './compare.js';
export type { Comparison } from './compare.js';
export { escapePlaceholders, parseShellTemplate, parseTemplate, type Template } from './placeholders.js';
export { fromOriginalTask, meantArtifactKind, watchedState } from './original-task.js';
export { isDeeperThan, parseParamJson, type ParamJson } from './param-json.js';
export {
  PARAM_PATTERN,
  SWEEP_MAX,
  assertSweepSize,
  combineParams,
  isExact,
  paramValueOf,
  parseArray,
  splitArray,
  parseSweep,
} from './sweep.js';
export type { ParamSource, ParamValue, Params } from './sweep.js';
export { jsonExcess } from './json-bounds.js';
export type { JsonBounds } from './json-bounds.js';
export { objectKey } from './object-key.js';
export { WORKLOAD_STATES, WORKLOAD_STEPS, isWorkloadOver, moveWorkload } from './workload.js';
export type { WorkloadMove, WorkloadState, WorkloadStep } from './workload.js';
export { nameOfCommand } from './task-name.js';
export { ARCHIVE_HEAD_BYTES, archiveObjection, isGzip, isTarHeader, tarChecksum } from './archive-format.js';
export {
  counted,
  cutText,
  fromFirstCharacter,
  isStorableText,
  oneLine,
  storableText,
  textTail,
  withoutEscapes,
} from './text.js';
export { exactNumber, parseExactJson } from './exact-json.js';
export { JSON_DEPTH_MAX, describeChange, storableJson, storableSentence } from './storable.js';
export type { JsonChange, StorableJson } from './storable.js';
export { parseProgress } from './progress.js';
export type { Progress } from './progress.js';
export { systemError } from './system-error.js';
export { addressUrl, checkAddress } from './address.js';
export { EXIT_OUT_OF_RANGE, exitCodeOfSignal, processExitCode } from './exit-code.js';
export {
  DEFAULT_CPUS,
  GPU_WHOLE,
  NEED_LIMITS,
  UNIT_NAME_PATTERN,
  describeNeed,
  describeNeeds,
  gpuThousandths,
  isGpuCount,
} from './resources/need.js';
export type { Need } from './resources/need.js';
export { NEED_OPTIONS, parseNeedBytes, parseNeeds } from './resources/parse-needs.js';
export type { NeedOption, TypedNeed } from './resources/parse-needs.js';
export { isModel, parseOffers } from './resources/offer.js';
export type { Offer, OfferedGpu } from './resources/offer.js';
export { UNUSED, assign, looseRoom, unitsOf, withHeld } from './resources/assign.js';
export type { AssignedGpu, Assignment, Fit, Usage } from './resources/assign.js';
export { assignmentEnvironment, needVariable } from './resources/environment.js';
export type { AssignmentEnvironment, GpuNaming } from './resources/environment.js';
export { editDistance, nearestOf } from './nearest.js';
export { splitLine, wordsOf } from './split-line.js';
export type { SplitLine } from './split-line.js';
export { cronTimes, cronTimesAfter, nextCronTime, parseCron } from './cron.js';
export type { Cron } from './cron.js';
export { assertTimeZone } from './time-zone.js';
export { maySlipIn, startsBy, usageOf } from './resources/reserve.js';
export type { ReservedFor, RunningHold } from './resources/reserve.js';
export { NOTICE_EVENTS, parseNoticeEvents, STUCK_AFTER_MS } from './notice-events.js';
export type { NoticeChoice, NoticeEvent } from './notice-events.js';
export { isPublicAddress } from './public-address.js';
export { ownValue } from './own-value.js';
export { metricNumber, ThinnedRows } from './thin-metrics.js';
