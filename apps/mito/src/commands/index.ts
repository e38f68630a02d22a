import type { CommandClass } from 'clipanion';
import type { MitoContext } from '../mito-context.js';
import { AdminBootstrapCommand } from './client/admin/bootstrap.js';
import { AdminFsckCommand } from './client/admin/fsck.js';
import { GroupsAttachmentsDeleteCommand } from './client/groups/attachments/delete.js';
import { GroupsAttachmentsDeleteListCommand } from './client/groups/attachments/delete-list.js';
import { GroupsAttachmentsDeleteManyCommand } from './client/groups/attachments/delete-many.js';
import { GroupsAttachmentsDownloadCommand } from './client/groups/attachments/download.js';
import { GroupsAttachmentsDownloadListCommand } from './client/groups/attachments/download-list.js';
import { GroupsAttachmentsDownloadManyCommand } from './client/groups/attachments/download-many.js';
import { GroupsAttachmentsGetCommand } from './client/groups/attachments/get.js';
import { GroupsAttachmentsQueryCommand } from './client/groups/attachments/query.js';
import { GroupsAttachmentsUploadCommand } from './client/groups/attachments/upload.js';
import { TasksArtifactsCatCommand } from './client/tasks/artifacts/cat.js';
import { TasksArtifactsDeleteCommand } from './client/tasks/artifacts/delete.js';
import { TasksArtifactsDeleteListCommand } from './client/tasks/artifacts/delete-list.js';
import { TasksArtifactsDeleteManyCommand } from './client/tasks/artifacts/delete-many.js';
import { TasksArtifactsDownloadListCommand } from './client/tasks/artifacts/download-list.js';
import { TasksArtifactsDownloadManyCommand } from './client/tasks/artifacts/download-many.js';
import { TasksArtifactsListCommand } from './client/tasks/artifacts/list.js';
import { TasksArtifactsUploadCommand } from './client/tasks/artifacts/upload.js';
import { ClientAuthCommand } from './client/auth.js';
import { ClientEventsCommand } from './client/events.js';
import { GroupsResumeCommand } from './client/groups/resume.js';
import { GroupsSuspendCommand } from './client/groups/suspend.js';
import { JobsCancelCommand } from './client/jobs/cancel.js';
import { JobsGetCommand } from './client/jobs/get.js';
import { JobsListCommand } from './client/jobs/list.js';
import { JobsProgressCommand } from './client/jobs/progress.js';
import { JobsResultsCommand } from './client/jobs/results.js';
import { JobsResumeCommand } from './client/jobs/resume.js';
import { JobsRetryFailedCommand } from './client/jobs/retry-failed.js';
import { JobsSuspendCommand } from './client/jobs/suspend.js';
import { JobsWaitCommand } from './client/jobs/wait.js';
import { ReportCommand } from './report.js';
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
import { TasksAttachCommand } from './client/tasks/attach.js';
import { TasksUpdateLabelsCommand } from './client/tasks/update-labels.js';
import { TasksWaitCommand } from './client/tasks/wait.js';
import { AdminShutdownCommand } from './client/admin/shutdown.js';
import { WorkersCancelManyCommand } from './client/workers/cancel-many.js';
import { WorkersCancelCommand } from './client/workers/cancel.js';
import { WorkersDrainCommand } from './client/workers/drain.js';
import { WorkersResumeCommand } from './client/workers/resume.js';
import { WorkersStopCommand } from './client/workers/stop.js';
import { AdminAuditQueryCommand } from './client/admin/audit/query.js';
import { AdminGroupsStorageQuotaCommand } from './client/admin/groups/storage-quota.js';
import { AdminGroupsTaskQuotaCommand } from './client/admin/groups/task-quota.js';
import { AdminUsersChangePasswordCommand } from './client/admin/users/change-password.js';
import { AdminUsersCreateCommand } from './client/admin/users/create.js';
import { AdminUsersDeleteCommand } from './client/admin/users/delete.js';
import { AdminUsersGrantAdminCommand } from './client/admin/users/grant-admin.js';
import { AdminUsersGroupQuotaCommand } from './client/admin/users/group-quota.js';
import { AdminUsersLockCommand } from './client/admin/users/lock.js';
import { AdminUsersQueryCommand } from './client/admin/users/query.js';
import { AdminUsersRevokeAdminCommand } from './client/admin/users/revoke-admin.js';
import { AdminUsersUnlockCommand } from './client/admin/users/unlock.js';
import { GroupsCreateCommand } from './client/groups/create.js';
import { GroupsDeleteCommand } from './client/groups/delete.js';
import { GroupsGetCommand } from './client/groups/get.js';
import { GroupsLockCommand } from './client/groups/lock.js';
import { GroupsQueryCommand } from './client/groups/query.js';
import { GroupsRemoveUserCommand } from './client/groups/remove-user.js';
import { GroupsUnlockCommand } from './client/groups/unlock.js';
import { GroupsUpdateUserCommand } from './client/groups/update-user.js';
import { TokensCreateCommand } from './client/tokens/create.js';
import { TokensListCommand } from './client/tokens/list.js';
import { TokensRevokeCommand } from './client/tokens/revoke.js';
import { UsersChangePasswordCommand } from './client/users/change-password.js';
import { UsersGetCommand } from './client/users/get.js';
import { UsersGroupsCommand } from './client/users/groups.js';
import { WorkersEnrollCommand } from './client/workers/enroll.js';
import { WorkersEnrolmentsCommand } from './client/workers/enrolments.js';
import { WorkersGetCommand } from './client/workers/get.js';
import { WorkersQueryCommand } from './client/workers/query.js';
import { WorkersRemoveRolesCommand } from './client/workers/remove-roles.js';
import { WorkersRevokeCommand } from './client/workers/revoke.js';
import { WorkersRevokeEnrolmentCommand } from './client/workers/revoke-enrolment.js';
import { WorkersUpdateLabelsCommand } from './client/workers/update-labels.js';
import { WorkersUpdateRolesCommand } from './client/workers/update-roles.js';
import { WorkersUpdateTagsCommand } from './client/workers/update-tags.js';
import { ClientCmdCommand } from './client/cmd.js';
import { ClientQuitCommand } from './client/quit.js';
import { ClientCommand } from './client.js';
import { CompleteCommand } from './complete.js';
import { CompletionCommand } from './completion.js';
import { ProgramsListCommand } from './client/programs/list.js';
import { ProgramsUploadCommand } from './client/programs/upload.js';
import { ComputeCommand } from './compute.js';
import { CoordinatorCommand } from './coordinator.js';
import { DemoCommand } from './demo.js';
import { DoctorCommand } from './doctor.js';
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
  AdminBootstrapCommand,
  AdminFsckCommand,
  GroupsAttachmentsDeleteCommand,
  GroupsAttachmentsDeleteListCommand,
  GroupsAttachmentsDeleteManyCommand,
  GroupsAttachmentsDownloadCommand,
  GroupsAttachmentsDownloadListCommand,
  GroupsAttachmentsDownloadManyCommand,
  GroupsAttachmentsGetCommand,
  GroupsAttachmentsQueryCommand,
  GroupsAttachmentsUploadCommand,
  TasksArtifactsCatCommand,
  TasksArtifactsDeleteCommand,
  TasksArtifactsDeleteListCommand,
  TasksArtifactsDeleteManyCommand,
  TasksArtifactsDownloadListCommand,
  TasksArtifactsDownloadManyCommand,
  TasksArtifactsListCommand,
  TasksArtifactsUploadCommand,
  ClientAuthCommand,
  ClientCmdCommand,
  ClientCommand,
  ClientLoginCommand,
  ClientLogoutCommand,
  ClientQuitCommand,
  CompleteCommand,
  CompletionCommand,
  ComputeCommand,
  CoordinatorCommand,
  DemoCommand,
  DoctorCommand,
  ManagerKillCommand,
  ManagerLogsCommand,
  ManagerRestartCommand,
  ManagerSpawnCommand,
  ManagerStatusCommand,
  ManagerStopCommand,
  MetricsCommand,
  ClientEventsCommand,
  GroupsResumeCommand,
  GroupsSuspendCommand,
  JobsCancelCommand,
  JobsGetCommand,
  JobsListCommand,
  JobsProgressCommand,
  JobsResultsCommand,
  JobsResumeCommand,
  JobsRetryFailedCommand,
  JobsSuspendCommand,
  JobsWaitCommand,
  ReportCommand,
  ProgramsListCommand,
  ProgramsUploadCommand,
  RunCommand,
  TasksArtifactsDownloadCommand,
  TasksExplainCommand,
  TasksCancelCommand,
  TasksChangeCommand,
  TasksGetCommand,
  TasksLogsCommand,
  TasksQueryCommand,
  TasksSubmitCommand,
  TasksAttachCommand,
  TasksSubmitManyCommand,
  TasksUpdateLabelsCommand,
  TasksWaitCommand,
  UpCommand,
  WorkerCommand,
  AdminShutdownCommand,
  WorkersCancelCommand,
  WorkersCancelManyCommand,
  WorkersDrainCommand,
  WorkersResumeCommand,
  WorkersStopCommand,
  AdminAuditQueryCommand,
  AdminGroupsStorageQuotaCommand,
  AdminGroupsTaskQuotaCommand,
  AdminUsersChangePasswordCommand,
  AdminUsersCreateCommand,
  AdminUsersDeleteCommand,
  AdminUsersGrantAdminCommand,
  AdminUsersGroupQuotaCommand,
  AdminUsersLockCommand,
  AdminUsersQueryCommand,
  AdminUsersRevokeAdminCommand,
  AdminUsersUnlockCommand,
  GroupsCreateCommand,
  GroupsDeleteCommand,
  GroupsGetCommand,
  GroupsLockCommand,
  GroupsQueryCommand,
  GroupsRemoveUserCommand,
  GroupsUnlockCommand,
  GroupsUpdateUserCommand,
  TokensCreateCommand,
  TokensListCommand,
  TokensRevokeCommand,
  UsersChangePasswordCommand,
  UsersGetCommand,
  UsersGroupsCommand,
  WorkersEnrollCommand,
  WorkersEnrolmentsCommand,
  WorkersGetCommand,
  WorkersQueryCommand,
  WorkersRemoveRolesCommand,
  WorkersRevokeCommand,
  WorkersRevokeEnrolmentCommand,
  WorkersUpdateLabelsCommand,
  WorkersUpdateRolesCommand,
  WorkersUpdateTagsCommand,
];
