# Made by tools/reference.mjs; do not edit.
"""The asynchronous client: the names of the synchronous one, to be awaited."""

from __future__ import annotations

from .._access import Admin, Programs, Workloads
from .._async import Twin, iterate, run, wrap
from .._client import Client
from .._errors import MitoError
from .._executor import Executor
from .._files import ArtifactViews, Artifacts, Files, Keys, PathLike
from .._following import Change
from .._generated.models import ArtifactDownload, AttachmentDownload, AttachmentView, AuditView, CancelAnswer, CancelResult, CreatedEnrolment, CreatedToken, EnrolmentView, GroupView, Identity, JobResult, JobView, MemberListMember, MetricsSummary, ProgramView, Session, StoredFile, SubmitTask, TaskDetail, TaskExplanation, TaskView, TokenView, UserView, WorkerView, WorkloadSummary, WorkloadTask, WorkloadView
from .._job import Job, submit_job
from .._metrics import Metrics
from .._notebook import watch
from .._pack import sha256
from .._placeholders import Params, combinations
from .._remote import Calls, MapJob
from .._spec import Command, Dependency, Duration, Input
from .._sse import LogPiece
from .._task import Task
from .._transfer import Progress
from .._transport import Query
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any


class AsyncClient(Twin):
    """The asynchronous `Client`. A coordinator. Without arguments it is the one that `mito` talks to, with the same login.

    Safe for threads, after a `fork` and inside a running event loop. All methods raise `MitoError`.
    """

    of = Client

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        user: str | None = None,
        password: str | None = None,
        group: str | None = None,
        ca: str | None = None,
        timeout: float = 30.0,
        patience: float | None = None,
    ) -> None:
        super().__init__(Client(url, token, user=user, password=password, group=group, ca=ca, timeout=timeout, patience=patience))

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        value: str = wrap(self._sync.url)
        return value

    @property
    def files(self) -> AsyncFiles:
        """Files of groups."""
        value: AsyncFiles = wrap(self._sync.files)
        return value

    @property
    def admin(self) -> AsyncAdmin:
        """Users, groups, workers, tokens and the audit log."""
        value: AsyncAdmin = wrap(self._sync.admin)
        return value

    @property
    def programs(self) -> AsyncPrograms:
        """WebAssembly programs."""
        value: AsyncPrograms = wrap(self._sync.programs)
        return value

    @property
    def workloads(self) -> AsyncWorkloads:
        """Computations that a program splits and puts together."""
        value: AsyncWorkloads = wrap(self._sync.workloads)
        return value

    def new_key(self) -> str:
        """An idempotency key: the same key gets the same answer."""
        value: str = wrap(self._sync.new_key())
        return value

    async def login(self, username: str, password: str) -> Session:
        """Logs in; this client uses the new token from here on."""
        value: Session = await run(self._sync.login, username, password)
        return value

    async def logout(self) -> None:
        """Ends this login."""
        value: None = await run(self._sync.logout)
        return value

    async def identity(self) -> Identity:
        """Who the token speaks for."""
        value: Identity = await run(self._sync.identity)
        return value

    async def metrics(self) -> MetricsSummary:
        """What matters of the deployment at a glance; for administrators."""
        value: MetricsSummary = await run(self._sync.metrics)
        return value

    def close(self) -> None:
        """Closes idle connections. The client can be used again."""
        value: None = wrap(self._sync.close())
        return value

    async def submit(
        self,
        command: Command,
        *,
        name: str | None = None,
        group: str | None = None,
        tags: Iterable[str] | None = None,
        labels: Iterable[str] | None = None,
        priority: int | None = None,
        timeout: Duration | None = None,
        retries: int | None = None,
        retry_delay: Duration | None = None,
        env: Mapping[str, Any] | None = None,
        cwd: str | None = None,
        stdin: str | bytes | None = None,
        inputs: Mapping[str, Input] | None = None,
        after: Iterable[Dependency] = (),
        key: str | None = None,
        **fields: Any,
    ) -> AsyncTask:
        """Submits one task. A list is a program with its arguments, a text a line for the shell.

        `inputs` names local files by where the task finds them below `$MITO_RESOURCE_DIR`. What it needs of a machine:
        `cpus=4, mem="16GiB", gpus=1`. Other keyword arguments are fields of the API, for example
        `retry_exit_codes=[75]`. The same `key` submits once.
        """
        value: AsyncTask = await run(self._sync.submit, command, name=name, group=group, tags=tags, labels=labels, priority=priority, timeout=timeout, retries=retries, retry_delay=retry_delay, env=env, cwd=cwd, stdin=stdin, inputs=inputs, after=after, key=key, **fields)
        return value

    async def spec(self, command: Command, **fields: Any) -> SubmitTask:
        """What `submit` would send, for `submit_many` and `job`."""
        value: SubmitTask = await run(self._sync.spec, command, **fields)
        return value

    async def submit_many(self, specs: Sequence[SubmitTask], *, key: str | None = None) -> list[AsyncTask]:
        """Submits tasks, 1000 in a request, each request all or none; the same key submits what is missing."""
        value: list[AsyncTask] = await run(self._sync.submit_many, specs, key=key)
        return value

    async def submit_job(
        self,
        specs: Sequence[SubmitTask],
        *,
        name: str | None = None,
        group: str | None = None,
        at_once: int | None = None,
        max_fails: int | None = None,
        key: str | None = None,
    ) -> AsyncJob:
        """Submits any number of tasks as one job.

        At most `at_once` of them run at a time. When more than `max_fails` have failed, the others are cancelled.
        """
        value: AsyncJob = await run(self._sync.submit_job, specs, name=name, group=group, at_once=at_once, max_fails=max_fails, key=key)
        return value

    async def sweep(
        self,
        command: Command,
        *,
        params: Iterable[Params] | None = None,
        options: Mapping[str, Any] | None = None,
        at_once: int | None = None,
        max_fails: int | None = None,
        key: str | None = None,
        **axes: Any,
    ) -> AsyncJob:
        """Submits one task for each combination: `client.sweep(["./train", "{lr}"], lr=[.1, .01], seed=range(5))`.

        `at_once` and `max_fails` are those of `submit_job`.
        `options` are keyword arguments of `submit` for each task. `params` gives the combinations themselves.
        """
        value: AsyncJob = await run(self._sync.sweep, command, params=params, options=options, at_once=at_once, max_fails=max_fails, key=key, **axes)
        return value

    def task(self, uuid: str) -> AsyncTask:
        """A task by its uuid."""
        value: AsyncTask = wrap(self._sync.task(uuid))
        return value

    async def tasks(self, *, limit: int | None = None, **filters: Query) -> AsyncIterator[TaskView]:
        """Tasks that a filter finds, newest first: `client.tasks(state=["failed"], tags=["gpu"])`."""
        async for item in iterate(self._sync.tasks, limit=limit, **filters):
            yield item

    async def count_tasks(self, **filters: Query) -> int:
        """How many tasks a filter finds."""
        value: int = await run(self._sync.count_tasks, **filters)
        return value

    async def wait(self, tasks: Sequence[AsyncTask], timeout: float | None = None) -> None:
        """Returns when all have ended, however. Raises `TimeoutError` after `timeout` seconds."""
        value: None = await run(self._sync.wait, tasks, timeout)
        return value

    async def cancel(
        self,
        tasks: Sequence[AsyncTask | str] | None = None,
        *,
        filter: Mapping[str, Query] | None = None,
        all: bool = False,
        reason: str | None = None,
        dry_run: bool = False,
    ) -> CancelAnswer:
        """Cancels tasks by name, by a filter, or all that one may; each is judged alone."""
        value: CancelAnswer = await run(self._sync.cancel, tasks, filter=filter, all=all, reason=reason, dry_run=dry_run)
        return value

    def job(self, uuid: str) -> AsyncJob:
        """A job by its uuid."""
        value: AsyncJob = wrap(self._sync.job(uuid))
        return value

    async def jobs(self, *, limit: int | None = None, **filters: Query) -> AsyncIterator[JobView]:
        """Jobs, newest first."""
        async for item in iterate(self._sync.jobs, limit=limit, **filters):
            yield item

    async def events(self, *, group: str | None = None, job: str | None = None, task: str | None = None) -> AsyncIterator[Change]:
        """Changes of tasks, jobs and groups as they happen; some may be missed while the connection is away."""
        async for item in iterate(self._sync.events, group=group, job=job, task=task):
            yield item

    def executor(self, **options: Any) -> Executor:
        """A `concurrent.futures.Executor` whose functions run as tasks. `options` are those of `submit`, `python`
        (the interpreter on the workers) and `modules` (`auto`, `none` or the modules that travel along)."""
        value: Executor = wrap(self._sync.executor(**options))
        return value

    async def map(
        self, function: Callable[..., Any], *iterables: Iterable[Any], chunksize: int = 1, **options: Any
    ) -> AsyncMapJob:
        """Calls a function for each item, `chunksize` calls in a task. Iterating gives results in their order.

        `options` are those of `executor`.
        """
        value: AsyncMapJob = await run(self._sync.map, function, *iterables, chunksize=chunksize, **options)
        return value


