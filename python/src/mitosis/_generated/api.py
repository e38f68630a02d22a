# Made by tools/reference.mjs; do not edit.
"""One method for each operation of the API that people may call, by its name in docs/reference/api.md."""

from __future__ import annotations

from .._transport import Call, Query, Stream, Transport, path_part
from .models import (
    AddTasks,
    AppliedJob,
    ApplyJob,
    ArtifactDownload,
    AttachmentDownload,
    AttachmentPage,
    AuditPage,
    BrowserSession,
    CancelAnswer,
    CancelResult,
    CancelTask,
    CancelTasks,
    ChangeJob,
    ChangePassword,
    ChangeReceiver,
    ChangeTask,
    CheckStorage,
    CheckpointList,
    CodeDownload,
    CodeOffer,
    CreateEnrolment,
    CreateGroup,
    CreateJob,
    CreateReceiver,
    CreateSchedule,
    CreateToken,
    CreateUser,
    CreatedEnrolment,
    CreatedReceiver,
    CreatedToken,
    DeleteAttachments,
    DeletedAttachments,
    DeliveryPage,
    DeliveryView,
    EnrollWorker,
    EnrolmentList,
    ExperimentText2,
    FileFacts,
    GroupPage,
    GroupView,
    Identity,
    JobEfficiency,
    JobFailures,
    JobPage,
    JobReceipt,
    JobRerun,
    JobResultPage,
    JobView,
    KnownTasks,
    Login,
    MemberList,
    MetricsSummary,
    MissingParts,
    OfferCode,
    OpenTerminal,
    OutputLines,
    OutputMatches,
    ProgramFromAttachment,
    ProgramList,
    ProgramView,
    ReceiverList,
    ReceiverView,
    RegisterWorker,
    ResetPassword,
    ResumeWorker,
    RetryAnswer,
    SchedulePage,
    ScheduleView,
    SecretList,
    SecretView,
    ServiceHealthAnswer,
    ServiceOpenapiAnswer,
    ServiceReadyAnswer,
    Session,
    SetSecret,
    SignParts,
    SignedParts,
    SteerWorker,
    StorageReport,
    StoredFile,
    SubmitTask,
    SubmitTasks,
    SubmitWorkload,
    SuspensionAnswer,
    TaskAttempts,
    TaskCount,
    TaskDetail,
    TaskExplanation,
    TaskFiles,
    TaskPage,
    TaskReceipt,
    TaskReceipts,
    TaskSummaries,
    TerminalOpened,
    TokenList,
    TypeInTerminal,
    TypedInTerminal,
    UpdateGroup,
    UpdateLimits,
    UpdateMembers,
    UpdateQuotas,
    UpdateUser,
    UpdateWorker,
    UpdateWorkerGroups,
    UploadAttachment,
    UploadTicket,
    UsageTable,
    UserPage,
    UserView,
    WaitTasks,
    WaitWorkload,
    WorkerPage,
    WorkerRegistration,
    WorkerView,
    WorkloadPage,
    WorkloadTasks,
    WorkloadView,
)


