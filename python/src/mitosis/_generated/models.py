# Made by tools/reference.mjs; do not edit.
"""What the API takes and returns: bodies of requests are dictionaries, responses are objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from .._model import Model


class ServiceHealthAnswer(Model):
    __slots__ = ()

    status: Literal["ok"]


class ServiceReadyAnswer(Model):
    __slots__ = ()

    status: Literal["ready", "not ready"]
    database: Literal["ok", "unreachable"]
    queue: Literal["ok", "unreachable"]


class ServiceOpenapiAnswer(Model):
    __slots__ = ()

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]


class MetricsSummary(Model):
    __slots__ = ()

    at: str
    tasks: MetricsSummaryTasks
    oldest_ready_s: float | None
    finished_per_s: float | None
    failed_per_s: float | None
    workers: list[WorkerHealth]


class MetricsSummaryTasks(Model):
    __slots__ = ()

    pending: int | None
    ready: int | None
    running: int | None
    completed: int | None
    failed: int | None
    cancelled: int | None


class WorkerHealth(Model):
    __slots__ = ()

    uuid: str
    hostname: str
    health: Literal["ok", "silent", "unable"]
    wanted: Literal["run", "drain", "stop", "stop_now"]
    slots: int
    running: int
    cpu: float | None
    memory_used_bytes: int | None
    memory_total_bytes: int | None
    seen_s: float
    trouble: str | None


class Login(TypedDict):
    username: str
    password: str


class Session(Model):
    __slots__ = ()

    token: str
    username: str
    expires_at: str


class BrowserSession(Model):
    __slots__ = ()

    username: str
    expires_at: str


class Identity(Model):
    __slots__ = ()

    username: str
    is_admin: bool
    user: str


class ChangePassword(TypedDict):
    current_password: str
    new_password: str


class TokenList(Model):
    __slots__ = ()

    tokens: list[TokenView]


class TokenView(Model):
    __slots__ = ()

    uuid: str
    name: str
    scope: Literal["read", "submit", "workers", "full"]
    created_at: str
    expires_at: str
    last_used_at: str | None


class _CreateToken(TypedDict):
    name: str
    scope: Literal["read", "submit", "workers", "full"]


class CreateToken(_CreateToken, total=False):
    expires_in_ms: int


class CreatedToken(Model):
    __slots__ = ()

    uuid: str
    name: str
    scope: Literal["read", "submit", "workers", "full"]
    created_at: str
    expires_at: str
    last_used_at: str | None
    token: str


class UserPage(Model):
    __slots__ = ()

    users: list[UserView]
    next: str | None


class UserView(Model):
    __slots__ = ()

    uuid: str
    username: str
    state: Literal["active", "locked", "deleted"]
    is_admin: bool
    group_quota: int
    created_at: str


class _CreateUser(TypedDict):
    username: str
    password: str


class CreateUser(_CreateUser, total=False):
    is_admin: bool


class UpdateUser(TypedDict, total=False):
    state: Literal["active", "locked"]
    is_admin: bool
    group_quota: UpdateUserGroupQuota | UpdateUserGroupQuota2


class UpdateUserGroupQuota(TypedDict):
    set: int


class UpdateUserGroupQuota2(TypedDict):
    add: int


class ResetPassword(TypedDict):
    password: str


class AuditPage(Model):
    __slots__ = ()

    entries: list[AuditView]
    next: str | None


class AuditView(Model):
    __slots__ = ()

    id: str
    at: str
    actor_kind: Literal["anonymous", "user", "worker", "system"]
    actor_id: str | None
    actor: str
    action: str
    object: str
    outcome: Literal["done", "denied"]
    address: str
    details: dict[str, Any]


class GroupPage(Model):
    __slots__ = ()

    groups: list[GroupView]
    next: str | None


class GroupView(Model):
    __slots__ = ()

    uuid: str
    name: str
    creator: str
    state: Literal["active", "locked", "deleted"]
    role: Literal["read", "write-wasm", "write", "admin", None]
    queued_tasks_max: int | None
    running_tasks_max: int | None
    timeout_default_ms: int | None
    timeout_max_ms: int | None
    retries_default: int | None
    retry_delay_default_ms: int | None
    cpus_default: int | None
    mem_default_bytes: int | None
    storage_quota_bytes: int
    storage_used_bytes: int
    storage_reserved_bytes: int
    created_at: str


class CreateGroup(TypedDict):
    name: str


class UpdateGroup(TypedDict):
    state: Literal["active", "locked"]


class UpdateQuotas(TypedDict, total=False):
    queued_tasks_max: UpdateUserGroupQuota | UpdateUserGroupQuota2 | None
    running_tasks_max: UpdateUserGroupQuota | UpdateUserGroupQuota2 | None
    storage_quota_bytes: UpdateUserGroupQuota | UpdateUserGroupQuota2


class UpdateLimits(TypedDict, total=False):
    timeout_default_ms: int | None
    timeout_max_ms: int | None
    retries_default: int | None
    retry_delay_default_ms: int | None
    cpus_default: int | None
    mem_default_bytes: int | None


class MemberList(Model):
    __slots__ = ()

    members: list[MemberListMember]


class MemberListMember(Model):
    __slots__ = ()

    username: str
    role: Literal["read", "write-wasm", "write", "admin"]
    state: Literal["active", "locked", "deleted"]


class UpdateMembers(TypedDict):
    members: Mapping[str, Literal["read", "write-wasm", "write", "admin"]]


class SuspensionAnswer(Model):
    __slots__ = ()

    is_suspended: bool


class _SubmitTask(TypedDict):
    args: Sequence[str]


class SubmitTask(_SubmitTask, total=False):
    env: Mapping[str, str]
    terminal: bool
    resources: Sequence[SubmitTaskResource | SubmitTaskResource2]
    cwd: str
    stdin_base64: str
    params: Mapping[str, str | float | bool]
    array_index: int
    wasm: WasmSpec
    pty: TerminalSize
    log_limit_bytes: int
    checkpoint_every_ms: int
    warn_before_ms: int
    warn_signal: Literal["SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGTERM", "SIGCONT"]
    code: TaskCode
    secrets: Sequence[str]
    env_setup: str
    group: str
    name: str
    tags: Sequence[str]
    labels: Sequence[str]
    priority: int
    timeout_ms: int | None
    retries: int
    retry_delay_ms: int
    retry_exit_codes: Sequence[int]
    requeue_on: Sequence[Literal["timeout", "lost"] | int]
    requeues_max: int
    limits: Mapping[str, int]
    needs: Sequence[Need]
    after: Sequence[After]
    start_at: str
    start_in_ms: int
    refuse_impossible: bool
    from_checkpoint: str
    key: str
    notify: Notify


SubmitTaskResource = TypedDict(
    "SubmitTaskResource",
    {
        "from": "Literal['attachment']",
        "key": "str",
        "path": "str",
        "unpack": "bool",
    },
    total=False,
)


SubmitTaskResource2 = TypedDict(
    "SubmitTaskResource2",
    {
        "from": "Literal['artifact']",
        "task": "str",
        "kind": "Literal['result', 'exec-log', 'std-log', 'env-log']",
        "path": "str",
        "unpack": "bool",
    },
    total=False,
)


class _WasmSpec(TypedDict):
    sha256: str


class WasmSpec(_WasmSpec, total=False):
    memory_limit_bytes: int
    cpu_limit_ms: int
    output_limit_bytes: int


class TerminalSize(TypedDict):
    cols: int
    rows: int


class _TaskCode(TypedDict):
    sha256: str
    files: int
    bytes: int


class TaskCode(_TaskCode, total=False):
    folder: str
    commit: str | None
    branch: str | None
    is_dirty: bool | None


class Need(TypedDict, total=False):
    cpus: int
    mem_bytes: int
    gpus: float
    gpu_model: str
    gpu_mem_bytes: int
    disk_bytes: int
    units: Mapping[str, int]
    whole_machine: bool


class After(TypedDict, total=False):
    task: str
    job: str
    key: str
    when: Literal["completed", "ended", "failed", "started"]


class Notify(TypedDict, total=False):
    to: Sequence[str]
    on: Sequence[Literal["started", "ended", "failed", "stuck"]]
    stuck_after_ms: int


class TaskReceipt(Model):
    __slots__ = ()

    uuid: str
    state: Literal["pending", "ready", "running", "completed", "failed", "cancelled"]
    timeout_ms: int | None
    timeout_from: Literal["task", "group", "deployment"] | None


class TaskPage(Model):
    __slots__ = ()

    tasks: list[TaskView]
    next: str | None


class TaskView(Model):
    __slots__ = ()

    uuid: str
    group: str
    creator: str
    name: str
    state: Literal["pending", "ready", "running", "completed", "failed", "cancelled"]
    args: list[str]
    env: dict[str, str]
    terminal: bool
    wasm: WasmSpec2 | None
    pty: TerminalSize2 | None
    log_limit_bytes: int | None
    tags: list[str]
    labels: list[str]
    priority: int
    timeout_ms: int | None
    retries: int
    retry_delay_ms: int
    retry_exit_codes: list[int]
    requeue_on: list[str | int] | None
    requeues_max: int | None
    failures: int | None
    losses: int | None
    requeues: int | None
    warn_before_ms: int | None
    warn_signal: str | None
    checkpoint_every_ms: int | None
    limits: dict[str, int]
    needs: list[StoredNeed] | None
    attempt: int
    worker: str | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    exit_code: int | None
    signal: str | None
    reason: str | None
    message: str | None
    resources: list[dict[str, Any]]
    artifacts: list[ArtifactView]
    not_kept: list[LostProduct]
    code: TaskViewCode | None
    secrets: list[str] | None
    env_setup: str | None
    notify: TaskViewNotify | None
    cwd: str | None
    params: dict[str, str | float | bool] | None
    job: str | None
    job_index: int | None
    upstream: str | None
    retried_by: str | None
    waits_for: int
    start_at: str | None
    progress: float | None
    progress_message: str | None
    cancel_requested_at: str | None
    cancelled_by: str | None
    cancel_reason: str | None


class WasmSpec2(Model):
    __slots__ = ()

    sha256: str
    memory_limit_bytes: int | None
    cpu_limit_ms: int | None
    output_limit_bytes: int | None


class TerminalSize2(Model):
    __slots__ = ()

    cols: int
    rows: int


class StoredNeed(Model):
    __slots__ = ()

    cpus: int | None
    mem_bytes: int | None
    gpus: float | None
    gpu_model: str | None
    gpu_mem_bytes: int | None
    disk_bytes: int | None
    units: dict[str, int] | None
    whole_machine: bool | None


class ArtifactView(Model):
    __slots__ = ()

    kind: Literal["result", "exec-log", "std-log", "env-log"]
    size_bytes: int
    sha256: str
    created_at: str
    skipped: list[SkippedFile]


class SkippedFile(Model):
    __slots__ = ()

    path: str
    why: str


class LostProduct(Model):
    __slots__ = ()

    kind: Literal["result", "exec-log", "std-log", "env-log", "output", "checkpoint"]
    why: str


class TaskViewCode(Model):
    __slots__ = ()

    sha256: str
    files: int
    bytes: int
    folder: str | None
    commit: str | None
    branch: str | None
    is_dirty: bool | None


class TaskViewNotify(Model):
    __slots__ = ()

    to: list[str]
    on: list[Literal["started", "ended", "failed", "stuck"]]
    stuck_after_ms: float | None


class SubmitTasks(TypedDict):
    tasks: Sequence[SubmitTask]


class TaskReceipts(Model):
    __slots__ = ()

    tasks: list[TaskReceipt]


class JobRerun(TypedDict, total=False):
    changes: Mapping[str, Any]


class _WaitTasks(TypedDict):
    uuids: Sequence[str]


class WaitTasks(_WaitTasks, total=False):
    timeout_ms: int


class TaskSummaries(Model):
    __slots__ = ()

    tasks: list[OutputEnd]
    is_done: bool


class OutputEnd(Model):
    __slots__ = ()

    uuid: str
    state: Literal["pending", "ready", "running", "completed", "failed", "cancelled"]
    exit_code: int | None
    signal: str | None
    reason: str | None
    message: str | None


class TaskDetail(Model):
    __slots__ = ()

    uuid: str
    group: str
    creator: str
    name: str
    state: Literal["pending", "ready", "running", "completed", "failed", "cancelled"]
    args: list[str]
    env: dict[str, str]
    terminal: bool
    wasm: WasmSpec2 | None
    pty: TerminalSize2 | None
    log_limit_bytes: int | None
    tags: list[str]
    labels: list[str]
    priority: int
    timeout_ms: int | None
    retries: int
    retry_delay_ms: int
    retry_exit_codes: list[int]
    requeue_on: list[str | int] | None
    requeues_max: int | None
    failures: int | None
    losses: int | None
    requeues: int | None
    warn_before_ms: int | None
    warn_signal: str | None
    checkpoint_every_ms: int | None
    limits: dict[str, int]
    needs: list[StoredNeed] | None
    attempt: int
    worker: str | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    exit_code: int | None
    signal: str | None
    reason: str | None
    message: str | None
    resources: list[dict[str, Any]]
    artifacts: list[ArtifactView]
    not_kept: list[LostProduct]
    code: TaskViewCode | None
    secrets: list[str] | None
    env_setup: str | None
    notify: TaskViewNotify | None
    cwd: str | None
    params: dict[str, str | float | bool] | None
    job: str | None
    job_index: int | None
    upstream: str | None
    retried_by: str | None
    waits_for: int
    start_at: str | None
    progress: float | None
    progress_message: str | None
    cancel_requested_at: str | None
    cancelled_by: str | None
    cancel_reason: str | None
    attempts: list[AttemptView]
    after: list[TaskDetailAfter]
    downstream: list[str]


class AttemptView(Model):
    __slots__ = ()

    number: int
    worker: str
    worker_name: str | None
    host: str | None
    started_at: str
    ended_at: str | None
    outcome: str | None
    exit_code: int | None
    signal: str | None
    message: str | None
    wall_ms: float | None
    user_cpu_ms: float | None
    system_cpu_ms: float | None
    peak_rss_bytes: float | None
    output_bytes: float | None
    is_output_truncated: bool
    assigned: AttemptViewAssigned | None
    notes: list[str]


class AttemptViewAssigned(Model):
    __slots__ = ()

    alternative: int
    cpus: int
    cores: list[int]
    mem_bytes: int | None
    disk_bytes: int | None
    gpus: list[AttemptViewAssignedGpu]
    units: dict[str, list[str]]
    is_whole: bool


class AttemptViewAssignedGpu(Model):
    __slots__ = ()

    id: str
    index: int
    maker: Literal["nvidia", "amd"]
    thousandths: int
    mem_bytes: int


class TaskDetailAfter(Model):
    __slots__ = ()

    kind: Literal["task", "job"]
    uuid: str
    when: Literal["completed", "ended", "failed", "started"]
    state: Literal["open", "met", "unmet"]


class ChangeTask(TypedDict, total=False):
    args: Sequence[str]
    env: Mapping[str, str]
    terminal: bool
    cwd: str
    tags: Sequence[str]
    labels: Sequence[str]
    name: str
    priority: int
    timeout_ms: int | None
    retries: int
    needs: Sequence[Need]
    after: Sequence[After]


class TaskAttempts(Model):
    __slots__ = ()

    attempts: list[AttemptView]


class TaskExplanation(Model):
    __slots__ = ()

    uuid: str
    state: Literal["pending", "ready", "running", "completed", "failed", "cancelled"]
    summary: str
    ahead: int | None
    workers: list[WorkerExplanation]


class WorkerExplanation(Model):
    __slots__ = ()

    uuid: str
    hostname: str
    verdict: Literal["free", "full", "room", "draining", "unable", "silent", "needs", "tags", "kind", "group"]
    detail: str
    is_untagged: bool


class OutputLines(Model):
    __slots__ = ()

    attempt: int | None
    from_: int
    lines: list[OutputLine]
    total: int
    is_counted: bool
    is_over: bool


class OutputLine(Model):
    __slots__ = ()

    stream: Literal["stdout", "stderr", "notice"]
    text: str
    bytes: int


class OutputMatches(Model):
    __slots__ = ()

    matches: list[OutputMatch]
    next: str | None
    searched: OutputMatchesSearched
    unread: list[OutputMatchesUnread]


class OutputMatch(Model):
    __slots__ = ()

    task: str
    name: str
    job: str | None
    job_index: int | None
    attempt: int
    host: str | None
    started_at: str
    stream: Literal["stdout", "stderr", "notice"]
    line: int
    text: str
    at: int
    length: int
    is_cut: bool


class OutputMatchesSearched(Model):
    __slots__ = ()

    outputs: int
    bytes: int


class OutputMatchesUnread(Model):
    __slots__ = ()

    task: str
    attempt: int
    why: str


class TaskCount(Model):
    __slots__ = ()

    count: int


class CancelTasks(TypedDict, total=False):
    uuids: Sequence[str]
    filter: TaskFilters
    reason: str
    expected_count: int
    all: Literal[True]
    dry_run: bool


class TaskFilters(TypedDict, total=False):
    group: str
    creator: str
    state: str
    tags: str
    labels: str
    name: str
    job: str
    upstream: str
    exit_code: str
    priority: str
    worker: str
    created_after: str
    created_before: str
    finished_after: str
    finished_before: str
    text: str


class CancelAnswer(Model):
    __slots__ = ()

    cancelled: int
    requested: int
    results: list[CancelResult] | None
    sample: list[CancelAnswerSample] | None


class CancelResult(Model):
    __slots__ = ()

    uuid: str
    result: Literal["cancelled", "requested", "ended", "not_found", "forbidden"]


class CancelAnswerSample(Model):
    __slots__ = ()

    uuid: str
    name: str
    state: Literal["pending", "ready", "running", "completed", "failed", "cancelled"]


class CancelTask(TypedDict, total=False):
    reason: str


class _OpenTerminal(TypedDict):
    cols: int
    rows: int


class OpenTerminal(_OpenTerminal, total=False):
    wait_ms: int
    redraw: bool


class TerminalOpened(Model):
    __slots__ = ()

    attempt: int
    offset: int


class TypeInTerminal(TypedDict):
    attempt: float
    session: str
    offset: int
    data_base64: str


class TypedInTerminal(Model):
    __slots__ = ()

    taken: int


class TaskFiles(Model):
    __slots__ = ()

    path: str
    is_folder: bool
    entries: list[TaskFileEntry]
    is_truncated: bool


class TaskFileEntry(Model):
    __slots__ = ()

    name: str
    kind: Literal["file", "folder", "link", "other"]
    size_bytes: int
    modified_at: str
    target: str | None


class UsageTable(Model):
    __slots__ = ()

    since: str
    rows: list[UsageRow]
    is_complete: bool


class UsageRow(Model):
    __slots__ = ()

    attempts: int
    wall_hours: float
    core_hours: float
    gpu_hours: float
    user: str | None
    group: str | None
    job: str | None
    job_name: str | None
    cpu_hours: float
    waiting_hours: float
    lost: UsageRowLost


class UsageRowLost(Model):
    __slots__ = ()

    attempts: int
    wall_hours: float
    core_hours: float
    gpu_hours: float


class _CreateJob(TypedDict):
    tasks: Sequence[SubmitTask]


class CreateJob(_CreateJob, total=False):
    group: str
    name: str
    is_open: bool
    expected_tasks: int
    at_once: int
    max_fails: int
    notify: Notify


class JobReceipt(Model):
    __slots__ = ()

    uuid: str
    tasks: list[TaskReceipt]


class JobPage(Model):
    __slots__ = ()

    jobs: list[JobView]
    next: str | None


class JobView(Model):
    __slots__ = ()

    uuid: str
    group: str
    creator: str
    name: str
    state: Literal["pending", "ready", "running", "completed", "failed", "cancelled"]
    is_open: bool
    is_suspended: bool
    created_at: str
    counts: MetricsSummaryTasks
    total: int
    expected_tasks: int | None
    idempotency_key: str | None
    at_once: int | None
    max_fails: int | None
    notify: TaskViewNotify | None
    progress: float


class ChangeJob(TypedDict, total=False):
    at_once: int | None
    max_fails: int | None


class _AddTasks(TypedDict):
    tasks: Sequence[SubmitTask]


class AddTasks(_AddTasks, total=False):
    is_last: bool


class JobResultPage(Model):
    __slots__ = ()

    results: list[JobResult]
    next: int | None


class JobResult(Model):
    __slots__ = ()

    index: int
    task: str
    name: str
    params: dict[str, str | float | bool]
    state: Literal["pending", "ready", "running", "completed", "failed", "cancelled"]
    exit_code: int | None
    signal: str | None
    reason: str | None
    attempts: int
    wall_ms: float | None
    user_cpu_ms: float | None
    system_cpu_ms: float | None
    peak_rss_bytes: float | None
    artifacts: list[JobResultArtifact]
    metrics: list[dict[str, Any]]
    is_metrics_truncated: bool
    summary: dict[str, MetricSummary] | None
    notes: list[str]


class JobResultArtifact(Model):
    __slots__ = ()

    kind: str
    size_bytes: float


class MetricSummary(Model):
    __slots__ = ()

    last: float | str
    min: float | str
    max: float | str
    count: int


class JobFailures(Model):
    __slots__ = ()

    looked_at: int
    is_complete: bool
    groups: list[JobFailuresGroup]


class JobFailuresGroup(Model):
    __slots__ = ()

    count: int
    why: str
    lines: list[str]
    hosts: list[JobFailuresGroupHost]
    tasks: list[str]


class JobFailuresGroupHost(Model):
    __slots__ = ()

    hostname: str
    count: int


class JobEfficiency(Model):
    __slots__ = ()

    measured: int
    evidence: int
    cpus: JobEfficiencyCpus
    mem: JobEfficiencyMem
    time: JobEfficiencyTime
    gpus: JobEfficiencyGpus
    out_of_memory: int
    timed_out: int
    suggestion: list[str]


class JobEfficiencyCpus(Model):
    __slots__ = ()

    asked: float
    used_mean: float | None
    used_max: float | None


class JobEfficiencyMem(Model):
    __slots__ = ()

    asked_bytes: float | None
    peak_median_bytes: float | None
    peak_max_bytes: float | None


class JobEfficiencyTime(Model):
    __slots__ = ()

    limit_ms: float | None
    median_ms: float | None
    max_ms: float | None


class JobEfficiencyGpus(Model):
    __slots__ = ()

    asked: float


class RetryAnswer(Model):
    __slots__ = ()

    retried: int


class _ApplyJob(TypedDict):
    name: str
    tasks: Sequence[ApplyTask]


class ApplyJob(_ApplyJob, total=False):
    group: str
    rerun_changed: bool
    is_last: bool
    definition: ExperimentText
    at_once: int | None
    max_fails: int | None
    notify: Notify


class ApplyTask(TypedDict):
    identity: str
    run: str
    task: SubmitTask


class ExperimentText(TypedDict):
    format: Literal["toml", "yaml"]
    text: str


class AppliedJob(Model):
    __slots__ = ()

    uuid: str
    tasks: list[AppliedJobTask]


class AppliedJobTask(Model):
    __slots__ = ()

    identity: str
    uuid: str
    outcome: Literal["created", "unchanged", "changed", "rerun", "busy"]


class KnownTasks(Model):
    __slots__ = ()

    job: str | None
    tasks: list[KnownTasksTask]
    next: str | None


class KnownTasksTask(Model):
    __slots__ = ()

    identity: str
    run: str
    task: str
    index: int
    state: Literal["pending", "ready", "running", "completed", "failed", "cancelled"]
    params: dict[str, str | float | bool]
    wall_ms: float | None


class ExperimentText2(Model):
    __slots__ = ()

    format: Literal["toml", "yaml"]
    text: str


class _CreateSchedule(TypedDict):
    name: str
    cron: str
    jobs: Sequence[ScheduledJob]


class CreateSchedule(_CreateSchedule, total=False):
    group: str
    time_zone: str
    overlap: Literal["skip", "queue", "replace"]
    catch_up: Literal["none", "last", "all"]


class _ScheduledJob(TypedDict):
    key: str
    tasks: Sequence[SubmitTask]


class ScheduledJob(_ScheduledJob, total=False):
    after: Sequence[ScheduledJobAfter]
    after_other: Sequence[After]
    at_once: int
    max_fails: int
    notify: Notify


class _ScheduledJobAfter(TypedDict):
    key: str


class ScheduledJobAfter(_ScheduledJobAfter, total=False):
    when: Literal["completed", "ended", "failed"]


class ScheduleView(Model):
    __slots__ = ()

    uuid: str
    group: str
    creator: str
    name: str
    cron: str
    time_zone: str
    overlap: Literal["skip", "queue", "replace"]
    catch_up: Literal["none", "last", "all"]
    state: Literal["active", "paused", "stopped"]
    message: str | None
    created_at: str
    next: list[str]
    runs: list[ScheduleRun]


class ScheduleRun(Model):
    __slots__ = ()

    due_at: str
    outcome: Literal["ran", "skipped"]
    reason: str | None
    jobs: list[str]


class SchedulePage(Model):
    __slots__ = ()

    schedules: list[ScheduleView]
    next: str | None


class ReceiverList(Model):
    __slots__ = ()

    receivers: list[ReceiverView]


class ReceiverView(Model):
    __slots__ = ()

    uuid: str
    group: str | None
    name: str
    kind: Literal["webhook", "slack", "mail", "command"]
    target: str
    on: list[Literal["started", "ended", "failed", "stuck"]]
    stuck_after_ms: int | None
    per_hour: int
    is_paused: bool
    created_at: str
    waiting: int
    trouble: str | None


class _CreateReceiver(TypedDict):
    name: str
    kind: Literal["webhook", "slack", "mail", "command"]
    target: str


class CreateReceiver(_CreateReceiver, total=False):
    group: str
    key: str
    on: Sequence[Literal["started", "ended", "failed", "stuck"]]
    stuck_after_ms: int
    per_hour: int


class CreatedReceiver(Model):
    __slots__ = ()

    uuid: str
    group: str | None
    name: str
    kind: Literal["webhook", "slack", "mail", "command"]
    target: str
    on: list[Literal["started", "ended", "failed", "stuck"]]
    stuck_after_ms: int | None
    per_hour: int
    is_paused: bool
    created_at: str
    waiting: int
    trouble: str | None
    key: str | None


class ChangeReceiver(TypedDict, total=False):
    on: Sequence[Literal["started", "ended", "failed", "stuck"]]
    stuck_after_ms: int
    per_hour: int
    is_paused: bool


class DeliveryView(Model):
    __slots__ = ()

    uuid: str
    event: str
    subject: str | None
    title: str
    state: Literal["waiting", "sent", "failed", "merged"]
    attempts: int
    status: str | None
    created_at: str
    attempted_at: str | None


class DeliveryPage(Model):
    __slots__ = ()

    deliveries: list[DeliveryView]
    next: str | None


class CheckpointList(Model):
    __slots__ = ()

    checkpoints: list[StoredCheckpoint]


class StoredCheckpoint(Model):
    __slots__ = ()

    attempt: float | Literal[0]
    number: float
    size_bytes: int
    sha256: str
    created_at: str
    download: SignedRequest


class SignedRequest(Model):
    __slots__ = ()

    method: Literal["GET", "PUT"]
    url: str
    headers: dict[str, str]
    expires_at: str
    relay_url: str | None


class AttachmentPage(Model):
    __slots__ = ()

    attachments: list[AttachmentView]
    next: str | None
    count: int | None
    total_bytes: int | None


class AttachmentView(Model):
    __slots__ = ()

    group: str
    key: str
    size_bytes: int
    sha256: str
    creator: str
    created_at: str


class UploadAttachment(TypedDict):
    size_bytes: int
    sha256: str
    key: str


class UploadTicket(Model):
    __slots__ = ()

    upload: str
    is_stored: bool
    single: SignedRequest | None
    part_size_bytes: int
    part_count: int


class AttachmentDownload(Model):
    __slots__ = ()

    group: str
    key: str
    size_bytes: int
    sha256: str
    creator: str
    created_at: str
    download: SignedRequest


class StoredFile(Model):
    __slots__ = ()

    name: str
    size_bytes: int
    sha256: str


class DeleteAttachments(TypedDict):
    keys: Sequence[str]


class DeletedAttachments(Model):
    __slots__ = ()

    deleted: list[str]


class MissingParts(Model):
    __slots__ = ()

    missing: list[int]


class SignParts(TypedDict):
    part_numbers: Sequence[int]


class SignedParts(Model):
    __slots__ = ()

    parts: list[SignedPartsPart]


class SignedPartsPart(Model):
    __slots__ = ()

    part_number: int
    request: SignedRequest


class FileFacts(TypedDict):
    size_bytes: int
    sha256: str


class ArtifactDownload(Model):
    __slots__ = ()

    kind: Literal["result", "exec-log", "std-log", "env-log"]
    size_bytes: int
    sha256: str
    created_at: str
    skipped: list[SkippedFile]
    task: str
    download: SignedRequest


class CheckStorage(TypedDict, total=False):
    repair: bool


class StorageReport(Model):
    __slots__ = ()

    checked_at: str
    is_clean: bool
    is_repaired: bool
    objects: int
    bytes: int
    pending: int
    objects_without_rows_count: int
    objects_without_rows: list[StorageReportObjectsWithoutRow]
    rows_without_objects_count: int
    rows_without_objects: list[StorageReportObjectsWithoutRow]
    unfinished_without_rows_count: int
    groups_miscounted: list[StorageReportGroupsMiscounted]


class StorageReportObjectsWithoutRow(Model):
    __slots__ = ()

    key: str
    size_bytes: int


class StorageReportGroupsMiscounted(Model):
    __slots__ = ()

    group: str
    used_bytes: int
    stored_bytes: int
    reserved_bytes: int
    expected_reserved_bytes: int


class _OfferCode(TypedDict):
    manifest: str
    packs: Sequence[str]


class OfferCode(_OfferCode, total=False):
    group: str


class CodeOffer(Model):
    __slots__ = ()

    missing: list[str]


class CodeDownload(Model):
    __slots__ = ()

    code: TaskCode2
    manifest: CodeFile
    packs: list[CodeFile]


class TaskCode2(Model):
    __slots__ = ()

    sha256: str
    files: int
    bytes: int
    folder: str | None
    commit: str | None
    branch: str | None
    is_dirty: bool | None


class CodeFile(Model):
    __slots__ = ()

    sha256: str
    stored_sha256: str
    size_bytes: int
    download: SignedRequest


class SecretList(Model):
    __slots__ = ()

    secrets: list[SecretView]


class SecretView(Model):
    __slots__ = ()

    name: str
    set_by: str
    set_at: str


class SetSecret(TypedDict):
    value: str


class ProgramView(Model):
    __slots__ = ()

    sha256: str
    name: str
    group: str
    creator: str
    size_bytes: int
    imports: list[str]
    created_at: str


class ProgramList(Model):
    __slots__ = ()

    programs: list[ProgramView]


class _ProgramFromAttachment(TypedDict):
    key: str


class ProgramFromAttachment(_ProgramFromAttachment, total=False):
    group: str


class _SubmitWorkload(TypedDict):
    sha256: str
    name: str
    params: Mapping[str, Any]


class SubmitWorkload(_SubmitWorkload, total=False):
    tags: Sequence[str]
    labels: Sequence[str]
    priority: int
    needs: Sequence[Need]
    timeout_ms: int
    retries: int
    retry_delay_ms: int
    memory_limit_bytes: int
    max_subtasks: int
    group: str
    is_verified: bool


class WorkloadView(Model):
    __slots__ = ()

    uuid: str
    group: str
    creator: str
    name: str
    sha256: str
    params: dict[str, Any]
    is_verified: bool
    state: Literal["splitting", "mapping", "reducing", "completed", "failed", "cancelled"]
    subtasks: int | None
    subtasks_done: int
    message: str | None
    result_task: str | None
    created_at: str
    finished_at: str | None


class WorkloadPage(Model):
    __slots__ = ()

    workloads: list[WorkloadSummary]
    next: str | None


class WorkloadSummary(Model):
    __slots__ = ()

    uuid: str
    group: str
    creator: str
    name: str
    sha256: str
    is_verified: bool
    state: Literal["splitting", "mapping", "reducing", "completed", "failed", "cancelled"]
    subtasks: int | None
    subtasks_done: int
    message: str | None
    result_task: str | None
    created_at: str
    finished_at: str | None


class WorkloadTasks(Model):
    __slots__ = ()

    tasks: list[WorkloadTask]


class WorkloadTask(Model):
    __slots__ = ()

    uuid: str
    step: Literal["split", "map", "check", "reduce"]
    index: int | None
    state: Literal["pending", "ready", "running", "completed", "failed", "cancelled"]
    attempt: int
    worker: str | None
    hostname: str | None
    stdout_sha256: str | None
    message: str | None


class WaitWorkload(TypedDict, total=False):
    seen_done: int
    timeout_ms: int


class _RegisterWorker(TypedDict):
    slots: int
    hostname: str
    version: str


class RegisterWorker(_RegisterWorker, total=False):
    groups: Sequence[str]
    tags: Sequence[str]
    labels: Sequence[str]
    only: Literal["wasm"]
    takes: Literal["any", "only_tagged"]
    name: str
    identity: str


class WorkerRegistration(Model):
    __slots__ = ()

    uuid: str
    name: str | None
    token: str
    expires_at: str
    expires_in_ms: int
    queue: dict[str, Any]
    heartbeat_ms: int


class WorkerPage(Model):
    __slots__ = ()

    workers: list[WorkerView]
    next: str | None


class WorkerView(Model):
    __slots__ = ()

    uuid: str
    creator: str
    state: Literal["active", "gone"]
    wanted: Literal["run", "drain", "stop", "stop_now"]
    is_alive: bool
    trouble: str | None
    trouble_since: str | None
    name: str | None
    hostname: str
    version: str
    connection: Literal["coordinator", "direct"] | None
    tasks: list[WorkerViewTask] | None
    slots: int
    running: int
    offer: WorkerViewOffer | None
    enforces: WorkerViewEnforces | None
    tags: list[str]
    takes: Literal["any", "only_tagged", None] | None
    labels: list[str]
    groups: dict[str, Literal["read", "write-wasm", "write", "admin"]]
    registered_at: str
    last_seen_at: str


class WorkerViewTask(Model):
    __slots__ = ()

    task: str
    attempt: int
    name: str | None


class WorkerViewOffer(Model):
    __slots__ = ()

    cpus: int
    cores: list[int]
    mem_bytes: int
    disk_bytes: int
    gpus: list[WorkerViewOfferGpu]
    units: dict[str, list[str]]


class WorkerViewOfferGpu(Model):
    __slots__ = ()

    id: str
    index: int
    model: str
    mem_bytes: int
    free_bytes: int
    maker: Literal["nvidia", "amd"]


class WorkerViewEnforces(Model):
    __slots__ = ()

    memory: Literal["cgroup-v2", "cgroup-v1", "watching", "none"]
    cpu: Literal["affinity", "none"]
    disk: Literal["watching", "none"]
    processes: Literal["cgroup-v2", "cgroup-v1", "watching", "none"]


class _EnrollWorker(TypedDict):
    slots: int
    hostname: str
    version: str
    code: str
    request: str


class EnrollWorker(_EnrollWorker, total=False):
    tags: Sequence[str]
    labels: Sequence[str]
    only: Literal["wasm"]
    takes: Literal["any", "only_tagged"]
    name: str
    identity: str


class _ResumeWorker(TypedDict):
    slots: int
    hostname: str
    version: str
    identity: str


class ResumeWorker(_ResumeWorker, total=False):
    tags: Sequence[str]
    labels: Sequence[str]
    only: Literal["wasm"]
    takes: Literal["any", "only_tagged"]
    name: str


class UpdateWorker(TypedDict, total=False):
    tags: Sequence[str]
    labels: Sequence[str]


class UpdateWorkerGroups(TypedDict):
    groups: Mapping[str, Literal["read", "write", "admin"]]


class SteerWorker(TypedDict):
    wanted: Literal["run", "drain", "stop", "stop_now"]


class EnrolmentList(Model):
    __slots__ = ()

    enrolments: list[EnrolmentView]


class EnrolmentView(Model):
    __slots__ = ()

    uuid: str
    groups: list[str]
    tags: list[str]
    labels: list[str]
    uses: int
    uses_max: int
    created_at: str
    expires_at: str


class CreateEnrolment(TypedDict, total=False):
    groups: Sequence[str]
    tags: Sequence[str]
    labels: Sequence[str]
    uses: int
    expires_in_ms: int


class CreatedEnrolment(Model):
    __slots__ = ()

    uuid: str
    groups: list[str]
    tags: list[str]
    labels: list[str]
    uses: int
    uses_max: int
    created_at: str
    expires_at: str
    code: str
    address: str | None
    pin: str | None


MetricsSummary.nested = {
    "tasks": ("one", MetricsSummaryTasks),
    "workers": ("list", WorkerHealth),
}
TokenList.nested = {
    "tokens": ("list", TokenView),
}
UserPage.nested = {
    "users": ("list", UserView),
}
AuditPage.nested = {
    "entries": ("list", AuditView),
}
GroupPage.nested = {
    "groups": ("list", GroupView),
}
MemberList.nested = {
    "members": ("list", MemberListMember),
}
TaskPage.nested = {
    "tasks": ("list", TaskView),
}
TaskView.nested = {
    "wasm": ("one", WasmSpec2),
    "pty": ("one", TerminalSize2),
    "needs": ("list", StoredNeed),
    "artifacts": ("list", ArtifactView),
    "not_kept": ("list", LostProduct),
    "code": ("one", TaskViewCode),
    "notify": ("one", TaskViewNotify),
}
ArtifactView.nested = {
    "skipped": ("list", SkippedFile),
}
TaskReceipts.nested = {
    "tasks": ("list", TaskReceipt),
}
TaskSummaries.nested = {
    "tasks": ("list", OutputEnd),
}
TaskDetail.nested = {
    "wasm": ("one", WasmSpec2),
    "pty": ("one", TerminalSize2),
    "needs": ("list", StoredNeed),
    "artifacts": ("list", ArtifactView),
    "not_kept": ("list", LostProduct),
    "code": ("one", TaskViewCode),
    "notify": ("one", TaskViewNotify),
    "attempts": ("list", AttemptView),
    "after": ("list", TaskDetailAfter),
}
AttemptView.nested = {
    "assigned": ("one", AttemptViewAssigned),
}
AttemptViewAssigned.nested = {
    "gpus": ("list", AttemptViewAssignedGpu),
}
TaskAttempts.nested = {
    "attempts": ("list", AttemptView),
}
TaskExplanation.nested = {
    "workers": ("list", WorkerExplanation),
}
OutputLines.nested = {
    "lines": ("list", OutputLine),
}
OutputMatches.nested = {
    "matches": ("list", OutputMatch),
    "searched": ("one", OutputMatchesSearched),
    "unread": ("list", OutputMatchesUnread),
}
CancelAnswer.nested = {
    "results": ("list", CancelResult),
    "sample": ("list", CancelAnswerSample),
}
TaskFiles.nested = {
    "entries": ("list", TaskFileEntry),
}
UsageTable.nested = {
    "rows": ("list", UsageRow),
}
UsageRow.nested = {
    "lost": ("one", UsageRowLost),
}
JobReceipt.nested = {
    "tasks": ("list", TaskReceipt),
}
JobPage.nested = {
    "jobs": ("list", JobView),
}
JobView.nested = {
    "counts": ("one", MetricsSummaryTasks),
    "notify": ("one", TaskViewNotify),
}
JobResultPage.nested = {
    "results": ("list", JobResult),
}
JobResult.nested = {
    "artifacts": ("list", JobResultArtifact),
    "summary": ("dict", MetricSummary),
}
JobFailures.nested = {
    "groups": ("list", JobFailuresGroup),
}
JobFailuresGroup.nested = {
    "hosts": ("list", JobFailuresGroupHost),
}
JobEfficiency.nested = {
    "cpus": ("one", JobEfficiencyCpus),
    "mem": ("one", JobEfficiencyMem),
    "time": ("one", JobEfficiencyTime),
    "gpus": ("one", JobEfficiencyGpus),
}
AppliedJob.nested = {
    "tasks": ("list", AppliedJobTask),
}
KnownTasks.nested = {
    "tasks": ("list", KnownTasksTask),
}
ScheduleView.nested = {
    "runs": ("list", ScheduleRun),
}
SchedulePage.nested = {
    "schedules": ("list", ScheduleView),
}
ReceiverList.nested = {
    "receivers": ("list", ReceiverView),
}
DeliveryPage.nested = {
    "deliveries": ("list", DeliveryView),
}
CheckpointList.nested = {
    "checkpoints": ("list", StoredCheckpoint),
}
StoredCheckpoint.nested = {
    "download": ("one", SignedRequest),
}
AttachmentPage.nested = {
    "attachments": ("list", AttachmentView),
}
UploadTicket.nested = {
    "single": ("one", SignedRequest),
}
AttachmentDownload.nested = {
    "download": ("one", SignedRequest),
}
SignedParts.nested = {
    "parts": ("list", SignedPartsPart),
}
SignedPartsPart.nested = {
    "request": ("one", SignedRequest),
}
ArtifactDownload.nested = {
    "skipped": ("list", SkippedFile),
    "download": ("one", SignedRequest),
}
StorageReport.nested = {
    "objects_without_rows": ("list", StorageReportObjectsWithoutRow),
    "rows_without_objects": ("list", StorageReportObjectsWithoutRow),
    "groups_miscounted": ("list", StorageReportGroupsMiscounted),
}
CodeDownload.nested = {
    "code": ("one", TaskCode2),
    "manifest": ("one", CodeFile),
    "packs": ("list", CodeFile),
}
CodeFile.nested = {
    "download": ("one", SignedRequest),
}
SecretList.nested = {
    "secrets": ("list", SecretView),
}
ProgramList.nested = {
    "programs": ("list", ProgramView),
}
WorkloadPage.nested = {
    "workloads": ("list", WorkloadSummary),
}
WorkloadTasks.nested = {
    "tasks": ("list", WorkloadTask),
}
WorkerPage.nested = {
    "workers": ("list", WorkerView),
}
WorkerView.nested = {
    "tasks": ("list", WorkerViewTask),
    "offer": ("one", WorkerViewOffer),
    "enforces": ("one", WorkerViewEnforces),
}
WorkerViewOffer.nested = {
    "gpus": ("list", WorkerViewOfferGpu),
}
EnrolmentList.nested = {
    "enrolments": ("list", EnrolmentView),
}