class AsyncTask(Twin):
    """The asynchronous `Task`. A task at the coordinator. Dropping this object changes nothing there.
    """

    of = Task

    @property
    def uuid(self) -> str:
        return str(self._sync.uuid)

    @property
    def view(self) -> TaskDetail:
        """Everything that is known of it; asked for again until the task has ended."""
        value: TaskDetail = wrap(self._sync.view)
        return value

    async def refresh(self) -> AsyncTask:
        """Asks for its current state."""
        value: AsyncTask = await run(self._sync.refresh)
        return value

    @property
    def state(self) -> str:
        value: str = wrap(self._sync.state)
        return value

    @property
    def is_over(self) -> bool:
        value: bool = wrap(self._sync.is_over)
        return value

    @property
    def exit_code(self) -> int | None:
        value: int | None = wrap(self._sync.exit_code)
        return value

    @property
    def reason(self) -> str | None:
        value: str | None = wrap(self._sync.reason)
        return value

    @property
    def message(self) -> str | None:
        value: str | None = wrap(self._sync.message)
        return value

    @property
    def name(self) -> str:
        value: str = wrap(self._sync.name)
        return value

    @property
    def params(self) -> dict[str, Any]:
        """The values of its sweep."""
        value: dict[str, Any] = wrap(self._sync.params)
        return value

    @property
    def index(self) -> int | None:
        """Its place in its job, from 0."""
        value: int | None = wrap(self._sync.index)
        return value

    @property
    def artifacts(self) -> AsyncArtifacts:
        """What it has produced."""
        value: AsyncArtifacts = wrap(self._sync.artifacts)
        return value

    @property
    def metrics(self) -> Metrics:
        """What it has measured and written to `metrics.jsonl`."""
        value: Metrics = wrap(self._sync.metrics)
        return value

    async def load_metrics(self) -> Metrics:
        """Fetches what it has measured."""
        value: Metrics = await run(self._sync.load_metrics)
        return value

    async def wait(self, timeout: float | None = None) -> AsyncTask:
        """Returns when it has ended, however. Raises `TimeoutError` after `timeout` seconds."""
        value: AsyncTask = await run(self._sync.wait, timeout)
        return value

    async def check(self) -> AsyncTask:
        """Raises `TaskFailed` unless it has completed."""
        value: AsyncTask = await run(self._sync.check)
        return value

    async def logs(self, attempt: int | None = None, *, stream: str | None = None) -> str:
        """What it has printed so far, of its last attempt."""
        value: str = await run(self._sync.logs, attempt, stream=stream)
        return value

    async def follow(self, attempt: int | None = None) -> AsyncIterator[LogPiece]:
        """What it prints, as it prints it, until it ends."""
        async for item in iterate(self._sync.follow, attempt):
            yield item

    async def cancel(self, reason: str | None = None) -> CancelResult:
        """Ends it: a waiting task at once, a running one as soon as its worker has ended it."""
        value: CancelResult = await run(self._sync.cancel, reason)
        return value

    async def explain(self) -> TaskExplanation:
        """Says why it is not running."""
        value: TaskExplanation = await run(self._sync.explain)
        return value

    async def change(self, **fields: Any) -> AsyncTask:
        """Changes labels at any time, anything else before it has started."""
        value: AsyncTask = await run(self._sync.change, **fields)
        return value


