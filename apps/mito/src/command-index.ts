// Made by tools/reference.mjs; do not edit.
import type { CommandEntry } from './mito-context.js';

/** The whole command tree. The path typed is the path of the file, which is loaded only for its command. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    paths: ['apply', 'client apply'],
    about: { category: 'Tasks', description: 'run the experiment that a file describes, or what is new in it' },
    load: async () => (await import('./commands/apply.js')).ApplyCommand,
  },
  {
    paths: ['client'],
    about: { category: 'Account', description: 'start the interactive mode, where every command works' },
    load: async () => (await import('./commands/client.js')).ClientCommand,
  },
  {
    paths: ['client admin audit query', 'admin audit query'],
    about: { category: 'Administration', description: 'list who did what, when and from where, newest first' },
    load: async () => (await import('./commands/client/admin/audit/query.js')).AdminAuditQueryCommand,
  },
  {
    paths: ['client admin bootstrap', 'admin bootstrap'],
    about: { category: 'Administration', description: 'create the first administrator of a deployment' },
    load: async () => (await import('./commands/client/admin/bootstrap.js')).AdminBootstrapCommand,
  },
  {
    paths: ['client admin fsck', 'admin fsck'],
    about: { category: 'Administration', description: 'compare the object store with the database' },
    load: async () => (await import('./commands/client/admin/fsck.js')).AdminFsckCommand,
  },
  {
    paths: ['client admin groups limits', 'admin groups limits'],
    about: {
      category: 'Administration',
      description: 'set what tasks of a group get that say nothing else, and their longest time limit',
    },
    load: async () => (await import('./commands/client/admin/groups/limits.js')).AdminGroupsLimitsCommand,
  },
  {
    paths: ['client admin groups storage-quota', 'admin groups storage-quota'],
    about: { category: 'Administration', description: 'set or change what a group may store' },
    load: async () => (await import('./commands/client/admin/groups/storage-quota.js')).AdminGroupsStorageQuotaCommand,
  },
  {
    paths: ['client admin groups task-quota', 'admin groups task-quota'],
    about: { category: 'Administration', description: 'limit how many tasks of a group wait or run at a time' },
    load: async () => (await import('./commands/client/admin/groups/task-quota.js')).AdminGroupsTaskQuotaCommand,
  },
  {
    paths: ['client admin shutdown', 'admin shutdown'],
    about: { category: 'Administration', description: 'say how a coordinator is stopped' },
    load: async () => (await import('./commands/client/admin/shutdown.js')).AdminShutdownCommand,
  },
  {
    paths: ['client admin users change-password', 'admin users change-password'],
    about: { category: 'Administration', description: "set a user's password; ends all logins and tokens of the user" },
    load: async () =>
      (await import('./commands/client/admin/users/change-password.js')).AdminUsersChangePasswordCommand,
  },
  {
    paths: ['client admin users create', 'admin users create'],
    about: { category: 'Administration', description: 'create a user with a group of the same name' },
    load: async () => (await import('./commands/client/admin/users/create.js')).AdminUsersCreateCommand,
  },
  {
    paths: ['client admin users delete', 'admin users delete'],
    about: { category: 'Administration', description: 'delete a user; what the user has made stays' },
    load: async () => (await import('./commands/client/admin/users/delete.js')).AdminUsersDeleteCommand,
  },
  {
    paths: ['client admin users grant-admin', 'admin users grant-admin'],
    about: { category: 'Administration', description: 'make a user a site administrator' },
    load: async () => (await import('./commands/client/admin/users/grant-admin.js')).AdminUsersGrantAdminCommand,
  },
  {
    paths: ['client admin users group-quota', 'admin users group-quota'],
    about: { category: 'Administration', description: 'set or change how many groups a user may create' },
    load: async () => (await import('./commands/client/admin/users/group-quota.js')).AdminUsersGroupQuotaCommand,
  },
  {
    paths: ['client admin users lock', 'admin users lock'],
    about: { category: 'Administration', description: 'lock a user: logins, tokens and workers end at once' },
    load: async () => (await import('./commands/client/admin/users/lock.js')).AdminUsersLockCommand,
  },
  {
    paths: ['client admin users query', 'admin users query'],
    about: { category: 'Administration', description: 'list users' },
    load: async () => (await import('./commands/client/admin/users/query.js')).AdminUsersQueryCommand,
  },
  {
    paths: ['client admin users revoke-admin', 'admin users revoke-admin'],
    about: { category: 'Administration', description: 'make a site administrator an ordinary user' },
    load: async () => (await import('./commands/client/admin/users/revoke-admin.js')).AdminUsersRevokeAdminCommand,
  },
  {
    paths: ['client admin users unlock', 'admin users unlock'],
    about: { category: 'Administration', description: 'undo the lock of a user' },
    load: async () => (await import('./commands/client/admin/users/unlock.js')).AdminUsersUnlockCommand,
  },
  {
    paths: ['client auth', 'auth'],
    about: { category: 'Account', description: 'show who you are logged in as' },
    load: async () => (await import('./commands/client/auth.js')).ClientAuthCommand,
  },
  {
    paths: ['client cmd', 'cmd'],
    about: { category: 'Shell', description: 'run a command on this machine, not on a worker' },
    load: async () => (await import('./commands/client/cmd.js')).ClientCmdCommand,
  },
  {
    paths: ['client events', 'events'],
    about: { category: 'Tasks', description: 'show how tasks, jobs and groups change, as it happens, until Ctrl-C' },
    load: async () => (await import('./commands/client/events.js')).ClientEventsCommand,
  },
  {
    paths: ['client groups attachments delete-list', 'groups attachments delete-list'],
    about: { category: 'Attachments', description: 'delete the files named' },
    load: async () =>
      (await import('./commands/client/groups/attachments/delete-list.js')).GroupsAttachmentsDeleteListCommand,
  },
  {
    paths: ['client groups attachments delete-many', 'groups attachments delete-many'],
    about: { category: 'Attachments', description: 'delete all files of a group whose key has a prefix' },
    load: async () =>
      (await import('./commands/client/groups/attachments/delete-many.js')).GroupsAttachmentsDeleteManyCommand,
  },
  {
    paths: [
      'client groups attachments delete',
      'groups attachments delete',
      'client admin groups attachments delete',
      'admin groups attachments delete',
    ],
    about: { category: 'Attachments', description: 'delete a file of a group' },
    load: async () => (await import('./commands/client/groups/attachments/delete.js')).GroupsAttachmentsDeleteCommand,
  },
  {
    paths: ['client groups attachments download-list', 'groups attachments download-list'],
    about: { category: 'Attachments', description: 'fetch the files named' },
    load: async () =>
      (await import('./commands/client/groups/attachments/download-list.js')).GroupsAttachmentsDownloadListCommand,
  },
  {
    paths: ['client groups attachments download-many', 'groups attachments download-many'],
    about: { category: 'Attachments', description: 'fetch all files of a group, or those whose key has a prefix' },
    load: async () =>
      (await import('./commands/client/groups/attachments/download-many.js')).GroupsAttachmentsDownloadManyCommand,
  },
  {
    paths: ['client groups attachments download', 'groups attachments download'],
    about: { category: 'Attachments', description: 'fetch a file of a group' },
    load: async () =>
      (await import('./commands/client/groups/attachments/download.js')).GroupsAttachmentsDownloadCommand,
  },
  {
    paths: ['client groups attachments get', 'groups attachments get'],
    about: { category: 'Attachments', description: 'show what is known of a file' },
    load: async () => (await import('./commands/client/groups/attachments/get.js')).GroupsAttachmentsGetCommand,
  },
  {
    paths: [
      'client groups attachments query',
      'groups attachments query',
      'client groups attachments list',
      'groups attachments list',
    ],
    about: { category: 'Attachments', description: 'list the files of a group' },
    load: async () => (await import('./commands/client/groups/attachments/query.js')).GroupsAttachmentsQueryCommand,
  },
  {
    paths: ['client groups attachments upload', 'groups attachments upload'],
    about: { category: 'Attachments', description: 'share a file with a group' },
    load: async () => (await import('./commands/client/groups/attachments/upload.js')).GroupsAttachmentsUploadCommand,
  },
  {
    paths: ['client groups create', 'groups create'],
    about: { category: 'Groups', description: 'create a group, of which you are admin' },
    load: async () => (await import('./commands/client/groups/create.js')).GroupsCreateCommand,
  },
  {
    paths: ['client groups delete', 'groups delete'],
    about: { category: 'Groups', description: 'delete a group that has no open tasks' },
    load: async () => (await import('./commands/client/groups/delete.js')).GroupsDeleteCommand,
  },
  {
    paths: ['client groups get', 'groups get'],
    about: { category: 'Groups', description: 'show a group, and for its admins the members' },
    load: async () => (await import('./commands/client/groups/get.js')).GroupsGetCommand,
  },
  {
    paths: ['client groups lock', 'groups lock', 'client admin groups lock', 'admin groups lock'],
    about: { category: 'Groups', description: 'lock a group: everything can be seen, nothing new runs' },
    load: async () => (await import('./commands/client/groups/lock.js')).GroupsLockCommand,
  },
  {
    paths: ['client groups query', 'groups query', 'client admin groups query', 'admin groups query'],
    about: { category: 'Groups', description: 'list your groups; for administrators all of them' },
    load: async () => (await import('./commands/client/groups/query.js')).GroupsQueryCommand,
  },
  {
    paths: ['client groups remove-user', 'groups remove-user'],
    about: { category: 'Groups', description: 'remove members' },
    load: async () => (await import('./commands/client/groups/remove-user.js')).GroupsRemoveUserCommand,
  },
  {
    paths: ['client groups resume', 'groups resume'],
    about: { category: 'Groups', description: 'start tasks of a group again' },
    load: async () => (await import('./commands/client/groups/resume.js')).GroupsResumeCommand,
  },
  {
    paths: ['client groups suspend', 'groups suspend'],
    about: { category: 'Groups', description: 'start no more tasks of a group' },
    load: async () => (await import('./commands/client/groups/suspend.js')).GroupsSuspendCommand,
  },
  {
    paths: ['client groups unlock', 'groups unlock', 'client admin groups unlock', 'admin groups unlock'],
    about: { category: 'Groups', description: 'undo the lock of a group' },
    load: async () => (await import('./commands/client/groups/unlock.js')).GroupsUnlockCommand,
  },
  {
    paths: ['client groups update-user', 'groups update-user'],
    about: { category: 'Groups', description: 'add members or change their roles' },
    load: async () => (await import('./commands/client/groups/update-user.js')).GroupsUpdateUserCommand,
  },
  {
    paths: ['client jobs cancel', 'jobs cancel'],
    about: { category: 'Jobs', description: 'cancel the tasks of a job, waiting and running' },
    load: async () => (await import('./commands/client/jobs/cancel.js')).JobsCancelCommand,
  },
  {
    paths: ['client jobs change', 'jobs change'],
    about: { category: 'Jobs', description: 'change how many tasks of a job run at a time, and how many may fail' },
    load: async () => (await import('./commands/client/jobs/change.js')).JobsChangeCommand,
  },
  {
    paths: ['client jobs close', 'jobs close'],
    about: { category: 'Jobs', description: 'say that no more tasks are to come to a job' },
    load: async () => (await import('./commands/client/jobs/close.js')).JobsCloseCommand,
  },
  {
    paths: ['client jobs compare', 'jobs compare'],
    about: { category: 'Jobs', description: 'compare the metrics of two jobs, task by task' },
    load: async () => (await import('./commands/client/jobs/compare.js')).JobsCompareCommand,
  },
  {
    paths: ['client jobs create', 'jobs create'],
    about: { category: 'Jobs', description: 'begin a job that tasks are added to until it is closed' },
    load: async () => (await import('./commands/client/jobs/create.js')).JobsCreateCommand,
  },
  {
    paths: ['client jobs efficiency', 'jobs efficiency'],
    about: {
      category: 'Jobs',
      description: 'what the tasks of a job asked for against what they used, and what to ask for next time',
    },
    load: async () => (await import('./commands/client/jobs/efficiency.js')).JobsEfficiencyCommand,
  },
  {
    paths: ['client jobs export', 'jobs export'],
    about: { category: 'Jobs', description: 'print the file that describes a job' },
    load: async () => (await import('./commands/client/jobs/export.js')).JobsExportCommand,
  },
  {
    paths: ['client jobs failures', 'jobs failures'],
    about: { category: 'Jobs', description: 'group the failed tasks of a job by their last lines' },
    load: async () => (await import('./commands/client/jobs/failures.js')).JobsFailuresCommand,
  },
  {
    paths: ['client jobs get', 'jobs get'],
    about: { category: 'Jobs', description: 'show one job' },
    load: async () => (await import('./commands/client/jobs/get.js')).JobsGetCommand,
  },
  {
    paths: ['client jobs grep', 'jobs grep'],
    about: { category: 'Jobs', description: 'search in what the tasks of a job have printed' },
    load: async () => (await import('./commands/client/jobs/grep.js')).JobsGrepCommand,
  },
  {
    paths: ['client jobs list', 'jobs list'],
    about: { category: 'Jobs', description: 'list jobs, newest first' },
    load: async () => (await import('./commands/client/jobs/list.js')).JobsListCommand,
  },
  {
    paths: ['client jobs progress', 'jobs progress'],
    about: { category: 'Jobs', description: 'show how far a job is, until it is over' },
    load: async () => (await import('./commands/client/jobs/progress.js')).JobsProgressCommand,
  },
  {
    paths: ['client jobs rerun', 'jobs rerun'],
    about: { category: 'Jobs', description: 'submit all tasks of a job again, as a new job' },
    load: async () => (await import('./commands/client/jobs/rerun.js')).JobsRerunCommand,
  },
  {
    paths: ['client jobs results', 'jobs results'],
    about: { category: 'Jobs', description: 'one table of parameters, metrics and outcomes of a job' },
    load: async () => (await import('./commands/client/jobs/results.js')).JobsResultsCommand,
  },
  {
    paths: ['client jobs resume', 'jobs resume'],
    about: { category: 'Jobs', description: 'start tasks of a job again' },
    load: async () => (await import('./commands/client/jobs/resume.js')).JobsResumeCommand,
  },
  {
    paths: ['client jobs retry-failed', 'jobs retry-failed'],
    about: { category: 'Jobs', description: 'submit the failed and cancelled tasks of a job again' },
    load: async () => (await import('./commands/client/jobs/retry-failed.js')).JobsRetryFailedCommand,
  },
  {
    paths: ['client jobs suspend', 'jobs suspend'],
    about: { category: 'Jobs', description: 'start no more tasks of a job' },
    load: async () => (await import('./commands/client/jobs/suspend.js')).JobsSuspendCommand,
  },
  {
    paths: ['client jobs wait', 'jobs wait'],
    about: { category: 'Jobs', description: 'wait until a job is over' },
    load: async () => (await import('./commands/client/jobs/wait.js')).JobsWaitCommand,
  },
  {
    paths: ['client login', 'login'],
    about: { category: 'Account', description: 'log in and keep the token for later commands' },
    load: async () => (await import('./commands/client/login.js')).ClientLoginCommand,
  },
  {
    paths: ['client logout', 'logout'],
    about: { category: 'Account', description: 'end the cached login and forget it' },
    load: async () => (await import('./commands/client/logout.js')).ClientLogoutCommand,
  },
  {
    paths: ['client notify add', 'notify add'],
    about: { category: 'Notifications', description: 'add a receiver of notifications' },
    load: async () => (await import('./commands/client/notify/add.js')).NotifyAddCommand,
  },
  {
    paths: ['client notify change', 'notify change'],
    about: { category: 'Notifications', description: 'change what a receiver is told of' },
    load: async () => (await import('./commands/client/notify/change.js')).NotifyChangeCommand,
  },
  {
    paths: ['client notify delete', 'notify delete'],
    about: {
      category: 'Notifications',
      description: 'delete a receiver of notifications, with the messages that wait for it',
    },
    load: async () => (await import('./commands/client/notify/delete.js')).NotifyDeleteCommand,
  },
  {
    paths: ['client notify list', 'notify list'],
    about: { category: 'Notifications', description: 'list your receivers of notifications, or those of a group' },
    load: async () => (await import('./commands/client/notify/list.js')).NotifyListCommand,
  },
  {
    paths: ['client notify log', 'notify log'],
    about: {
      category: 'Notifications',
      description: 'list the messages to a receiver, newest first, and how they were delivered',
    },
    load: async () => (await import('./commands/client/notify/log.js')).NotifyLogCommand,
  },
  {
    paths: ['client notify pause', 'notify pause'],
    about: {
      category: 'Notifications',
      description: 'send a receiver nothing until it is resumed; messages wait for up to a day',
    },
    load: async () => (await import('./commands/client/notify/pause.js')).NotifyPauseCommand,
  },
  {
    paths: ['client notify resume', 'notify resume'],
    about: { category: 'Notifications', description: 'send a receiver its messages again' },
    load: async () => (await import('./commands/client/notify/resume.js')).NotifyResumeCommand,
  },
  {
    paths: ['client notify test', 'notify test'],
    about: { category: 'Notifications', description: 'send a receiver a test message and say how that went' },
    load: async () => (await import('./commands/client/notify/test.js')).NotifyTestCommand,
  },
  {
    paths: ['client programs delete', 'programs delete'],
    about: { category: 'Programs', description: 'delete a WebAssembly program of a group' },
    load: async () => (await import('./commands/client/programs/delete.js')).ProgramsDeleteCommand,
  },
  {
    paths: ['client programs list', 'programs list'],
    about: { category: 'Programs', description: 'list the WebAssembly programs of a group' },
    load: async () => (await import('./commands/client/programs/list.js')).ProgramsListCommand,
  },
  {
    paths: ['client programs upload', 'programs upload'],
    about: { category: 'Programs', description: 'store a WebAssembly program for a group' },
    load: async () => (await import('./commands/client/programs/upload.js')).ProgramsUploadCommand,
  },
  {
    paths: ['client quit', 'client exit', 'quit', 'exit'],
    about: { category: 'Shell', description: 'leave the interactive mode' },
    load: async () => (await import('./commands/client/quit.js')).ClientQuitCommand,
  },
  {
    paths: ['client schedules create', 'schedules create'],
    about: { category: 'Schedules', description: 'submit the jobs of a file at the times of a cron expression' },
    load: async () => (await import('./commands/client/schedules/create.js')).SchedulesCreateCommand,
  },
  {
    paths: ['client schedules delete', 'schedules delete'],
    about: { category: 'Schedules', description: 'delete a schedule; its jobs stay' },
    load: async () => (await import('./commands/client/schedules/delete.js')).SchedulesDeleteCommand,
  },
  {
    paths: ['client schedules get', 'schedules get'],
    about: { category: 'Schedules', description: 'show a schedule: its next times and its last runs' },
    load: async () => (await import('./commands/client/schedules/get.js')).SchedulesGetCommand,
  },
  {
    paths: ['client schedules list', 'schedules list'],
    about: { category: 'Schedules', description: 'list schedules, newest first' },
    load: async () => (await import('./commands/client/schedules/list.js')).SchedulesListCommand,
  },
  {
    paths: ['client schedules pause', 'schedules pause'],
    about: { category: 'Schedules', description: 'let a schedule submit nothing until it is resumed' },
    load: async () => (await import('./commands/client/schedules/pause.js')).SchedulesPauseCommand,
  },
  {
    paths: ['client schedules resume', 'schedules resume'],
    about: { category: 'Schedules', description: 'let a schedule continue with its next time' },
    load: async () => (await import('./commands/client/schedules/resume.js')).SchedulesResumeCommand,
  },
  {
    paths: ['client schedules run-now', 'schedules run-now'],
    about: { category: 'Schedules', description: 'submit the jobs of a schedule now' },
    load: async () => (await import('./commands/client/schedules/run-now.js')).SchedulesRunNowCommand,
  },
  {
    paths: ['client secrets delete', 'secrets delete'],
    about: { category: 'Groups', description: 'delete a secret of a group' },
    load: async () => (await import('./commands/client/secrets/delete.js')).SecretsDeleteCommand,
  },
  {
    paths: ['client secrets list', 'secrets list'],
    about: { category: 'Groups', description: 'list the names of the secrets of a group' },
    load: async () => (await import('./commands/client/secrets/list.js')).SecretsListCommand,
  },
  {
    paths: ['client secrets set', 'secrets set'],
    about: { category: 'Groups', description: 'set a secret of a group, which tasks get with --secret' },
    load: async () => (await import('./commands/client/secrets/set.js')).SecretsSetCommand,
  },
  {
    paths: ['client tasks artifacts cat', 'tasks artifacts cat'],
    about: { category: 'Tasks', description: 'print one file of an artifact without unpacking all of it' },
    load: async () => (await import('./commands/client/tasks/artifacts/cat.js')).TasksArtifactsCatCommand,
  },
  {
    paths: ['client tasks artifacts delete-list', 'tasks artifacts delete-list'],
    about: { category: 'Tasks', description: 'delete one kind of artifact of the tasks named' },
    load: async () =>
      (await import('./commands/client/tasks/artifacts/delete-list.js')).TasksArtifactsDeleteListCommand,
  },
  {
    paths: ['client tasks artifacts delete-many', 'tasks artifacts delete-many'],
    about: { category: 'Tasks', description: 'delete one kind of artifact of all tasks that a filter finds' },
    load: async () =>
      (await import('./commands/client/tasks/artifacts/delete-many.js')).TasksArtifactsDeleteManyCommand,
  },
  {
    paths: [
      'client tasks artifacts delete',
      'tasks artifacts delete',
      'client admin tasks artifacts delete',
      'admin tasks artifacts delete',
    ],
    about: { category: 'Tasks', description: 'delete an artifact of a task' },
    load: async () => (await import('./commands/client/tasks/artifacts/delete.js')).TasksArtifactsDeleteCommand,
  },
  {
    paths: ['client tasks artifacts download-list', 'tasks artifacts download-list'],
    about: { category: 'Tasks', description: 'fetch one kind of artifact of the tasks named' },
    load: async () =>
      (await import('./commands/client/tasks/artifacts/download-list.js')).TasksArtifactsDownloadListCommand,
  },
  {
    paths: ['client tasks artifacts download-many', 'tasks artifacts download-many'],
    about: { category: 'Tasks', description: 'fetch one kind of artifact of all tasks that a filter finds' },
    load: async () =>
      (await import('./commands/client/tasks/artifacts/download-many.js')).TasksArtifactsDownloadManyCommand,
  },
  {
    paths: ['client tasks artifacts download', 'tasks artifacts download'],
    about: { category: 'Tasks', description: 'fetch what a task has produced' },
    load: async () => (await import('./commands/client/tasks/artifacts/download.js')).TasksArtifactsDownloadCommand,
  },
  {
    paths: ['client tasks artifacts list', 'tasks artifacts list'],
    about: { category: 'Tasks', description: 'list what a task has produced, and what was not kept' },
    load: async () => (await import('./commands/client/tasks/artifacts/list.js')).TasksArtifactsListCommand,
  },
  {
    paths: ['client tasks artifacts upload', 'tasks artifacts upload'],
    about: { category: 'Tasks', description: 'put a file in the place of an artifact of a task' },
    load: async () => (await import('./commands/client/tasks/artifacts/upload.js')).TasksArtifactsUploadCommand,
  },
  {
    paths: ['client tasks attach', 'tasks attach'],
    about: { category: 'Tasks', description: 'sit down at the terminal of a task' },
    load: async () => (await import('./commands/client/tasks/attach.js')).TasksAttachCommand,
  },
  {
    paths: [
      'client tasks cancel',
      'tasks cancel',
      'client tasks cancel-list',
      'tasks cancel-list',
      'client tasks cancel-many',
      'tasks cancel-many',
    ],
    about: { category: 'Tasks', description: 'cancel tasks, waiting or running' },
    load: async () => (await import('./commands/client/tasks/cancel.js')).TasksCancelCommand,
  },
  {
    paths: ['client tasks cat', 'tasks cat'],
    about: { category: 'Tasks', description: 'print a file of a running task' },
    load: async () => (await import('./commands/client/tasks/cat.js')).TasksCatCommand,
  },
  {
    paths: ['client tasks change', 'tasks change'],
    about: { category: 'Tasks', description: 'change a task that has not started' },
    load: async () => (await import('./commands/client/tasks/change.js')).TasksChangeCommand,
  },
  {
    paths: ['client tasks checkpoints', 'tasks checkpoints'],
    about: {
      category: 'Tasks',
      description: 'list, fetch or delete the stored states of the checkpoint folder of a task',
    },
    load: async () => (await import('./commands/client/tasks/checkpoints.js')).TasksCheckpointsCommand,
  },
  {
    paths: ['client tasks code', 'tasks code'],
    about: { category: 'Tasks', description: 'get the folder of code that a task started in' },
    load: async () => (await import('./commands/client/tasks/code.js')).TasksCodeCommand,
  },
  {
    paths: ['client tasks diff', 'tasks diff'],
    about: { category: 'Tasks', description: 'show how two tasks differ: command, environment, code, inputs, limits' },
    load: async () => (await import('./commands/client/tasks/diff.js')).TasksDiffCommand,
  },
  {
    paths: ['client tasks download', 'tasks download'],
    about: { category: 'Tasks', description: 'fetch a file or a folder of a running task' },
    load: async () => (await import('./commands/client/tasks/download.js')).TasksDownloadCommand,
  },
  {
    paths: ['client tasks exec', 'tasks exec'],
    about: { category: 'Tasks', description: 'run a command beside a running task' },
    load: async () => (await import('./commands/client/tasks/exec.js')).TasksExecCommand,
  },
  {
    paths: ['client tasks explain', 'tasks explain'],
    about: { category: 'Tasks', description: 'say why a task is not running' },
    load: async () => (await import('./commands/client/tasks/explain.js')).TasksExplainCommand,
  },
  {
    paths: ['client tasks forward', 'tasks forward'],
    about: { category: 'Tasks', description: 'reach a port of a running task from this machine' },
    load: async () => (await import('./commands/client/tasks/forward.js')).TasksForwardCommand,
  },
  {
    paths: ['client tasks get', 'tasks get'],
    about: { category: 'Tasks', description: 'show one task' },
    load: async () => (await import('./commands/client/tasks/get.js')).TasksGetCommand,
  },
  {
    paths: ['client tasks grep', 'tasks grep'],
    about: { category: 'Tasks', description: 'search in what tasks have printed' },
    load: async () => (await import('./commands/client/tasks/grep.js')).TasksGrepCommand,
  },
  {
    paths: ['client tasks logs', 'tasks logs'],
    about: { category: 'Tasks', description: 'show what a task prints' },
    load: async () => (await import('./commands/client/tasks/logs.js')).TasksLogsCommand,
  },
  {
    paths: ['client tasks ls', 'tasks ls'],
    about: { category: 'Tasks', description: 'list files of a running task' },
    load: async () => (await import('./commands/client/tasks/ls.js')).TasksLsCommand,
  },
  {
    paths: ['client tasks query', 'tasks query'],
    about: { category: 'Tasks', description: 'list tasks, newest first' },
    load: async () => (await import('./commands/client/tasks/query.js')).TasksQueryCommand,
  },
  {
    paths: ['client tasks rerun', 'tasks rerun'],
    about: {
      category: 'Tasks',
      description: 'submit a task again, with its code, its inputs and the options that are not changed',
    },
    load: async () => (await import('./commands/client/tasks/rerun.js')).TasksRerunCommand,
  },
  {
    paths: ['client tasks submit-many', 'tasks submit-many'],
    about: { category: 'Tasks', description: 'queue the tasks of a file' },
    load: async () => (await import('./commands/client/tasks/submit-many.js')).TasksSubmitManyCommand,
  },
  {
    paths: ['client tasks submit', 'tasks submit'],
    about: {
      category: 'Tasks',
      description: 'queue a command to run on a worker, or many variations of it as one job',
    },
    load: async () => (await import('./commands/client/tasks/submit.js')).TasksSubmitCommand,
  },
  {
    paths: ['client tasks update-labels', 'tasks update-labels'],
    about: { category: 'Tasks', description: 'give a task other labels, at any time' },
    load: async () => (await import('./commands/client/tasks/update-labels.js')).TasksUpdateLabelsCommand,
  },
  {
    paths: ['client tasks wait', 'tasks wait'],
    about: { category: 'Tasks', description: 'wait until tasks have ended' },
    load: async () => (await import('./commands/client/tasks/wait.js')).TasksWaitCommand,
  },
  {
    paths: ['client tokens create', 'tokens create'],
    about: { category: 'Account', description: 'create a named token for scripts; it is shown only once' },
    load: async () => (await import('./commands/client/tokens/create.js')).TokensCreateCommand,
  },
  {
    paths: ['client tokens list', 'tokens list'],
    about: { category: 'Account', description: 'list your tokens' },
    load: async () => (await import('./commands/client/tokens/list.js')).TokensListCommand,
  },
  {
    paths: ['client tokens revoke', 'tokens revoke'],
    about: { category: 'Account', description: 'revoke a token' },
    load: async () => (await import('./commands/client/tokens/revoke.js')).TokensRevokeCommand,
  },
  {
    paths: ['client usage', 'usage'],
    about: {
      category: 'Tasks',
      description: 'core hours, GPU hours, wall hours and waiting time, by user, group or job',
    },
    load: async () => (await import('./commands/client/usage.js')).UsageCommand,
  },
  {
    paths: ['client users change-password', 'users change-password'],
    about: { category: 'Account', description: 'change your password' },
    load: async () => (await import('./commands/client/users/change-password.js')).UsersChangePasswordCommand,
  },
  {
    paths: ['client users get', 'users get'],
    about: { category: 'Account', description: 'show your account, or for administrators that of another user' },
    load: async () => (await import('./commands/client/users/get.js')).UsersGetCommand,
  },
  {
    paths: ['client users groups', 'users groups', 'client users my-groups', 'users my-groups'],
    about: { category: 'Account', description: 'list your groups and your roles in them' },
    load: async () => (await import('./commands/client/users/groups.js')).UsersGroupsCommand,
  },
  {
    paths: ['client workers cancel-many', 'workers cancel-many'],
    about: { category: 'Workers', description: 'end all workers that a filter finds, after their tasks or at once' },
    load: async () => (await import('./commands/client/workers/cancel-many.js')).WorkersCancelManyCommand,
  },
  {
    paths: [
      'client workers cancel',
      'workers cancel',
      'client workers cancel-list',
      'workers cancel-list',
      'client admin workers cancel',
      'admin workers cancel',
    ],
    about: { category: 'Workers', description: 'end workers, after their tasks or at once' },
    load: async () => (await import('./commands/client/workers/cancel.js')).WorkersCancelCommand,
  },
  {
    paths: ['client workers deploy', 'workers deploy'],
    about: { category: 'Workers', description: 'make other machines workers over ssh' },
    load: async () => (await import('./commands/client/workers/deploy.js')).WorkersDeployCommand,
  },
  {
    paths: ['client workers drain', 'workers drain'],
    about: { category: 'Workers', description: 'let a worker finish its tasks and give it no new ones' },
    load: async () => (await import('./commands/client/workers/drain.js')).WorkersDrainCommand,
  },
  {
    paths: ['client workers enroll', 'workers enroll'],
    about: { category: 'Workers', description: 'print a line that makes other machines workers, or a code for it' },
    load: async () => (await import('./commands/client/workers/enroll.js')).WorkersEnrollCommand,
  },
  {
    paths: ['client workers enrolments', 'workers enrolments'],
    about: { category: 'Workers', description: 'list your enrolment codes that can still be used' },
    load: async () => (await import('./commands/client/workers/enrolments.js')).WorkersEnrolmentsCommand,
  },
  {
    paths: ['client workers get', 'workers get'],
    about: { category: 'Workers', description: 'show a worker' },
    load: async () => (await import('./commands/client/workers/get.js')).WorkersGetCommand,
  },
  {
    paths: ['client workers query', 'workers query', 'client admin workers query', 'admin workers query'],
    about: { category: 'Workers', description: 'list workers, newest first' },
    load: async () => (await import('./commands/client/workers/query.js')).WorkersQueryCommand,
  },
  {
    paths: ['client workers remove-roles', 'workers remove-roles'],
    about: { category: 'Workers', description: "take groups' roles on a worker away; their tasks are stopped there" },
    load: async () => (await import('./commands/client/workers/remove-roles.js')).WorkersRemoveRolesCommand,
  },
  {
    paths: ['client workers resume', 'workers resume'],
    about: { category: 'Workers', description: 'let a drained worker take tasks again' },
    load: async () => (await import('./commands/client/workers/resume.js')).WorkersResumeCommand,
  },
  {
    paths: ['client workers revoke-enrolment', 'workers revoke-enrolment'],
    about: { category: 'Workers', description: 'revoke an enrolment code; workers that have used it stay' },
    load: async () => (await import('./commands/client/workers/revoke-enrolment.js')).WorkersRevokeEnrolmentCommand,
  },
  {
    paths: ['client workers revoke', 'workers revoke', 'client admin workers revoke', 'admin workers revoke'],
    about: { category: 'Workers', description: 'end the credentials of workers at once; their tasks go elsewhere' },
    load: async () => (await import('./commands/client/workers/revoke.js')).WorkersRevokeCommand,
  },
  {
    paths: ['client workers stop', 'workers stop'],
    about: { category: 'Workers', description: 'end a worker, after its tasks or at once' },
    load: async () => (await import('./commands/client/workers/stop.js')).WorkersStopCommand,
  },
  {
    paths: ['client workers update-labels', 'workers update-labels'],
    about: { category: 'Workers', description: 'replace the labels of a worker' },
    load: async () => (await import('./commands/client/workers/update-labels.js')).WorkersUpdateLabelsCommand,
  },
  {
    paths: ['client workers update-roles', 'workers update-roles'],
    about: { category: 'Workers', description: 'give groups a role on a worker' },
    load: async () => (await import('./commands/client/workers/update-roles.js')).WorkersUpdateRolesCommand,
  },
  {
    paths: ['client workers update-tags', 'workers update-tags'],
    about: { category: 'Workers', description: 'replace the tags of a worker' },
    load: async () => (await import('./commands/client/workers/update-tags.js')).WorkersUpdateTagsCommand,
  },
  {
    paths: ['client workloads cancel', 'workloads cancel'],
    about: { category: 'Programs', description: 'end a computation with all of its tasks' },
    load: async () => (await import('./commands/client/workloads/cancel.js')).WorkloadsCancelCommand,
  },
  {
    paths: ['client workloads get', 'workloads get'],
    about: { category: 'Programs', description: 'show one computation' },
    load: async () => (await import('./commands/client/workloads/get.js')).WorkloadsGetCommand,
  },
  {
    paths: ['client workloads list', 'workloads list', 'client workloads query', 'workloads query'],
    about: { category: 'Programs', description: 'list computations, newest first' },
    load: async () => (await import('./commands/client/workloads/list.js')).WorkloadsListCommand,
  },
  {
    paths: ['client workloads tasks', 'workloads tasks'],
    about: { category: 'Programs', description: 'list the tasks of a computation, and where they ran' },
    load: async () => (await import('./commands/client/workloads/tasks.js')).WorkloadsTasksCommand,
  },
  {
    paths: ['client workloads wait', 'workloads wait'],
    about: { category: 'Programs', description: 'wait until a computation is over, and fetch its result' },
    load: async () => (await import('./commands/client/workloads/wait.js')).WorkloadsWaitCommand,
  },
  { paths: ['__complete'], load: async () => (await import('./commands/complete.js')).CompleteCommand },
  {
    paths: ['completion'],
    about: { category: 'Shell', description: 'print the completion script for bash, zsh or fish' },
    load: async () => (await import('./commands/completion.js')).CompletionCommand,
  },
  {
    paths: ['compute'],
    about: { category: 'Tasks', description: 'split a computation over the workers and put the results together' },
    load: async () => (await import('./commands/compute.js')).ComputeCommand,
  },
  {
    paths: ['coordinator'],
    about: { category: 'Services', description: 'start a coordinator' },
    load: async () => (await import('./commands/coordinator.js')).CoordinatorCommand,
  },
  {
    paths: ['demo'],
    about: {
      category: 'Services',
      description: 'start everything, run a small experiment on it, show the results and stop',
    },
    load: async () => (await import('./commands/demo.js')).DemoCommand,
  },
  {
    paths: ['client doctor', 'doctor'],
    about: { category: 'Services', description: 'look for what is wrong with a deployment, and say what to do' },
    load: async () => (await import('./commands/doctor.js')).DoctorCommand,
  },
  {
    paths: ['join'],
    about: { category: 'Services', description: 'make this machine a worker of a coordinator' },
    load: async () => (await import('./commands/join.js')).JoinCommand,
  },
  { paths: ['__keep'], load: async () => (await import('./commands/manager/keep.js')).ManagerKeepCommand },
  {
    paths: ['manager kill'],
    about: { category: 'Manager', description: 'stop workers of this machine at once' },
    load: async () => (await import('./commands/manager/kill.js')).ManagerKillCommand,
  },
  {
    paths: ['manager logs'],
    about: { category: 'Manager', description: 'show the logs of workers of this machine' },
    load: async () => (await import('./commands/manager/logs.js')).ManagerLogsCommand,
  },
  {
    paths: ['manager restart'],
    about: {
      category: 'Manager',
      description: 'stop workers of this machine and start them again with the same options',
    },
    load: async () => (await import('./commands/manager/restart.js')).ManagerRestartCommand,
  },
  {
    paths: ['manager spawn'],
    about: { category: 'Manager', description: 'start worker processes on this machine that run in the background' },
    load: async () => (await import('./commands/manager/spawn.js')).ManagerSpawnCommand,
  },
  {
    paths: ['manager status', 'manager'],
    about: { category: 'Manager', description: 'show the workers that were spawned on this machine' },
    load: async () => (await import('./commands/manager/status.js')).ManagerStatusCommand,
  },
  {
    paths: ['manager stop'],
    about: { category: 'Manager', description: 'stop workers of this machine once their tasks have ended' },
    load: async () => (await import('./commands/manager/stop.js')).ManagerStopCommand,
  },
  {
    paths: ['client metrics', 'metrics'],
    about: {
      category: 'Services',
      description: 'show live what matters: tasks per second, failures, and how each worker does',
    },
    load: async () => (await import('./commands/metrics.js')).MetricsCommand,
  },
  {
    paths: ['report'],
    about: { category: 'Tasks', description: 'inside a task: say how far it is, or report metrics' },
    load: async () => (await import('./commands/report.js')).ReportCommand,
  },
  {
    paths: ['run', 'client run'],
    about: { category: 'Tasks', description: 'run a command on a worker, with its output here' },
    load: async () => (await import('./commands/run.js')).RunCommand,
  },
  {
    paths: ['submit', 'client submit'],
    about: { category: 'Tasks', description: 'queue a script, with the options that stand at its head' },
    load: async () => (await import('./commands/submit.js')).SubmitCommandOfScript,
  },
  {
    paths: ['up'],
    about: {
      category: 'Services',
      description: 'start everything on this machine: PostgreSQL, a coordinator, workers',
    },
    load: async () => (await import('./commands/up.js')).UpCommand,
  },
  {
    paths: ['worker'],
    about: { category: 'Services', description: 'start a worker' },
    load: async () => (await import('./commands/worker.js')).WorkerCommand,
  },
  {
    paths: ['worker detect'],
    about: { category: 'Services', description: 'show what a worker would offer here' },
    load: async () => (await import('./commands/worker/detect.js')).WorkerDetectCommand,
  },
];