class Api:
    """The operations of a coordinator, without anything around them."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def service_health(
        self,
        *,
        call: Call | None = None,
    ) -> ServiceHealthAnswer:
        """Say that the process is alive."""
        return self._transport.model(
            "GET",
            "/health",
            ServiceHealthAnswer,
            call=call,
        )

    def service_ready(
        self,
        *,
        call: Call | None = None,
    ) -> ServiceReadyAnswer:
        """Say whether database and queue can be reached (503 when not)."""
        return self._transport.model(
            "GET",
            "/ready",
            ServiceReadyAnswer,
            call=call,
        )

    def service_openapi(
        self,
        *,
        call: Call | None = None,
    ) -> ServiceOpenapiAnswer:
        """Describe the API."""
        return self._transport.model(
            "GET",
            "/openapi.json",
            ServiceOpenapiAnswer,
            call=call,
        )

    def service_metrics(
        self,
        *,
        call: Call | None = None,
    ) -> Stream:
        """Show all metrics, in the format of Prometheus."""
        return self._transport.stream(
            "GET",
            "/metrics",
            call=call,
        )

    def service_metrics_summary(
        self,
        *,
        call: Call | None = None,
    ) -> MetricsSummary:
        """Show what matters at a glance."""
        return self._transport.model(
            "GET",
            "/metrics/summary",
            MetricsSummary,
            call=call,
        )

    def auth_login(
        self,
        body: Login,
        *,
        call: Call | None = None,
    ) -> Session:
        """Log in."""
        return self._transport.model(
            "POST",
            "/auth/login",
            Session,
            body=body,
            call=call,
        )

    def auth_browser_login(
        self,
        body: Login,
        *,
        call: Call | None = None,
    ) -> BrowserSession:
        """Log a browser in: the token is set as a cookie; changes need the other cookie as X-XSRF-TOKEN."""
        return self._transport.model(
            "POST",
            "/auth/browser",
            BrowserSession,
            body=body,
            call=call,
        )

    def auth_identity(
        self,
        *,
        call: Call | None = None,
    ) -> Identity:
        """Show who the token speaks for."""
        return self._transport.model(
            "GET",
            "/auth",
            Identity,
            call=call,
        )

    def auth_logout(
        self,
        *,
        call: Call | None = None,
    ) -> None:
        """End this login."""
        self._transport.empty(
            "POST",
            "/auth/logout",
            call=call,
        )

    def account_change_password(
        self,
        body: ChangePassword,
        *,
        call: Call | None = None,
    ) -> Session:
        """Change your password; ends all your logins and returns a new one."""
        return self._transport.model(
            "PUT",
            "/auth/password",
            Session,
            body=body,
            call=call,
        )

    def tokens_list(
        self,
        *,
        call: Call | None = None,
    ) -> TokenList:
        """List your API tokens."""
        return self._transport.model(
            "GET",
            "/tokens",
            TokenList,
            call=call,
        )

    def tokens_create(
        self,
        body: CreateToken,
        *,
        call: Call | None = None,
    ) -> CreatedToken:
        """Create an API token; it is shown only here."""
        return self._transport.model(
            "POST",
            "/tokens",
            CreatedToken,
            body=body,
            call=call,
        )

    def tokens_revoke(
        self,
        name: str,
        *,
        call: Call | None = None,
    ) -> None:
        """Revoke an API token."""
        self._transport.empty(
            "DELETE",
            f"/tokens/{path_part(name)}",
            call=call,
        )

    def users_query(
        self,
        *,
        state: Query = None,
        limit: Query = None,
        after: Query = None,
        call: Call | None = None,
    ) -> UserPage:
        """List users."""
        return self._transport.model(
            "GET",
            "/users",
            UserPage,
            query={"state": state, "limit": limit, "after": after},
            call=call,
        )

    def users_create(
        self,
        body: CreateUser,
        *,
        call: Call | None = None,
    ) -> UserView:
        """Create a user with a group of the same name."""
        return self._transport.model(
            "POST",
            "/users",
            UserView,
            body=body,
            call=call,
        )

    def users_get(
        self,
        username: str,
        *,
        call: Call | None = None,
    ) -> UserView:
        """Show a user."""
        return self._transport.model(
            "GET",
            f"/users/{path_part(username)}",
            UserView,
            call=call,
        )

    def users_update(
        self,
        username: str,
        body: UpdateUser,
        *,
        call: Call | None = None,
    ) -> UserView:
        """Lock or unlock a user, change quota or rights."""
        return self._transport.model(
            "PATCH",
            f"/users/{path_part(username)}",
            UserView,
            body=body,
            call=call,
        )

    def users_delete(
        self,
        username: str,
        *,
        call: Call | None = None,
    ) -> None:
        """Delete a user; what the user has made stays."""
        self._transport.empty(
            "DELETE",
            f"/users/{path_part(username)}",
            call=call,
        )

    def users_reset_password(
        self,
        username: str,
        body: ResetPassword,
        *,
        call: Call | None = None,
    ) -> None:
        """Set a user's password; ends all logins and API tokens of the user."""
        self._transport.empty(
            "PUT",
            f"/users/{path_part(username)}/password",
            body=body,
            call=call,
        )

    def audit_query(
        self,
        *,
        actor: Query = None,
        action: Query = None,
        object: Query = None,
        outcome: Query = None,
        since: Query = None,
        until: Query = None,
        limit: Query = None,
        after: Query = None,
        call: Call | None = None,
    ) -> AuditPage:
        """List who did what, newest first."""
        return self._transport.model(
            "GET",
            "/audit",
            AuditPage,
            query={"actor": actor, "action": action, "object": object, "outcome": outcome, "since": since, "until": until, "limit": limit, "after": after},
            call=call,
        )

    def groups_query(
        self,
        *,
        limit: Query = None,
        after: Query = None,
        call: Call | None = None,
    ) -> GroupPage:
        """List your groups; for administrators, all of them."""
        return self._transport.model(
            "GET",
            "/groups",
            GroupPage,
            query={"limit": limit, "after": after},
            call=call,
        )

    def groups_create(
        self,
        body: CreateGroup,
        *,
        call: Call | None = None,
    ) -> GroupView:
        """Create a group, of which you are admin."""
        return self._transport.model(
            "POST",
            "/groups",
            GroupView,
            body=body,
            call=call,
        )

    def groups_get(
        self,
        name: str,
        *,
        call: Call | None = None,
    ) -> GroupView:
        """Show a group."""
        return self._transport.model(
            "GET",
            f"/groups/{path_part(name)}",
            GroupView,
            call=call,
        )

    def groups_update(
        self,
        name: str,
        body: UpdateGroup,
        *,
        call: Call | None = None,
    ) -> GroupView:
        """Lock or unlock a group."""
        return self._transport.model(
            "PATCH",
            f"/groups/{path_part(name)}",
            GroupView,
            body=body,
            call=call,
        )

    def groups_delete(
        self,
        name: str,
        *,
        call: Call | None = None,
    ) -> None:
        """Delete a group that has no open tasks."""
        self._transport.empty(
            "DELETE",
            f"/groups/{path_part(name)}",
            call=call,
        )

    def groups_quotas(
        self,
        name: str,
        body: UpdateQuotas,
        *,
        call: Call | None = None,
    ) -> GroupView:
        """Set or change the quotas of a group."""
        return self._transport.model(
            "PUT",
            f"/groups/{path_part(name)}/quotas",
            GroupView,
            body=body,
            call=call,
        )

    def groups_limits(
        self,
        name: str,
        body: UpdateLimits,
        *,
        call: Call | None = None,
    ) -> GroupView:
        """Set the defaults of a group for tasks, and its longest time limit."""
        return self._transport.model(
            "PUT",
            f"/groups/{path_part(name)}/limits",
            GroupView,
            body=body,
            call=call,
        )

    def groups_members(
        self,
        name: str,
        *,
        call: Call | None = None,
    ) -> MemberList:
        """List the members of a group."""
        return self._transport.model(
            "GET",
            f"/groups/{path_part(name)}/members",
            MemberList,
            call=call,
        )

    def groups_update_members(
        self,
        name: str,
        body: UpdateMembers,
        *,
        call: Call | None = None,
    ) -> MemberList:
        """Add members or change their roles."""
        return self._transport.model(
            "PUT",
            f"/groups/{path_part(name)}/members",
            MemberList,
            body=body,
            call=call,
        )

    def groups_remove_member(
        self,
        name: str,
        username: str,
        *,
        call: Call | None = None,
    ) -> None:
        """Remove a member."""
        self._transport.empty(
            "DELETE",
            f"/groups/{path_part(name)}/members/{path_part(username)}",
            call=call,
        )

    def groups_suspend(
        self,
        name: str,
        *,
        call: Call | None = None,
    ) -> SuspensionAnswer:
        """Start no more tasks of a group."""
        return self._transport.model(
            "POST",
            f"/groups/{path_part(name)}/suspend",
            SuspensionAnswer,
            call=call,
        )

    def groups_resume(
        self,
        name: str,
        *,
        call: Call | None = None,
    ) -> SuspensionAnswer:
        """Start tasks of a group again."""
        return self._transport.model(
            "POST",
            f"/groups/{path_part(name)}/resume",
            SuspensionAnswer,
            call=call,
        )

    def tasks_submit(
        self,
        body: SubmitTask,
        *,
        call: Call | None = None,
    ) -> TaskReceipt:
        """Submit a task."""
        return self._transport.model(
            "POST",
            "/tasks",
            TaskReceipt,
            body=body,
            call=call,
        )

    def tasks_query(
        self,
        *,
        group: Query = None,
        creator: Query = None,
        state: Query = None,
        tags: Query = None,
        labels: Query = None,
        name: Query = None,
        job: Query = None,
        upstream: Query = None,
        exit_code: Query = None,
        priority: Query = None,
        worker: Query = None,
        created_after: Query = None,
        created_before: Query = None,
        finished_after: Query = None,
        finished_before: Query = None,
        text: Query = None,
        limit: Query = None,
        offset: Query = None,
        after: Query = None,
        call: Call | None = None,
    ) -> TaskPage:
        """List tasks, newest first."""
        return self._transport.model(
            "GET",
            "/tasks",
            TaskPage,
            query={"group": group, "creator": creator, "state": state, "tags": tags, "labels": labels, "name": name, "job": job, "upstream": upstream, "exit_code": exit_code, "priority": priority, "worker": worker, "created_after": created_after, "created_before": created_before, "finished_after": finished_after, "finished_before": finished_before, "text": text, "limit": limit, "offset": offset, "after": after},
            call=call,
        )

    def tasks_submit_batch(
        self,
        body: SubmitTasks,
        *,
        call: Call | None = None,
    ) -> TaskReceipts:
        """Submit up to 1000 tasks, all or none."""
        return self._transport.model(
            "POST",
            "/tasks/batch",
            TaskReceipts,
            body=body,
            call=call,
        )

    def tasks_rerun(
        self,
        uuid: str,
        body: JobRerun,
        *,
        call: Call | None = None,
    ) -> TaskReceipt:
        """Submit a task again, with changes."""
        return self._transport.model(
            "POST",
            f"/tasks/{path_part(uuid)}/rerun",
            TaskReceipt,
            body=body,
            call=call,
        )

    def tasks_wait(
        self,
        body: WaitTasks,
        *,
        call: Call | None = None,
    ) -> TaskSummaries:
        """Wait until tasks have ended."""
        return self._transport.model(
            "POST",
            "/tasks/wait",
            TaskSummaries,
            body=body,
            call=call,
        )

    def tasks_get(
        self,
        uuid: str,
        *,
        call: Call | None = None,
    ) -> TaskDetail:
        """Show a task."""
        return self._transport.model(
            "GET",
            f"/tasks/{path_part(uuid)}",
            TaskDetail,
            call=call,
        )

    def tasks_change(
        self,
        uuid: str,
        body: ChangeTask,
        *,
        call: Call | None = None,
    ) -> TaskDetail:
        """Change a task that has not started."""
        return self._transport.model(
            "PATCH",
            f"/tasks/{path_part(uuid)}",
            TaskDetail,
            body=body,
            call=call,
        )

    def tasks_attempts(
        self,
        uuid: str,
        *,
        call: Call | None = None,
    ) -> TaskAttempts:
        """List the attempts of a task."""
        return self._transport.model(
            "GET",
            f"/tasks/{path_part(uuid)}/attempts",
            TaskAttempts,
            call=call,
        )

    def tasks_explain(
        self,
        uuid: str,
        *,
        call: Call | None = None,
    ) -> TaskExplanation:
        """Say why a task is not running."""
        return self._transport.model(
            "GET",
            f"/tasks/{path_part(uuid)}/explain",
            TaskExplanation,
            call=call,
        )

    def tasks_output(
        self,
        uuid: str,
        *,
        follow: Query = None,
        attempt: Query = None,
        call: Call | None = None,
    ) -> Stream:
        """Follow what a task prints."""
        return self._transport.stream(
            "GET",
            f"/tasks/{path_part(uuid)}/output",
            query={"follow": follow, "attempt": attempt},
            call=call,
        )

    def tasks_lines(
        self,
        uuid: str,
        *,
        attempt: Query = None,
        from_: Query = None,
        tail: Query = None,
        limit: Query = None,
        call: Call | None = None,
    ) -> OutputLines:
        """Read some lines of what a task has printed."""
        return self._transport.model(
            "GET",
            f"/tasks/{path_part(uuid)}/lines",
            OutputLines,
            query={"attempt": attempt, "from": from_, "tail": tail, "limit": limit},
            call=call,
        )

    def tasks_grep(
        self,
        *,
        group: Query = None,
        creator: Query = None,
        state: Query = None,
        tags: Query = None,
        labels: Query = None,
        name: Query = None,
        job: Query = None,
        upstream: Query = None,
        exit_code: Query = None,
        priority: Query = None,
        worker: Query = None,
        created_after: Query = None,
        created_before: Query = None,
        finished_after: Query = None,
        finished_before: Query = None,
        text: Query = None,
        pattern: Query = None,
        syntax: Query = None,
        ignore_case: Query = None,
        stream: Query = None,
        attempts: Query = None,
        per_attempt: Query = None,
        limit: Query = None,
        after: Query = None,
        call: Call | None = None,
    ) -> OutputMatches:
        """Search in what tasks have printed."""
        return self._transport.model(
            "GET",
            "/tasks/grep",
            OutputMatches,
            query={"group": group, "creator": creator, "state": state, "tags": tags, "labels": labels, "name": name, "job": job, "upstream": upstream, "exit_code": exit_code, "priority": priority, "worker": worker, "created_after": created_after, "created_before": created_before, "finished_after": finished_after, "finished_before": finished_before, "text": text, "pattern": pattern, "syntax": syntax, "ignore_case": ignore_case, "stream": stream, "attempts": attempts, "per_attempt": per_attempt, "limit": limit, "after": after},
            call=call,
        )

    def tasks_count(
        self,
        *,
        group: Query = None,
        creator: Query = None,
        state: Query = None,
        tags: Query = None,
        labels: Query = None,
        name: Query = None,
        job: Query = None,
        upstream: Query = None,
        exit_code: Query = None,
        priority: Query = None,
        worker: Query = None,
        created_after: Query = None,
        created_before: Query = None,
        finished_after: Query = None,
        finished_before: Query = None,
        text: Query = None,
        call: Call | None = None,
    ) -> TaskCount:
        """Count tasks."""
        return self._transport.model(
            "GET",
            "/tasks/count",
            TaskCount,
            query={"group": group, "creator": creator, "state": state, "tags": tags, "labels": labels, "name": name, "job": job, "upstream": upstream, "exit_code": exit_code, "priority": priority, "worker": worker, "created_after": created_after, "created_before": created_before, "finished_after": finished_after, "finished_before": finished_before, "text": text},
            call=call,
        )

    def tasks_cancel_many(
        self,
        body: CancelTasks,
        *,
        call: Call | None = None,
    ) -> CancelAnswer:
        """Cancel tasks by uuid or filter."""
        return self._transport.model(
            "POST",
            "/tasks/cancel",
            CancelAnswer,
            body=body,
            call=call,
        )

    def tasks_cancel(
        self,
        uuid: str,
        body: CancelTask,
        *,
        call: Call | None = None,
    ) -> CancelResult:
        """Cancel a task."""
        return self._transport.model(
            "POST",
            f"/tasks/{path_part(uuid)}/cancel",
            CancelResult,
            body=body,
            call=call,
        )

    def tasks_open_terminal(
        self,
        uuid: str,
        body: OpenTerminal,
        *,
        call: Call | None = None,
    ) -> TerminalOpened:
        """Attach to the terminal of a running task: give it a size, learn where its output is."""
        return self._transport.model(
            "POST",
            f"/tasks/{path_part(uuid)}/terminal",
            TerminalOpened,
            body=body,
            call=call,
        )

    def tasks_type(
        self,
        uuid: str,
        body: TypeInTerminal,
        *,
        call: Call | None = None,
    ) -> TypedInTerminal:
        """Type in the terminal of a running task."""
        return self._transport.model(
            "POST",
            f"/tasks/{path_part(uuid)}/terminal/input",
            TypedInTerminal,
            body=body,
            call=call,
        )

    def tasks_files(
        self,
        uuid: str,
        *,
        path: Query = None,
        call: Call | None = None,
    ) -> TaskFiles:
        """List a folder of a running task."""
        return self._transport.model(
            "GET",
            f"/tasks/{path_part(uuid)}/files",
            TaskFiles,
            query={"path": path},
            call=call,
        )

    def tasks_file(
        self,
        uuid: str,
        *,
        path: Query = None,
        packed: Query = None,
        call: Call | None = None,
    ) -> Stream:
        """Read a file of a running task, or a folder as tar.gz."""
        return self._transport.stream(
            "GET",
            f"/tasks/{path_part(uuid)}/files/content",
            query={"path": path, "packed": packed},
            call=call,
        )

    def events_follow(
        self,
        *,
        group: Query = None,
        job: Query = None,
        task: Query = None,
        call: Call | None = None,
    ) -> Stream:
        """Follow changes of tasks, jobs and groups."""
        return self._transport.stream(
            "GET",
            "/events",
            query={"group": group, "job": job, "task": task},
            call=call,
        )

    def usage_table(
        self,
        *,
        by: Query = None,
        since: Query = None,
        until: Query = None,
        group: Query = None,
        call: Call | None = None,
    ) -> UsageTable:
        """Core hours, GPU hours, wall hours and waiting time by user, group or job."""
        return self._transport.model(
            "GET",
            "/usage",
            UsageTable,
            query={"by": by, "since": since, "until": until, "group": group},
            call=call,
        )

    def jobs_create(
        self,
        body: CreateJob,
        *,
        call: Call | None = None,
    ) -> JobReceipt:
        """Submit a job with its first tasks."""
        return self._transport.model(
            "POST",
            "/jobs",
            JobReceipt,
            body=body,
            call=call,
        )

    def jobs_query(
        self,
        *,
        group: Query = None,
        creator: Query = None,
        name: Query = None,
        limit: Query = None,
        after: Query = None,
        call: Call | None = None,
    ) -> JobPage:
        """List jobs, newest first."""
        return self._transport.model(
            "GET",
            "/jobs",
            JobPage,
            query={"group": group, "creator": creator, "name": name, "limit": limit, "after": after},
            call=call,
        )

    def jobs_get(
        self,
        uuid: str,
        *,
        wait_ms: Query = None,
        call: Call | None = None,
    ) -> JobView:
        """Show a job, or wait for its end."""
        return self._transport.model(
            "GET",
            f"/jobs/{path_part(uuid)}",
            JobView,
            query={"wait_ms": wait_ms},
            call=call,
        )

    def jobs_change(
        self,
        uuid: str,
        body: ChangeJob,
        *,
        call: Call | None = None,
    ) -> JobView:
        """Change how many tasks of a job run at a time, and how many may fail."""
        return self._transport.model(
            "PATCH",
            f"/jobs/{path_part(uuid)}",
            JobView,
            body=body,
            call=call,
        )

    def jobs_add_tasks(
        self,
        uuid: str,
        body: AddTasks,
        *,
        call: Call | None = None,
    ) -> TaskReceipts:
        """Add tasks to an open job."""
        return self._transport.model(
            "POST",
            f"/jobs/{path_part(uuid)}/tasks",
            TaskReceipts,
            body=body,
            call=call,
        )

    def jobs_results(
        self,
        uuid: str,
        *,
        limit: Query = None,
        metrics: Query = None,
        after: Query = None,
        call: Call | None = None,
    ) -> JobResultPage:
        """Parameters, metrics and outcomes of the tasks of a job."""
        return self._transport.model(
            "GET",
            f"/jobs/{path_part(uuid)}/results",
            JobResultPage,
            query={"limit": limit, "metrics": metrics, "after": after},
            call=call,
        )

    def jobs_failures(
        self,
        uuid: str,
        *,
        call: Call | None = None,
    ) -> JobFailures:
        """Group the failed tasks of a job by their last lines."""
        return self._transport.model(
            "GET",
            f"/jobs/{path_part(uuid)}/failures",
            JobFailures,
            call=call,
        )

    def jobs_efficiency(
        self,
        uuid: str,
        *,
        call: Call | None = None,
    ) -> JobEfficiency:
        """What the tasks of a job asked for and used, and what to ask for next time."""
        return self._transport.model(
            "GET",
            f"/jobs/{path_part(uuid)}/efficiency",
            JobEfficiency,
            call=call,
        )

    def jobs_close(
        self,
        uuid: str,
        *,
        call: Call | None = None,
    ) -> JobView:
        """Say that no more tasks are to come."""
        return self._transport.model(
            "POST",
            f"/jobs/{path_part(uuid)}/close",
            JobView,
            call=call,
        )

    def jobs_cancel(
        self,
        uuid: str,
        body: CancelTask,
        *,
        call: Call | None = None,
    ) -> CancelAnswer:
        """Cancel the tasks of a job."""
        return self._transport.model(
            "POST",
            f"/jobs/{path_part(uuid)}/cancel",
            CancelAnswer,
            body=body,
            call=call,
        )

    def jobs_retry_failed(
        self,
        uuid: str,
        *,
        call: Call | None = None,
    ) -> RetryAnswer:
        """Submit the failed tasks of a job again."""
        return self._transport.model(
            "POST",
            f"/jobs/{path_part(uuid)}/retry-failed",
            RetryAnswer,
            call=call,
        )

    def jobs_rerun(
        self,
        uuid: str,
        body: JobRerun,
        *,
        call: Call | None = None,
    ) -> JobReceipt:
        """Submit all tasks of a job again, as a new job."""
        return self._transport.model(
            "POST",
            f"/jobs/{path_part(uuid)}/rerun",
            JobReceipt,
            body=body,
            call=call,
        )

    def jobs_suspend(
        self,
        uuid: str,
        *,
        call: Call | None = None,
    ) -> SuspensionAnswer:
        """Start no more tasks of a job."""
        return self._transport.model(
            "POST",
            f"/jobs/{path_part(uuid)}/suspend",
            SuspensionAnswer,
            call=call,
        )

    def jobs_resume(
        self,
        uuid: str,
        *,
        call: Call | None = None,
    ) -> SuspensionAnswer:
        """Start tasks of a job again."""
        return self._transport.model(
            "POST",
            f"/jobs/{path_part(uuid)}/resume",
            SuspensionAnswer,
            call=call,
        )

    def experiments_apply(
        self,
        body: ApplyJob,
        *,
        call: Call | None = None,
    ) -> AppliedJob:
        """Store the tasks of a named job that are not there."""
        return self._transport.model(
            "POST",
            "/experiments",
            AppliedJob,
            body=body,
            call=call,
        )

    def experiments_tasks(
        self,
        name: str,
        *,
        experiment: Query = None,
        limit: Query = None,
        after: Query = None,
        call: Call | None = None,
    ) -> KnownTasks:
        """List the tasks that a named job has."""
        return self._transport.model(
            "GET",
            f"/groups/{path_part(name)}/experiment-tasks",
            KnownTasks,
            query={"experiment": experiment, "limit": limit, "after": after},
            call=call,
        )

    def experiments_definition(
        self,
        uuid: str,
        *,
        call: Call | None = None,
    ) -> ExperimentText2:
        """Return the file that describes a job."""
        return self._transport.model(
            "GET",
            f"/jobs/{path_part(uuid)}/definition",
            ExperimentText2,
            call=call,
        )

    def schedules_create(
        self,
        body: CreateSchedule,
        *,
        call: Call | None = None,
    ) -> ScheduleView:
        """Create a schedule that submits jobs at its times."""
        return self._transport.model(
            "POST",
            "/schedules",
            ScheduleView,
            body=body,
            call=call,
        )

    def schedules_query(
        self,
        *,
        group: Query = None,
        name: Query = None,
        limit: Query = None,
        after: Query = None,
        call: Call | None = None,
    ) -> SchedulePage:
        """List schedules."""
        return self._transport.model(
            "GET",
            "/schedules",
            SchedulePage,
            query={"group": group, "name": name, "limit": limit, "after": after},
            call=call,
        )

    def schedules_get(
        self,
        uuid: str,
        *,
        call: Call | None = None,
    ) -> ScheduleView:
        """Show a schedule, its next times and its last runs."""
        return self._transport.model(
            "GET",
            f"/schedules/{path_part(uuid)}",
            ScheduleView,
            call=call,
        )

    def schedules_delete(
        self,
        uuid: str,
        *,
        call: Call | None = None,
    ) -> None:
        """Delete a schedule; its jobs stay."""
        self._transport.empty(
            "DELETE",
            f"/schedules/{path_part(uuid)}",
            call=call,
        )

    def schedules_pause(
        self,
        uuid: str,
        *,
        call: Call | None = None,
    ) -> ScheduleView:
        """Let a schedule submit nothing until it is resumed."""
        return self._transport.model(
            "POST",
            f"/schedules/{path_part(uuid)}/pause",
            ScheduleView,
            call=call,
        )

    def schedules_resume(
        self,
        uuid: str,
        *,
        call: Call | None = None,
    ) -> ScheduleView:
        """Let a schedule continue with its next time."""
        return self._transport.model(
            "POST",
            f"/schedules/{path_part(uuid)}/resume",
            ScheduleView,
            call=call,
        )

    def schedules_run_now(
        self,
        uuid: str,
        *,
        call: Call | None = None,
    ) -> ScheduleView:
        """Submit the jobs of a schedule now."""
        return self._transport.model(
            "POST",
            f"/schedules/{path_part(uuid)}/run-now",
            ScheduleView,
            call=call,
        )

    def receivers_list(
        self,
        *,
        group: Query = None,
        call: Call | None = None,
    ) -> ReceiverList:
        """List the receivers of notifications of the caller or of a group."""
        return self._transport.model(
            "GET",
            "/receivers",
            ReceiverList,
            query={"group": group},
            call=call,
        )

    def receivers_create(
        self,
        body: CreateReceiver,
        *,
        call: Call | None = None,
    ) -> CreatedReceiver:
        """Add a receiver of notifications."""
        return self._transport.model(
            "POST",
            "/receivers",
            CreatedReceiver,
            body=body,
            call=call,
        )

    def receivers_change(
        self,
        uuid: str,
        body: ChangeReceiver,
        *,
        call: Call | None = None,
    ) -> ReceiverView:
        """Change what a receiver is told of, or pause it."""
        return self._transport.model(
            "PATCH",
            f"/receivers/{path_part(uuid)}",
            ReceiverView,
            body=body,
            call=call,
        )

    def receivers_delete(
        self,
        uuid: str,
        *,
        call: Call | None = None,
    ) -> None:
        """Delete a receiver with what still waits for it."""
        self._transport.empty(
            "DELETE",
            f"/receivers/{path_part(uuid)}",
            call=call,
        )

    def receivers_test(
        self,
        uuid: str,
        *,
        call: Call | None = None,
    ) -> DeliveryView:
        """Send a receiver a test message and wait for the first attempt."""
        return self._transport.model(
            "POST",
            f"/receivers/{path_part(uuid)}/test",
            DeliveryView,
            call=call,
        )

    def receivers_deliveries(
        self,
        uuid: str,
        *,
        limit: Query = None,
        after: Query = None,
        call: Call | None = None,
    ) -> DeliveryPage:
        """List the messages to a receiver, newest first."""
        return self._transport.model(
            "GET",
            f"/receivers/{path_part(uuid)}/deliveries",
            DeliveryPage,
            query={"limit": limit, "after": after},
            call=call,
        )

    def checkpoints_list(
        self,
        uuid: str,
        *,
        call: Call | None = None,
    ) -> CheckpointList:
        """List the checkpoints of a task, newest first, and sign their downloads."""
        return self._transport.model(
            "GET",
            f"/tasks/{path_part(uuid)}/checkpoints",
            CheckpointList,
            call=call,
        )

    def checkpoints_delete(
        self,
        uuid: str,
        *,
        call: Call | None = None,
    ) -> None:
        """Delete the checkpoints of a task: it starts from the beginning."""
        self._transport.empty(
            "DELETE",
            f"/tasks/{path_part(uuid)}/checkpoints",
            call=call,
        )

    def attachments_query(
        self,
        group: str,
        *,
        prefix: Query = None,
        limit: Query = None,
        offset: Query = None,
        after: Query = None,
        count: Query = None,
        call: Call | None = None,
    ) -> AttachmentPage:
        """List the files of a group."""
        return self._transport.model(
            "GET",
            f"/groups/{path_part(group)}/attachments",
            AttachmentPage,
            query={"prefix": prefix, "limit": limit, "offset": offset, "after": after, "count": count},
            call=call,
        )

    def attachments_upload(
        self,
        group: str,
        body: UploadAttachment,
        *,
        call: Call | None = None,
    ) -> UploadTicket:
        """Begin the upload of a file."""
        return self._transport.model(
            "POST",
            f"/groups/{path_part(group)}/attachments",
            UploadTicket,
            body=body,
            call=call,
        )

    def attachments_download(
        self,
        group: str,
        *,
        key: Query = None,
        call: Call | None = None,
    ) -> AttachmentDownload:
        """Describe a file and sign its download."""
        return self._transport.model(
            "GET",
            f"/groups/{path_part(group)}/attachments/file",
            AttachmentDownload,
            query={"key": key},
            call=call,
        )

    def attachments_store(
        self,
        group: str,
        *,
        key: Query = None,
        call: Call | None = None,
    ) -> StoredFile:
        """Store the body of this request, whatever its length, as a file."""
        return self._transport.model(
            "PUT",
            f"/groups/{path_part(group)}/attachments/file",
            StoredFile,
            query={"key": key},
            call=call,
        )

    def attachments_delete(
        self,
        group: str,
        *,
        key: Query = None,
        call: Call | None = None,
    ) -> None:
        """Delete a file."""
        self._transport.empty(
            "DELETE",
            f"/groups/{path_part(group)}/attachments/file",
            query={"key": key},
            call=call,
        )

    def attachments_delete_batch(
        self,
        group: str,
        body: DeleteAttachments,
        *,
        call: Call | None = None,
    ) -> DeletedAttachments:
        """Delete up to 1000 files."""
        return self._transport.model(
            "POST",
            f"/groups/{path_part(group)}/attachments/delete",
            DeletedAttachments,
            body=body,
            call=call,
        )

    def uploads_missing(
        self,
        upload: str,
        *,
        call: Call | None = None,
    ) -> MissingParts:
        """List the parts of an upload that have not arrived."""
        return self._transport.model(
            "GET",
            f"/uploads/{path_part(upload)}/missing",
            MissingParts,
            call=call,
        )

    def uploads_parts(
        self,
        upload: str,
        body: SignParts,
        *,
        call: Call | None = None,
    ) -> SignedParts:
        """Sign parts of an upload."""
        return self._transport.model(
            "POST",
            f"/uploads/{path_part(upload)}/parts",
            SignedParts,
            body=body,
            call=call,
        )

    def uploads_complete(
        self,
        upload: str,
        *,
        call: Call | None = None,
    ) -> StoredFile:
        """Complete an upload: the file becomes visible."""
        return self._transport.model(
            "POST",
            f"/uploads/{path_part(upload)}/complete",
            StoredFile,
            call=call,
        )

    def uploads_abandon(
        self,
        upload: str,
        *,
        call: Call | None = None,
    ) -> None:
        """Give up an upload."""
        self._transport.empty(
            "DELETE",
            f"/uploads/{path_part(upload)}",
            call=call,
        )

    def artifacts_upload(
        self,
        uuid: str,
        kind: str,
        body: FileFacts,
        *,
        call: Call | None = None,
    ) -> UploadTicket:
        """Begin the upload of an artifact."""
        return self._transport.model(
            "POST",
            f"/tasks/{path_part(uuid)}/artifacts/{path_part(kind)}",
            UploadTicket,
            body=body,
            call=call,
        )

    def artifacts_delete(
        self,
        uuid: str,
        kind: str,
        *,
        call: Call | None = None,
    ) -> None:
        """Delete an artifact."""
        self._transport.empty(
            "DELETE",
            f"/tasks/{path_part(uuid)}/artifacts/{path_part(kind)}",
            call=call,
        )

    def artifacts_download(
        self,
        uuid: str,
        kind: str,
        *,
        call: Call | None = None,
    ) -> ArtifactDownload:
        """Describe an artifact and sign its download."""
        return self._transport.model(
            "GET",
            f"/tasks/{path_part(uuid)}/artifacts/{path_part(kind)}",
            ArtifactDownload,
            call=call,
        )

    def storage_check(
        self,
        body: CheckStorage,
        *,
        call: Call | None = None,
    ) -> StorageReport:
        """Compare the object store with the database."""
        return self._transport.model(
            "POST",
            "/admin/storage/check",
            StorageReport,
            body=body,
            call=call,
        )

    def code_offer(
        self,
        body: OfferCode,
        *,
        call: Call | None = None,
    ) -> CodeOffer:
        """Store a folder of code, or learn what of it is missing."""
        return self._transport.model(
            "POST",
            "/code",
            CodeOffer,
            body=body,
            call=call,
        )

    def code_store_pack(
        self,
        sha256: str,
        *,
        group: Query = None,
        call: Call | None = None,
    ) -> None:
        """Store a pack of files of a folder of code."""
        self._transport.empty(
            "PUT",
            f"/code/packs/{path_part(sha256)}",
            query={"group": group},
            call=call,
        )

    def code_of_task(
        self,
        uuid: str,
        *,
        call: Call | None = None,
    ) -> CodeDownload:
        """Get the folder of code that a task starts in."""
        return self._transport.model(
            "GET",
            f"/tasks/{path_part(uuid)}/code",
            CodeDownload,
            call=call,
        )

    def secrets_list(
        self,
        name: str,
        *,
        call: Call | None = None,
    ) -> SecretList:
        """List the names of the secrets of a group."""
        return self._transport.model(
            "GET",
            f"/groups/{path_part(name)}/secrets",
            SecretList,
            call=call,
        )

    def secrets_set(
        self,
        name: str,
        secret: str,
        body: SetSecret,
        *,
        call: Call | None = None,
    ) -> SecretView:
        """Set a secret of a group, which nobody can read."""
        return self._transport.model(
            "PUT",
            f"/groups/{path_part(name)}/secrets/{path_part(secret)}",
            SecretView,
            body=body,
            call=call,
        )

    def secrets_delete(
        self,
        name: str,
        secret: str,
        *,
        call: Call | None = None,
    ) -> None:
        """Delete a secret of a group."""
        self._transport.empty(
            "DELETE",
            f"/groups/{path_part(name)}/secrets/{path_part(secret)}",
            call=call,
        )

    def programs_upload(
        self,
        *,
        group: Query = None,
        name: Query = None,
        call: Call | None = None,
    ) -> ProgramView:
        """Store a WebAssembly program."""
        return self._transport.model(
            "POST",
            "/programs",
            ProgramView,
            query={"group": group, "name": name},
            call=call,
        )

    def programs_list(
        self,
        *,
        group: Query = None,
        call: Call | None = None,
    ) -> ProgramList:
        """List the programs of a group."""
        return self._transport.model(
            "GET",
            "/programs",
            ProgramList,
            query={"group": group},
            call=call,
        )

    def programs_from_attachment(
        self,
        body: ProgramFromAttachment,
        *,
        call: Call | None = None,
    ) -> ProgramView:
        """Store the WebAssembly program in an attachment."""
        return self._transport.model(
            "POST",
            "/programs/from-attachment",
            ProgramView,
            body=body,
            call=call,
        )

    def programs_get(
        self,
        sha256: str,
        *,
        group: Query = None,
        call: Call | None = None,
    ) -> ProgramView:
        """Show a program."""
        return self._transport.model(
            "GET",
            f"/programs/{path_part(sha256)}",
            ProgramView,
            query={"group": group},
            call=call,
        )

    def programs_delete(
        self,
        sha256: str,
        *,
        group: Query = None,
        call: Call | None = None,
    ) -> None:
        """Delete a program that nothing uses."""
        self._transport.empty(
            "DELETE",
            f"/programs/{path_part(sha256)}",
            query={"group": group},
            call=call,
        )

    def workloads_submit(
        self,
        body: SubmitWorkload,
        *,
        call: Call | None = None,
    ) -> WorkloadView:
        """Split a computation, compute its parts and put them together."""
        return self._transport.model(
            "POST",
            "/workloads",
            WorkloadView,
            body=body,
            call=call,
        )

    def workloads_query(
        self,
        *,
        group: Query = None,
        creator: Query = None,
        name: Query = None,
        state: Query = None,
        limit: Query = None,
        after: Query = None,
        call: Call | None = None,
    ) -> WorkloadPage:
        """List workloads, newest first."""
        return self._transport.model(
            "GET",
            "/workloads",
            WorkloadPage,
            query={"group": group, "creator": creator, "name": name, "state": state, "limit": limit, "after": after},
            call=call,
        )

    def workloads_get(
        self,
        uuid: str,
        *,
        call: Call | None = None,
    ) -> WorkloadView:
        """Show a workload."""
        return self._transport.model(
            "GET",
            f"/workloads/{path_part(uuid)}",
            WorkloadView,
            call=call,
        )

    def workloads_tasks(
        self,
        uuid: str,
        *,
        call: Call | None = None,
    ) -> WorkloadTasks:
        """List the tasks of a workload."""
        return self._transport.model(
            "GET",
            f"/workloads/{path_part(uuid)}/tasks",
            WorkloadTasks,
            call=call,
        )

    def workloads_wait(
        self,
        uuid: str,
        body: WaitWorkload,
        *,
        call: Call | None = None,
    ) -> WorkloadView:
        """Wait until a workload gets on."""
        return self._transport.model(
            "POST",
            f"/workloads/{path_part(uuid)}/wait",
            WorkloadView,
            body=body,
            call=call,
        )

    def workloads_cancel(
        self,
        uuid: str,
        body: CancelTask,
        *,
        call: Call | None = None,
    ) -> CancelAnswer:
        """Cancel a workload with its tasks."""
        return self._transport.model(
            "POST",
            f"/workloads/{path_part(uuid)}/cancel",
            CancelAnswer,
            body=body,
            call=call,
        )

    def workers_register(
        self,
        body: RegisterWorker,
        *,
        call: Call | None = None,
    ) -> WorkerRegistration:
        """Register a worker."""
        return self._transport.model(
            "POST",
            "/workers",
            WorkerRegistration,
            body=body,
            call=call,
        )

    def workers_query(
        self,
        *,
        name: Query = None,
        group: Query = None,
        creator: Query = None,
        role: Query = None,
        tags: Query = None,
        labels: Query = None,
        all: Query = None,
        limit: Query = None,
        after: Query = None,
        call: Call | None = None,
    ) -> WorkerPage:
        """List workers."""
        return self._transport.model(
            "GET",
            "/workers",
            WorkerPage,
            query={"name": name, "group": group, "creator": creator, "role": role, "tags": tags, "labels": labels, "all": all, "limit": limit, "after": after},
            call=call,
        )

    def workers_enroll(
        self,
        body: EnrollWorker,
        *,
        call: Call | None = None,
    ) -> WorkerRegistration:
        """Register a worker with an enrolment code."""
        return self._transport.model(
            "POST",
            "/workers/enroll",
            WorkerRegistration,
            body=body,
            call=call,
        )

    def workers_resume(
        self,
        body: ResumeWorker,
        *,
        call: Call | None = None,
    ) -> WorkerRegistration:
        """Start a worker again that was registered before."""
        return self._transport.model(
            "POST",
            "/workers/resume",
            WorkerRegistration,
            body=body,
            call=call,
        )

    def workers_get(
        self,
        uuid: str,
        *,
        call: Call | None = None,
    ) -> WorkerView:
        """Show a worker."""
        return self._transport.model(
            "GET",
            f"/workers/{path_part(uuid)}",
            WorkerView,
            call=call,
        )

    def workers_update(
        self,
        uuid: str,
        body: UpdateWorker,
        *,
        call: Call | None = None,
    ) -> WorkerView:
        """Replace tags or labels of a worker."""
        return self._transport.model(
            "PATCH",
            f"/workers/{path_part(uuid)}",
            WorkerView,
            body=body,
            call=call,
        )

    def workers_revoke(
        self,
        uuid: str,
        *,
        call: Call | None = None,
    ) -> None:
        """End the credentials of a worker; its tasks go elsewhere."""
        self._transport.empty(
            "DELETE",
            f"/workers/{path_part(uuid)}",
            call=call,
        )

    def workers_update_roles(
        self,
        uuid: str,
        body: UpdateWorkerGroups,
        *,
        call: Call | None = None,
    ) -> WorkerView:
        """Give groups a role on a worker."""
        return self._transport.model(
            "PUT",
            f"/workers/{path_part(uuid)}/groups",
            WorkerView,
            body=body,
            call=call,
        )

    def workers_remove_role(
        self,
        uuid: str,
        name: str,
        *,
        call: Call | None = None,
    ) -> None:
        """Take a group's role on a worker away."""
        self._transport.empty(
            "DELETE",
            f"/workers/{path_part(uuid)}/groups/{path_part(name)}",
            call=call,
        )

    def workers_steer(
        self,
        uuid: str,
        body: SteerWorker,
        *,
        call: Call | None = None,
    ) -> WorkerView:
        """Drain a worker, resume it, or stop it."""
        return self._transport.model(
            "POST",
            f"/workers/{path_part(uuid)}/wanted",
            WorkerView,
            body=body,
            call=call,
        )

    def enrolments_list(
        self,
        *,
        call: Call | None = None,
    ) -> EnrolmentList:
        """List your enrolment codes that can still be used."""
        return self._transport.model(
            "GET",
            "/enrolments",
            EnrolmentList,
            call=call,
        )

    def enrolments_create(
        self,
        body: CreateEnrolment,
        *,
        call: Call | None = None,
    ) -> CreatedEnrolment:
        """Create an enrolment code; it is shown only here."""
        return self._transport.model(
            "POST",
            "/enrolments",
            CreatedEnrolment,
            body=body,
            call=call,
        )

    def enrolments_revoke(
        self,
        uuid: str,
        *,
        call: Call | None = None,
    ) -> None:
        """Revoke an enrolment code."""
        self._transport.empty(
            "DELETE",
            f"/enrolments/{path_part(uuid)}",
            call=call,
        )