class AsyncJob(Twin):
    """The asynchronous `Job`. A job at the coordinator. Dropping this object changes nothing there.
    """

    of = Job

    @property
    def uuid(self) -> str:
        return str(self._sync.uuid)

    @property
    def view(self) -> JobView:
        """Everything that is known of it; asked for again until it is over."""
        value: JobView = wrap(self._sync.view)
        return value

    async def refresh(self) -> AsyncJob:
        """Asks for its current state."""
        value: AsyncJob = await run(self._sync.refresh)
        return value

    @property
    def state(self) -> str:
        value: str = wrap(self._sync.state)
        return value

    @property
    def name(self) -> str:
        value: str = wrap(self._sync.name)
        return value

    @property
    def counts(self) -> dict[str, int]:
        """How many of its tasks are in each state."""
        value: dict[str, int] = wrap(self._sync.counts)
        return value

    @property
    def progress(self) -> float:
        """Between 0 and 1."""
        value: float = wrap(self._sync.progress)
        return value

    async def wait(self, timeout: float | None = None) -> AsyncJob:
        """Returns when it is over, however. Raises `TimeoutError` after `timeout` seconds."""
        value: AsyncJob = await run(self._sync.wait, timeout)
        return value

    async def change(self, **limits: int | None) -> AsyncJob:
        """Changes `at_once` (how many of its tasks run at a time) and `max_fails`; `None` lifts a limit."""
        value: AsyncJob = await run(self._sync.change, **limits)
        return value

    async def as_completed(self, timeout: float | None = None) -> AsyncIterator[AsyncTask]:
        """Its tasks, each as soon as it has ended, in the order in which they end."""
        async for item in iterate(self._sync.as_completed, timeout):
            yield item

    async def rows(self) -> AsyncIterator[JobResult]:
        """What came of each task, with all of its metrics, in the order of the tasks."""
        async for item in iterate(self._sync.rows):
            yield item

    async def tasks(self) -> AsyncIterator[AsyncTask]:
        """Its tasks in their order."""
        async for item in iterate(self._sync.tasks):
            yield item

    async def results(self, kind: str = "auto") -> Any:
        """One table of parameters, metrics and outcomes: pandas or polars when there, else a list of dictionaries.

        `kind` is `auto`, `pandas`, `polars` or `list`.
        """
        value: Any = await run(self._sync.results, kind)
        return value

    async def cancel(self, reason: str | None = None) -> CancelAnswer:
        """Ends its tasks that have not ended."""
        value: CancelAnswer = await run(self._sync.cancel, reason)
        return value

    async def suspend(self) -> AsyncJob:
        """Starts no more of its tasks."""
        value: AsyncJob = await run(self._sync.suspend)
        return value

    async def resume(self) -> AsyncJob:
        """Starts its tasks again."""
        value: AsyncJob = await run(self._sync.resume)
        return value

    def close(self) -> AsyncJob:
        """Says that no more tasks are to come."""
        value: AsyncJob = wrap(self._sync.close())
        return value

    async def retry_failed(self) -> int:
        """Submits its failed tasks again; returns how many."""
        value: int = await run(self._sync.retry_failed)
        return value

    async def add(self, tasks: Sequence[SubmitTask], *, is_last: bool = False, key: str | None = None) -> list[AsyncTask]:
        """Adds tasks to a job that is open."""
        value: list[AsyncTask] = await run(self._sync.add, tasks, is_last=is_last, key=key)
        return value

    async def watch(self, interval: float = 1.0) -> AsyncJob:
        """Shows it until it is over: in a notebook as a table that changes in its place, else as lines on stderr."""
        value: AsyncJob = await run(self._sync.watch, interval)
        return value


class AsyncMapJob(Twin):
    """The asynchronous `MapJob`. Calls of one function. Iterating gives results in the order of the items; a bad item raises its exception,
    and the next `next()` continues behind it. Dropping this object changes nothing at the coordinator.
    """

    of = MapJob

    async def results(self, *, return_exceptions: bool = False) -> list[Any]:
        """All results that were not iterated yet, in the order of the items."""
        value: list[Any] = await run(self._sync.results, return_exceptions=return_exceptions)
        return value

    async def cancel(self, reason: str | None = None) -> None:
        """Ends what has not ended; nothing more is read from the iterables."""
        value: None = await run(self._sync.cancel, reason)
        return value

    def close(self) -> None:
        """Reads nothing more from the iterables; submitted tasks continue."""
        value: None = wrap(self._sync.close())
        return value

    async def _items(self) -> AsyncIterator[Any]:
        async for item in iterate(iter, self._sync):
            yield item

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._items()


class AsyncFiles(Twin):
    """The asynchronous `Files`. The files of groups. A group is the caller's own when it is left out.
    """

    of = Files

    async def upload(
        self, key: str, file: PathLike, *, group: str | None = None, progress: Progress | None = None
    ) -> StoredFile:
        """Uploads a file; the same call after an interruption sends only what is missing."""
        value: StoredFile = await run(self._sync.upload, key, file, group=group, progress=progress)
        return value

    async def upload_bytes(self, key: str, data: bytes, *, group: str | None = None) -> StoredFile:
        """Uploads what is in memory."""
        value: StoredFile = await run(self._sync.upload_bytes, key, data, group=group)
        return value

    async def ensure(self, key: str, file: PathLike, *, group: str | None = None) -> AttachmentDownload:
        """Uploads a file unless the same content is there under the same key."""
        value: AttachmentDownload = await run(self._sync.ensure, key, file, group=group)
        return value

    async def get(self, key: str, *, group: str | None = None) -> AttachmentDownload:
        """What is known of a file."""
        value: AttachmentDownload = await run(self._sync.get, key, group=group)
        return value

    async def download(self, key: str, to: PathLike, *, group: str | None = None) -> Path:
        """Fetches a file, which appears only when its SHA-256 is right. A folder gets it under its own name."""
        value: Path = await run(self._sync.download, key, to, group=group)
        return value

    async def read(self, key: str, *, group: str | None = None) -> bytes:
        """The content of a file."""
        value: bytes = await run(self._sync.read, key, group=group)
        return value

    async def list(self, prefix: str | None = None, *, group: str | None = None) -> AsyncIterator[AttachmentView]:
        """All files whose key begins with the prefix, sorted by key."""
        async for item in iterate(self._sync.list, prefix, group=group):
            yield item

    async def delete(self, key: str, *, group: str | None = None) -> None:
        """Deletes a file."""
        value: None = await run(self._sync.delete, key, group=group)
        return value

    async def delete_many(self, keys: Keys, *, group: str | None = None) -> Keys:
        """Deletes files; returns the keys of those that were there."""
        value: Keys = await run(self._sync.delete_many, keys, group=group)
        return value


class AsyncArtifacts(Twin):
    """The asynchronous `Artifacts`. What one task has produced: `result`, `exec-log` and `std-log`, each a tar archive.
    """

    of = Artifacts

    async def list(self) -> ArtifactViews:
        """What is there."""
        value: ArtifactViews = await run(self._sync.list)
        return value

    async def get(self, kind: str = "result") -> ArtifactDownload:
        """What is known of an artifact."""
        value: ArtifactDownload = await run(self._sync.get, kind)
        return value

    async def download(self, kind: str = "result", to: PathLike = ".", *, unpack: bool = True) -> Path:
        """Fetches an artifact and unpacks it into the folder `to`; with `unpack=False` the archive is the file `to`."""
        value: Path = await run(self._sync.download, kind, to, unpack=unpack)
        return value

    async def read(self, kind: str, path: str) -> bytes:
        """The content of one file of an artifact."""
        value: bytes = await run(self._sync.read, kind, path)
        return value

    async def read_archive(self, kind: str = "result") -> bytes:
        """The archive itself, checked against its SHA-256."""
        value: bytes = await run(self._sync.read_archive, kind)
        return value

    async def upload(self, kind: str, file: PathLike) -> StoredFile:
        """Stores a file as an artifact of the task, in place of what is there."""
        value: StoredFile = await run(self._sync.upload, kind, file)
        return value

    async def delete(self, kind: str) -> None:
        """Deletes an artifact."""
        value: None = await run(self._sync.delete, kind)
        return value


class AsyncAdmin(Twin):
    """The asynchronous `Admin`. Who may do what, and what there is. Methods on users and quotas are for administrators.
    """

    of = Admin

    async def change_password(self, current: str, new: str) -> Session:
        """Ends every login of the user, this one too, and returns a new one."""
        value: Session = await run(self._sync.change_password, current, new)
        return value

    async def tokens(self) -> list[TokenView]:
        value: list[TokenView] = await run(self._sync.tokens)
        return value

    async def create_token(
        self, name: str, *, scope: str = "submit", expires: Duration | None = None, **fields: Any
    ) -> CreatedToken:
        """The answer is the only place where the token is shown."""
        value: CreatedToken = await run(self._sync.create_token, name, scope=scope, expires=expires, **fields)
        return value

    async def revoke_token(self, name: str) -> None:
        value: None = await run(self._sync.revoke_token, name)
        return value

    async def users(self, state: str | None = None) -> AsyncIterator[UserView]:
        async for item in iterate(self._sync.users, state):
            yield item

    async def user(self, username: str) -> UserView:
        value: UserView = await run(self._sync.user, username)
        return value

    async def create_user(self, username: str, password: str, **fields: Any) -> UserView:
        value: UserView = await run(self._sync.create_user, username, password, **fields)
        return value

    async def update_user(self, username: str, **fields: Any) -> UserView:
        value: UserView = await run(self._sync.update_user, username, **fields)
        return value

    async def reset_password(self, username: str, password: str) -> None:
        """Ends every login and API token of the user."""
        value: None = await run(self._sync.reset_password, username, password)
        return value

    async def delete_user(self, username: str) -> None:
        value: None = await run(self._sync.delete_user, username)
        return value

    async def groups(self) -> AsyncIterator[GroupView]:
        """Those of the caller; for administrators all."""
        async for item in iterate(self._sync.groups):
            yield item

    async def create_group(self, name: str) -> GroupView:
        value: GroupView = await run(self._sync.create_group, name)
        return value

    async def update_group(self, name: str, **fields: Any) -> GroupView:
        value: GroupView = await run(self._sync.update_group, name, **fields)
        return value

    async def delete_group(self, name: str) -> None:
        value: None = await run(self._sync.delete_group, name)
        return value

    async def set_quotas(self, name: str, **quotas: Any) -> GroupView:
        value: GroupView = await run(self._sync.set_quotas, name, **quotas)
        return value

    async def suspend_group(self, name: str) -> None:
        """Nothing of the group starts until it is resumed."""
        value: None = await run(self._sync.suspend_group, name)
        return value

    async def resume_group(self, name: str) -> None:
        value: None = await run(self._sync.resume_group, name)
        return value

    async def members(self, group: str) -> list[MemberListMember]:
        value: list[MemberListMember] = await run(self._sync.members, group)
        return value

    async def update_members(self, group: str, members: Mapping[str, str]) -> list[MemberListMember]:
        """Adds members or changes their roles; the others stay as they are."""
        value: list[MemberListMember] = await run(self._sync.update_members, group, members)
        return value

    async def remove_member(self, group: str, username: str) -> None:
        value: None = await run(self._sync.remove_member, group, username)
        return value

    async def workers(self, **filters: Query) -> AsyncIterator[WorkerView]:
        """Workers, by `group`, `role`, `creator`, `tags`, `labels`; `all=True` shows those that are gone, too."""
        async for item in iterate(self._sync.workers, **filters):
            yield item

    async def worker(self, uuid: str) -> WorkerView:
        value: WorkerView = await run(self._sync.worker, uuid)
        return value

    async def update_worker(self, uuid: str, **fields: Any) -> WorkerView:
        """Replaces tags or labels."""
        value: WorkerView = await run(self._sync.update_worker, uuid, **fields)
        return value

    async def update_worker_roles(self, uuid: str, groups: Mapping[str, str]) -> WorkerView:
        """Gives groups a role on a worker; the others stay as they are."""
        value: WorkerView = await run(self._sync.update_worker_roles, uuid, groups)
        return value

    async def remove_worker_role(self, uuid: str, group: str) -> None:
        value: None = await run(self._sync.remove_worker_role, uuid, group)
        return value

    async def steer_worker(self, uuid: str, wanted: str) -> WorkerView:
        """Says what is wanted of a worker: `run`, `drain`, `stop` (after its tasks) or `stop_now`."""
        value: WorkerView = await run(self._sync.steer_worker, uuid, wanted)
        return value

    async def revoke_worker(self, uuid: str) -> None:
        """Ends its credentials at once; its tasks go elsewhere."""
        value: None = await run(self._sync.revoke_worker, uuid)
        return value

    async def create_enrolment(self, **fields: Any) -> CreatedEnrolment:
        """The answer is the only place where the code is shown."""
        value: CreatedEnrolment = await run(self._sync.create_enrolment, **fields)
        return value

    async def enrolments(self) -> list[EnrolmentView]:
        value: list[EnrolmentView] = await run(self._sync.enrolments)
        return value

    async def revoke_enrolment(self, uuid: str) -> None:
        value: None = await run(self._sync.revoke_enrolment, uuid)
        return value

    async def audit(self, **filters: Query) -> AsyncIterator[AuditView]:
        """Who did what, newest first."""
        async for item in iterate(self._sync.audit, **filters):
            yield item


class AsyncPrograms(Twin):
    """The asynchronous `Programs`. The WebAssembly programs of a group.
    """

    of = Programs

    async def upload(self, file: PathLike, *, name: str | None = None, group: str | None = None) -> ProgramView:
        """Stores a program; refused when it imports what the sandbox does not have."""
        value: ProgramView = await run(self._sync.upload, file, name=name, group=group)
        return value

    async def list(self, *, group: str | None = None) -> Sequence[ProgramView]:
        value: Sequence[ProgramView] = await run(self._sync.list, group=group)
        return value

    async def get(self, sha256: str, *, group: str | None = None) -> ProgramView:
        value: ProgramView = await run(self._sync.get, sha256, group=group)
        return value

    async def delete(self, sha256: str, *, group: str | None = None) -> None:
        value: None = await run(self._sync.delete, sha256, group=group)
        return value


class AsyncWorkloads(Twin):
    """The asynchronous `Workloads`. Computations that a program splits and puts together.
    """

    of = Workloads

    async def submit(self, *, key: str | None = None, **fields: Any) -> WorkloadView:
        value: WorkloadView = await run(self._sync.submit, key=key, **fields)
        return value

    async def list(self, **filters: Query) -> AsyncIterator[WorkloadSummary]:
        async for item in iterate(self._sync.list, **filters):
            yield item

    async def get(self, uuid: str) -> WorkloadView:
        value: WorkloadView = await run(self._sync.get, uuid)
        return value

    async def tasks(self, uuid: str) -> Sequence[WorkloadTask]:
        value: Sequence[WorkloadTask] = await run(self._sync.tasks, uuid)
        return value

    async def wait(self, uuid: str) -> WorkloadView:
        """Returns when it is over."""
        value: WorkloadView = await run(self._sync.wait, uuid)
        return value

    async def cancel(self, uuid: str, reason: str | None = None) -> CancelAnswer:
        value: CancelAnswer = await run(self._sync.cancel, uuid, reason)
        return value
