# Made by tools/reference.mjs; do not edit.
"""The asynchronous client: the names of the synchronous one, to be awaited."""

from __future__ import annotations

from .._access import Admin, Programs, Workloads
from .._async import Twin, iterate, run, wrap
from .._client import Client
from .._code import Code, CodeItem
from .._compare import Difference
from .._errors import MitoError
from .._executor import Executor
from .._files import ArtifactViews, Artifacts, Files, Keys, PathLike
from .._following import Change
from .._generated.models import AppliedJob, ApplyTask, ArtifactDownload, AttachmentDownload, AttachmentView, AttemptView, AuditView, CancelAnswer, CancelResult, CreatedEnrolment, CreatedReceiver, CreatedToken, DeliveryView, EnrolmentView, ExperimentText2, GroupView, Identity, JobEfficiency, JobFailures, JobResult, JobView, KnownTasksTask, MemberListMember, MetricsSummary, OutputMatch, ProgramView, ReceiverView, ScheduleView, ScheduledJob, SecretView, Session, StoredCheckpoint, StoredFile, SubmitTask, TaskCode, TaskDetail, TaskExplanation, TaskFiles, TaskView, TokenView, UsageTable, UserView, WorkerView, WorkloadSummary, WorkloadTask, WorkloadView
from .._job import Job, submit_job
from .._metrics import Metrics
from .._notebook import watch
from .._pack import sha256
from .._placeholders import Params, combinations
from .._remote import Calls, MapJob
from .._running import Executed, OnOutput, forward
from .._socket import Forward
from .._spec import Command, Dependency, Duration, Input
from .._sse import LogPiece
from .._standing import Experiments, Receivers, Schedules, Secrets
from .._task import Task, TaskFailed
from .._transfer import Progress
from .._transport import Query
from .._workdir import Workdir
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any


class AsyncClient(Twin):
    """The asynchronous `Client`. A coordinator. Without arguments it is the one that `mito` talks to, with the same login.

    Safe for threads, after a `fork` and inside a running event loop. All methods raise `MitoError`.

    `pin` is the key that the coordinator has to have, as `mito up --listen` prints it: `sha256//…`. Without it, that of
    `MITO_PIN`, of the configuration of `mito`, or of its login. `ca` is a file of certificate authorities.
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
        pin: str | None = None,
        timeout: float = 30.0,
        patience: float | None = None,
    ) -> None:
        super().__init__(Client(url, token, user=user, password=password, group=group, ca=ca, pin=pin, timeout=timeout, patience=patience))

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        _found: str = wrap(self._sync.url)
        return _found

    @property
    def files(self) -> AsyncFiles:
        """Files of groups."""
        _found: AsyncFiles = wrap(self._sync.files)
        return _found

    @property
    def admin(self) -> AsyncAdmin:
        """Users, groups, workers, tokens and the audit log."""
        _found: AsyncAdmin = wrap(self._sync.admin)
        return _found

    @property
    def programs(self) -> AsyncPrograms:
        """WebAssembly programs."""
        _found: AsyncPrograms = wrap(self._sync.programs)
        return _found

    @property
    def workloads(self) -> AsyncWorkloads:
        """Computations that a program splits and puts together."""
        _found: AsyncWorkloads = wrap(self._sync.workloads)
        return _found

    @property
    def code(self) -> AsyncCode:
        """Folders of code that tasks start in."""
        _found: AsyncCode = wrap(self._sync.code)
        return _found

    @property
    def secrets(self) -> AsyncSecrets:
        """Secrets of groups."""
        _found: AsyncSecrets = wrap(self._sync.secrets)
        return _found

    @property
    def schedules(self) -> AsyncSchedules:
        """Jobs at the times of a cron expression."""
        _found: AsyncSchedules = wrap(self._sync.schedules)
        return _found

    @property
    def receivers(self) -> AsyncReceivers:
        """Who is told of jobs."""
        _found: AsyncReceivers = wrap(self._sync.receivers)
        return _found

    @property
    def experiments(self) -> AsyncExperiments:
        """Jobs that are known by their names."""
        _found: AsyncExperiments = wrap(self._sync.experiments)
        return _found

    def new_key(self) -> str:
        """An idempotency key: the same key gets the same answer."""
        _found: str = wrap(self._sync.new_key())
        return _found

    async def login(self, username: str, password: str) -> Session:
        """Logs in; this client uses the new token from here on."""
        _found: Session = await run(self._sync.login, username, password)
        return _found

    async def logout(self) -> None:
        """Ends this login."""
        _found: None = await run(self._sync.logout)
        return _found

    def close(self) -> None:
        """Closes idle connections. The client can be used again."""
        _found: None = wrap(self._sync.close())
        return _found

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
        workdir: PathLike | None = None,
        env_setup: str | None = None,
        key: str | None = None,
        **fields: Any,
    ) -> AsyncTask:
        """Submits one task. A list is a program with its arguments, a text a line for the shell.

        `inputs` names local files by where the task finds them below `$MITO_RESOURCE_DIR`. `workdir` is a folder of
        code that is sent along, and in which the task starts (`mito run -C`); `env_setup` its environment, built from
        files of that folder: `uv`, `venv:requirements.txt`, `conda:environment.yml`, `npm`, `command:./setup.sh`.

        What it needs of a machine: `cpus=4, mem="16GiB", gpus=1, gpu_mem="20GiB", disk="1TB"`. Durations are seconds or
        text (`"2h"`): `timeout`, `retry_delay`, `warn_before`, `checkpoint_every`, `start_in`. `from_checkpoint` is a
        task whose newest checkpoint it starts with, `notify` who is told: `{"to": ["me"], "on": ["failed"]}`. A tag may
        be an expression: `tags=["gpu-a100 | gpu-h100"]`. Every other keyword argument is a field of the API, as
        `retry_exit_codes=[75]`, `requeue_on=["timeout"]`, `secrets=["TOKEN"]`, `limits={"license": 2}`.

        The same `key` submits once.
        """
        _found: AsyncTask = await run(self._sync.submit, command, name=name, group=group, tags=tags, labels=labels, priority=priority, timeout=timeout, retries=retries, retry_delay=retry_delay, env=env, cwd=cwd, stdin=stdin, inputs=inputs, after=after, workdir=workdir, env_setup=env_setup, key=key, **fields)
        return _found

    async def spec(self, command: Command, **fields: Any) -> SubmitTask:
        """What `submit` would send, for `submit_many` and `job`."""
        _found: SubmitTask = await run(self._sync.spec, command, **fields)
        return _found

    async def submit_many(self, specs: Sequence[SubmitTask], *, key: str | None = None) -> list[AsyncTask]:
        """Submits tasks, 1000 in a request, each request all or none; the same key submits what is missing."""
        _found: list[AsyncTask] = await run(self._sync.submit_many, specs, key=key)
        return _found

    async def submit_job(
        self,
        specs: Sequence[SubmitTask],
        *,
        name: str | None = None,
        group: str | None = None,
        at_once: int | None = None,
        max_fails: int | None = None,
        notify: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> AsyncJob:
        """Submits any number of tasks as one job.

        At most `at_once` of them run at a time. When more than `max_fails` have failed, the others are cancelled.
        `notify` says who is told of the job as a whole: `{"to": ["me"], "on": ["ended"]}`.
        """
        _found: AsyncJob = await run(self._sync.submit_job, specs, name=name, group=group, at_once=at_once, max_fails=max_fails, notify=notify, key=key)
        return _found

    async def sweep(
        self,
        command: Command,
        *,
        params: Iterable[Params] | None = None,
        options: Mapping[str, Any] | None = None,
        workdir: PathLike | None = None,
        at_once: int | None = None,
        max_fails: int | None = None,
        notify: Mapping[str, Any] | None = None,
        key: str | None = None,
        **axes: Any,
    ) -> AsyncJob:
        """Submits one task for each combination: `client.sweep(["./train", "{lr}"], lr=[.1, .01], seed=range(5))`.

        `at_once`, `max_fails` and `notify` are those of `submit_job`. `workdir` is that of `submit`, sent once.
        `options` are keyword arguments of `submit` for each task. `params` gives the combinations themselves.
        """
        _found: AsyncJob = await run(self._sync.sweep, command, params=params, options=options, workdir=workdir, at_once=at_once, max_fails=max_fails, notify=notify, key=key, **axes)
        return _found

    def executor(self, **options: Any) -> Executor:
        """A `concurrent.futures.Executor` whose functions run as tasks. `options` are those of `submit`, `python`
        (the interpreter on the workers) and `modules` (`auto`, `none` or the modules that travel along). A `workdir` is
        sent once, as it is now."""
        _found: Executor = wrap(self._sync.executor(**options))
        return _found

    async def map(
        self, function: Callable[..., Any], *iterables: Iterable[Any], chunksize: int = 1, **options: Any
    ) -> AsyncMapJob:
        """Calls a function for each item, `chunksize` calls in a task. Iterating gives results in their order.

        `options` are those of `executor`, and `at_once`, `max_fails` and `notify` of `submit_job`.
        """
        _found: AsyncMapJob = await run(self._sync.map, function, *iterables, chunksize=chunksize, **options)
        return _found

    def task(self, uuid: str) -> AsyncTask:
        """A task by its uuid."""
        _found: AsyncTask = wrap(self._sync.task(uuid))
        return _found

    async def wait(self, tasks: Sequence[AsyncTask], timeout: float | None = None) -> None:
        """Returns when all have ended, however. Raises `TimeoutError` after `timeout` seconds."""
        _found: None = await run(self._sync.wait, tasks, timeout)
        return _found

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
        _found: CancelAnswer = await run(self._sync.cancel, tasks, filter=filter, all=all, reason=reason, dry_run=dry_run)
        return _found

    def job(self, uuid: str) -> AsyncJob:
        """A job by its uuid."""
        _found: AsyncJob = wrap(self._sync.job(uuid))
        return _found

    async def compare(self, first: AsyncTask | str, second: AsyncTask | str) -> list[Difference]:
        """How two tasks differ in how they are run: command, variables, files of code, fields."""
        _found: list[Difference] = await run(self._sync.compare, first, second)
        return _found

    async def tasks(self, *, limit: int | None = None, **filters: Query) -> AsyncIterator[TaskView]:
        """Tasks that a filter finds, newest first: `client.tasks(state=["failed"], tags=["gpu"])`."""
        async for item in iterate(self._sync.tasks, limit=limit, **filters):
            yield item

    async def count_tasks(self, **filters: Query) -> int:
        """How many tasks a filter finds."""
        _found: int = await run(self._sync.count_tasks, **filters)
        return _found

    async def jobs(self, *, limit: int | None = None, **filters: Query) -> AsyncIterator[JobView]:
        """Jobs, newest first."""
        async for item in iterate(self._sync.jobs, limit=limit, **filters):
            yield item

    async def events(self, *, group: str | None = None, job: str | None = None, task: str | None = None) -> AsyncIterator[Change]:
        """Changes of tasks, jobs and groups as they happen; some may be missed while the connection is away."""
        async for item in iterate(self._sync.events, group=group, job=job, task=task):
            yield item

    async def grep(
        self,
        pattern: str,
        *,
        syntax: str = "re2",
        ignore_case: bool = False,
        attempts: str = "last",
        **filters: Query,
    ) -> AsyncIterator[OutputMatch]:
        """Lines that tasks have printed, newest task first: `client.grep("out of memory", state=["failed"])`.

        `pattern` is a regular expression as RE2 reads it, or with `syntax="text"` exactly this text. `attempts="all"`
        searches earlier attempts, too. `filters` are those of `tasks`, and `stream`, `per_attempt`.
        """
        async for item in iterate(self._sync.grep, pattern, syntax=syntax, ignore_case=ignore_case, attempts=attempts, **filters):
            yield item

    async def usage(
        self,
        by: str = "user",
        *,
        since: str | datetime | timedelta | None = None,
        until: str | datetime | timedelta | None = None,
        group: str | None = None,
    ) -> UsageTable:
        """Core hours, GPU hours, wall hours and hours of waiting, of attempts that started in the last 30 days or
        between `since` and `until`: times, or how long ago (`"7d"`). `by` is any of `user`, `group` and `job`, with
        commas."""
        _found: UsageTable = await run(self._sync.usage, by, since=since, until=until, group=group)
        return _found

    async def identity(self) -> Identity:
        """Who the token speaks for."""
        _found: Identity = await run(self._sync.identity)
        return _found

    async def metrics(self) -> MetricsSummary:
        """What matters of the deployment at a glance; for administrators."""
        _found: MetricsSummary = await run(self._sync.metrics)
        return _found


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
        _found: TaskDetail = wrap(self._sync.view)
        return _found

    async def refresh(self) -> AsyncTask:
        """Asks for its current state."""
        _found: AsyncTask = await run(self._sync.refresh)
        return _found

    @property
    def state(self) -> str:
        _found: str = wrap(self._sync.state)
        return _found

    @property
    def is_over(self) -> bool:
        _found: bool = wrap(self._sync.is_over)
        return _found

    @property
    def exit_code(self) -> int | None:
        _found: int | None = wrap(self._sync.exit_code)
        return _found

    @property
    def reason(self) -> str | None:
        _found: str | None = wrap(self._sync.reason)
        return _found

    @property
    def message(self) -> str | None:
        _found: str | None = wrap(self._sync.message)
        return _found

    @property
    def name(self) -> str:
        _found: str = wrap(self._sync.name)
        return _found

    @property
    def params(self) -> dict[str, Any]:
        """The values of its sweep."""
        _found: dict[str, Any] = wrap(self._sync.params)
        return _found

    @property
    def index(self) -> int | None:
        """Its place in its job, from 0."""
        _found: int | None = wrap(self._sync.index)
        return _found

    @property
    def artifacts(self) -> AsyncArtifacts:
        """What it has produced."""
        _found: AsyncArtifacts = wrap(self._sync.artifacts)
        return _found

    @property
    def metrics(self) -> Metrics:
        """What it has measured and written to `metrics.jsonl`."""
        _found: Metrics = wrap(self._sync.metrics)
        return _found

    async def load_metrics(self) -> Metrics:
        """Fetches what it has measured."""
        _found: Metrics = await run(self._sync.load_metrics)
        return _found

    async def wait(self, timeout: float | None = None) -> AsyncTask:
        """Returns when it has ended, however. Raises `TimeoutError` after `timeout` seconds."""
        _found: AsyncTask = await run(self._sync.wait, timeout)
        return _found

    async def check(self) -> AsyncTask:
        """Raises `TaskFailed` unless it has completed."""
        _found: AsyncTask = await run(self._sync.check)
        return _found

    async def logs(self, attempt: int | None = None, *, stream: str | None = None) -> str:
        """What it has printed so far, of its last attempt."""
        _found: str = await run(self._sync.logs, attempt, stream=stream)
        return _found

    async def follow(self, attempt: int | None = None) -> AsyncIterator[LogPiece]:
        """What it prints, as it prints it, until it ends."""
        async for item in iterate(self._sync.follow, attempt):
            yield item

    async def cancel(self, reason: str | None = None) -> CancelResult:
        """Ends it: a waiting task at once, a running one as soon as its worker has ended it."""
        _found: CancelResult = await run(self._sync.cancel, reason)
        return _found

    async def explain(self) -> TaskExplanation:
        """Says why it is not running."""
        _found: TaskExplanation = await run(self._sync.explain)
        return _found

    async def change(self, **fields: Any) -> AsyncTask:
        """Changes labels at any time, anything else before it has started."""
        _found: AsyncTask = await run(self._sync.change, **fields)
        return _found

    async def rerun(self, *, key: str | None = None, **changes: Any) -> AsyncTask:
        """Submits it again, with its code and its inputs, as a new task. `changes` are arguments of `submit`, for
        example `timeout="4h"` or `command=[…]`; variables of `env` are added to its own."""
        _found: AsyncTask = await run(self._sync.rerun, key=key, **changes)
        return _found

    async def attempts(self) -> list[AttemptView]:
        """Each run of it: on which worker, when, and how it ended."""
        _found: list[AttemptView] = await run(self._sync.attempts)
        return _found

    async def checkpoints(self) -> list[StoredCheckpoint]:
        """What is stored of its checkpoint folder, newest first: the next attempt starts with the first one."""
        _found: list[StoredCheckpoint] = await run(self._sync.checkpoints)
        return _found

    async def download_checkpoint(self, to: PathLike, number: int | None = None) -> Path:
        """Fetches a checkpoint of the last attempt that has one, the newest without `number`, and unpacks it into the
        folder `to`. Raises `checkpoint_not_found`."""
        _found: Path = await run(self._sync.download_checkpoint, to, number)
        return _found

    async def exec(
        self, command: Command, *, stdin: str | bytes | None = None, on_output: OnOutput | None = None
    ) -> Executed:
        """Runs a command beside it, in its environment and its folder, and returns how the command ended and what it
        printed. A list is a program with its arguments, a text a line for the shell.

        With `on_output` the bytes go there as they come, with `"stdout"` or `"stderr"`, and are not kept. Ctrl-C and
        the end of the task end the command. Raises `not_running`, `task_ended`, `command_not_started`, `no_guests`.
        """
        _found: Executed = await run(self._sync.exec, command, stdin=stdin, on_output=on_output)
        return _found

    async def forward(self, port: int, local_port: int = 0, *, host: str = "127.0.0.1") -> Forward:
        """A port of this machine that leads to a port on which it listens:
        `with task.forward(6006) as tensorboard: print(tensorboard.url)`.

        `local_port` 0 takes a free one. Raises `port_closed` when the task does not listen, `not_running`.
        """
        _found: Forward = await run(self._sync.forward, port, local_port, host=host)
        return _found

    async def ls(self, path: str | None = None) -> TaskFiles:
        """A folder of it while it runs (`result`, `exec/data`), or one file; its folders themselves without a path.
        At most 10,000 entries. Raises `not_running`, `file_not_found`."""
        _found: TaskFiles = await run(self._sync.ls, path)
        return _found

    async def cat(self, path: str) -> bytes:
        """The content of a file of it as it is now, while it runs."""
        _found: bytes = await run(self._sync.cat, path)
        return _found

    async def download(self, path: str, to: PathLike = ".") -> Path:
        """Fetches a file of it as it is now, while it runs, or unpacks a folder of it into the folder `to`. What it has
        left behind is in `artifacts`."""
        _found: Path = await run(self._sync.download, path, to)
        return _found

    async def type(self, data: str | bytes, *, size: Sequence[int] = (80, 24), wait: float = 30.0) -> None:
        """Types in its terminal (`submit(pty={"cols": 80, "rows": 24})`); `size` is columns and rows. Waits up to
        `wait` seconds, at most 60, for it to start. Raises `not_running`, `terminal_ended`, `no_terminal`."""
        _found: None = await run(self._sync.type, data, size=size, wait=wait)
        return _found


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
        _found: JobView = wrap(self._sync.view)
        return _found

    async def refresh(self) -> AsyncJob:
        """Asks for its current state."""
        _found: AsyncJob = await run(self._sync.refresh)
        return _found

    @property
    def state(self) -> str:
        _found: str = wrap(self._sync.state)
        return _found

    @property
    def name(self) -> str:
        _found: str = wrap(self._sync.name)
        return _found

    @property
    def counts(self) -> dict[str, int]:
        """How many of its tasks are in each state."""
        _found: dict[str, int] = wrap(self._sync.counts)
        return _found

    @property
    def progress(self) -> float:
        """Between 0 and 1."""
        _found: float = wrap(self._sync.progress)
        return _found

    async def wait(self, timeout: float | None = None) -> AsyncJob:
        """Returns when it is over, however. Raises `TimeoutError` after `timeout` seconds."""
        _found: AsyncJob = await run(self._sync.wait, timeout)
        return _found

    async def change(self, **limits: int | None) -> AsyncJob:
        """Changes `at_once` (how many of its tasks run at a time) and `max_fails`; `None` lifts a limit."""
        _found: AsyncJob = await run(self._sync.change, **limits)
        return _found

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
        _found: Any = await run(self._sync.results, kind)
        return _found

    async def failures(self) -> JobFailures:
        """Its failed tasks in groups, those together that ended with the same lines; the largest group first."""
        _found: JobFailures = await run(self._sync.failures)
        return _found

    async def efficiency(self) -> JobEfficiency:
        """What its tasks asked for and used, and what to ask for next time."""
        _found: JobEfficiency = await run(self._sync.efficiency)
        return _found

    async def compare(self, other: AsyncJob, kind: str = "auto") -> Any:
        """A table of its metrics (A) beside those of another job (B), task by task. Tasks with the same parameters
        stand in one row. `kind` is that of `results`."""
        _found: Any = await run(self._sync.compare, other, kind)
        return _found

    async def grep(self, pattern: str, **options: Any) -> AsyncIterator[OutputMatch]:
        """Lines that its tasks have printed; `options` are those of `Client.grep`."""
        async for item in iterate(self._sync.grep, pattern, **options):
            yield item

    async def rerun(self, *, key: str | None = None, **changes: Any) -> AsyncJob:
        """Submits all of its tasks again, as a new job. `changes` are arguments of `submit`."""
        _found: AsyncJob = await run(self._sync.rerun, key=key, **changes)
        return _found

    async def cancel(self, reason: str | None = None) -> CancelAnswer:
        """Ends its tasks that have not ended."""
        _found: CancelAnswer = await run(self._sync.cancel, reason)
        return _found

    async def suspend(self) -> AsyncJob:
        """Starts no more of its tasks."""
        _found: AsyncJob = await run(self._sync.suspend)
        return _found

    async def resume(self) -> AsyncJob:
        """Starts its tasks again."""
        _found: AsyncJob = await run(self._sync.resume)
        return _found

    def close(self) -> AsyncJob:
        """Says that no more tasks are to come."""
        _found: AsyncJob = wrap(self._sync.close())
        return _found

    async def retry_failed(self) -> int:
        """Submits its failed tasks again; returns how many."""
        _found: int = await run(self._sync.retry_failed)
        return _found

    async def add(self, tasks: Sequence[SubmitTask], *, is_last: bool = False, key: str | None = None) -> list[AsyncTask]:
        """Adds tasks to a job that is open."""
        _found: list[AsyncTask] = await run(self._sync.add, tasks, is_last=is_last, key=key)
        return _found

    async def watch(self, interval: float = 1.0) -> AsyncJob:
        """Shows it until it is over: in a notebook, and in a terminal with rich, as a table that
        changes in its place, else as lines on stderr."""
        _found: AsyncJob = await run(self._sync.watch, interval)
        return _found


class AsyncMapJob(Twin):
    """The asynchronous `MapJob`. Calls of one function. Iterating gives results in the order of the items; a bad item raises its exception,
    and the next `next()` continues behind it. Dropping this object changes nothing at the coordinator.
    """

    of = MapJob

    async def results(self, *, return_exceptions: bool = False) -> list[Any]:
        """All results that were not iterated yet, in the order of the items."""
        _found: list[Any] = await run(self._sync.results, return_exceptions=return_exceptions)
        return _found

    async def cancel(self, reason: str | None = None) -> None:
        """Ends what has not ended; nothing more is read from the iterables."""
        _found: None = await run(self._sync.cancel, reason)
        return _found

    def close(self) -> None:
        """Reads nothing more from the iterables; submitted tasks continue."""
        _found: None = wrap(self._sync.close())
        return _found

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
        _found: StoredFile = await run(self._sync.upload, key, file, group=group, progress=progress)
        return _found

    async def upload_bytes(self, key: str, data: bytes, *, group: str | None = None) -> StoredFile:
        """Uploads what is in memory."""
        _found: StoredFile = await run(self._sync.upload_bytes, key, data, group=group)
        return _found

    async def ensure(self, key: str, file: PathLike, *, group: str | None = None) -> AttachmentDownload:
        """Uploads a file unless the same content is there under the same key."""
        _found: AttachmentDownload = await run(self._sync.ensure, key, file, group=group)
        return _found

    async def get(self, key: str, *, group: str | None = None) -> AttachmentDownload:
        """What is known of a file."""
        _found: AttachmentDownload = await run(self._sync.get, key, group=group)
        return _found

    async def download(self, key: str, to: PathLike, *, group: str | None = None) -> Path:
        """Fetches a file, which appears only when its SHA-256 is right. A folder gets it under its own name."""
        _found: Path = await run(self._sync.download, key, to, group=group)
        return _found

    async def read(self, key: str, *, group: str | None = None) -> bytes:
        """The content of a file."""
        _found: bytes = await run(self._sync.read, key, group=group)
        return _found

    async def list(self, prefix: str | None = None, *, group: str | None = None) -> AsyncIterator[AttachmentView]:
        """All files whose key begins with the prefix, sorted by key."""
        async for item in iterate(self._sync.list, prefix, group=group):
            yield item

    async def delete(self, key: str, *, group: str | None = None) -> None:
        """Deletes a file."""
        _found: None = await run(self._sync.delete, key, group=group)
        return _found

    async def delete_many(self, keys: Keys, *, group: str | None = None) -> Keys:
        """Deletes files; returns the keys of those that were there."""
        _found: Keys = await run(self._sync.delete_many, keys, group=group)
        return _found


class AsyncArtifacts(Twin):
    """The asynchronous `Artifacts`. What one task has produced: `result`, `exec-log` and `std-log`, each a tar archive.
    """

    of = Artifacts

    async def list(self) -> ArtifactViews:
        """What is there."""
        _found: ArtifactViews = await run(self._sync.list)
        return _found

    async def get(self, kind: str = "result") -> ArtifactDownload:
        """What is known of an artifact."""
        _found: ArtifactDownload = await run(self._sync.get, kind)
        return _found

    async def download(self, kind: str = "result", to: PathLike = ".", *, unpack: bool = True) -> Path:
        """Fetches an artifact and unpacks it into the folder `to`; with `unpack=False` the archive is the file `to`."""
        _found: Path = await run(self._sync.download, kind, to, unpack=unpack)
        return _found

    async def download_checkpoint(self, to: PathLike, number: int | None = None) -> Path:
        """Fetches a checkpoint of the task, the newest without `number`, and unpacks it into the folder `to`."""
        _found: Path = await run(self._sync.download_checkpoint, to, number)
        return _found

    async def read(self, kind: str, path: str) -> bytes:
        """The content of one file of an artifact."""
        _found: bytes = await run(self._sync.read, kind, path)
        return _found

    async def read_archive(self, kind: str = "result") -> bytes:
        """The archive itself, checked against its SHA-256."""
        _found: bytes = await run(self._sync.read_archive, kind)
        return _found

    async def upload(self, kind: str, file: PathLike) -> StoredFile:
        """Stores a file as an artifact of the task, in place of what is there."""
        _found: StoredFile = await run(self._sync.upload, kind, file)
        return _found

    async def delete(self, kind: str) -> None:
        """Deletes an artifact."""
        _found: None = await run(self._sync.delete, kind)
        return _found


class AsyncAdmin(Twin):
    """The asynchronous `Admin`. Who may do what, and what there is. Methods on users and quotas are for administrators.
    """

    of = Admin

    async def change_password(self, current: str, new: str) -> Session:
        """Ends every login of the user, this one too, and returns a new one."""
        _found: Session = await run(self._sync.change_password, current, new)
        return _found

    async def tokens(self) -> list[TokenView]:
        _found: list[TokenView] = await run(self._sync.tokens)
        return _found

    async def create_token(
        self, name: str, *, scope: str = "submit", expires: Duration | None = None, **fields: Any
    ) -> CreatedToken:
        """The answer is the only place where the token is shown."""
        _found: CreatedToken = await run(self._sync.create_token, name, scope=scope, expires=expires, **fields)
        return _found

    async def revoke_token(self, name: str) -> None:
        _found: None = await run(self._sync.revoke_token, name)
        return _found

    async def users(self, state: str | None = None) -> AsyncIterator[UserView]:
        async for item in iterate(self._sync.users, state):
            yield item

    async def user(self, username: str) -> UserView:
        _found: UserView = await run(self._sync.user, username)
        return _found

    async def create_user(self, username: str, password: str, **fields: Any) -> UserView:
        _found: UserView = await run(self._sync.create_user, username, password, **fields)
        return _found

    async def update_user(self, username: str, **fields: Any) -> UserView:
        _found: UserView = await run(self._sync.update_user, username, **fields)
        return _found

    async def reset_password(self, username: str, password: str) -> None:
        """Ends every login and API token of the user."""
        _found: None = await run(self._sync.reset_password, username, password)
        return _found

    async def delete_user(self, username: str) -> None:
        _found: None = await run(self._sync.delete_user, username)
        return _found

    async def groups(self) -> AsyncIterator[GroupView]:
        """Those of the caller; for administrators all."""
        async for item in iterate(self._sync.groups):
            yield item

    async def create_group(self, name: str) -> GroupView:
        _found: GroupView = await run(self._sync.create_group, name)
        return _found

    async def update_group(self, name: str, **fields: Any) -> GroupView:
        _found: GroupView = await run(self._sync.update_group, name, **fields)
        return _found

    async def delete_group(self, name: str) -> None:
        _found: None = await run(self._sync.delete_group, name)
        return _found

    async def set_quotas(self, name: str, **quotas: Any) -> GroupView:
        _found: GroupView = await run(self._sync.set_quotas, name, **quotas)
        return _found

    async def suspend_group(self, name: str) -> None:
        """Nothing of the group starts until it is resumed."""
        _found: None = await run(self._sync.suspend_group, name)
        return _found

    async def resume_group(self, name: str) -> None:
        _found: None = await run(self._sync.resume_group, name)
        return _found

    async def members(self, group: str) -> list[MemberListMember]:
        _found: list[MemberListMember] = await run(self._sync.members, group)
        return _found

    async def update_members(self, group: str, members: Mapping[str, str]) -> list[MemberListMember]:
        """Adds members or changes their roles; the others stay as they are."""
        _found: list[MemberListMember] = await run(self._sync.update_members, group, members)
        return _found

    async def remove_member(self, group: str, username: str) -> None:
        _found: None = await run(self._sync.remove_member, group, username)
        return _found

    async def workers(self, **filters: Query) -> AsyncIterator[WorkerView]:
        """Workers, by `group`, `role`, `creator`, `tags`, `labels`; `all=True` shows those that are gone, too."""
        async for item in iterate(self._sync.workers, **filters):
            yield item

    async def worker(self, uuid: str) -> WorkerView:
        _found: WorkerView = await run(self._sync.worker, uuid)
        return _found

    async def update_worker(self, uuid: str, **fields: Any) -> WorkerView:
        """Replaces tags or labels."""
        _found: WorkerView = await run(self._sync.update_worker, uuid, **fields)
        return _found

    async def update_worker_roles(self, uuid: str, groups: Mapping[str, str]) -> WorkerView:
        """Gives groups a role on a worker; the others stay as they are."""
        _found: WorkerView = await run(self._sync.update_worker_roles, uuid, groups)
        return _found

    async def remove_worker_role(self, uuid: str, group: str) -> None:
        _found: None = await run(self._sync.remove_worker_role, uuid, group)
        return _found

    async def steer_worker(self, uuid: str, wanted: str) -> WorkerView:
        """Says what is wanted of a worker: `run`, `drain`, `stop` (after its tasks) or `stop_now`."""
        _found: WorkerView = await run(self._sync.steer_worker, uuid, wanted)
        return _found

    async def revoke_worker(self, uuid: str) -> None:
        """Ends its credentials at once; its tasks go elsewhere."""
        _found: None = await run(self._sync.revoke_worker, uuid)
        return _found

    async def create_enrolment(self, **fields: Any) -> CreatedEnrolment:
        """The answer is the only place where the code is shown."""
        _found: CreatedEnrolment = await run(self._sync.create_enrolment, **fields)
        return _found

    async def enrolments(self) -> list[EnrolmentView]:
        _found: list[EnrolmentView] = await run(self._sync.enrolments)
        return _found

    async def revoke_enrolment(self, uuid: str) -> None:
        _found: None = await run(self._sync.revoke_enrolment, uuid)
        return _found

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
        _found: ProgramView = await run(self._sync.upload, file, name=name, group=group)
        return _found

    async def list(self, *, group: str | None = None) -> Sequence[ProgramView]:
        _found: Sequence[ProgramView] = await run(self._sync.list, group=group)
        return _found

    async def get(self, sha256: str, *, group: str | None = None) -> ProgramView:
        _found: ProgramView = await run(self._sync.get, sha256, group=group)
        return _found

    async def delete(self, sha256: str, *, group: str | None = None) -> None:
        _found: None = await run(self._sync.delete, sha256, group=group)
        return _found


class AsyncWorkloads(Twin):
    """The asynchronous `Workloads`. Computations that a program splits and puts together.
    """

    of = Workloads

    async def submit(self, *, key: str | None = None, **fields: Any) -> WorkloadView:
        _found: WorkloadView = await run(self._sync.submit, key=key, **fields)
        return _found

    async def list(self, **filters: Query) -> AsyncIterator[WorkloadSummary]:
        async for item in iterate(self._sync.list, **filters):
            yield item

    async def get(self, uuid: str) -> WorkloadView:
        _found: WorkloadView = await run(self._sync.get, uuid)
        return _found

    async def tasks(self, uuid: str) -> Sequence[WorkloadTask]:
        _found: Sequence[WorkloadTask] = await run(self._sync.tasks, uuid)
        return _found

    async def wait(self, uuid: str) -> WorkloadView:
        """Returns when it is over."""
        _found: WorkloadView = await run(self._sync.wait, uuid)
        return _found

    async def cancel(self, uuid: str, reason: str | None = None) -> CancelAnswer:
        _found: CancelAnswer = await run(self._sync.cancel, uuid, reason)
        return _found


class AsyncCode(Twin):
    """The asynchronous `Code`. Folders of code. `submit(workdir=".")` sends one along by itself; this is for everything around it.
    """

    of = Code

    async def look(self, workdir: PathLike = ".") -> Workdir:
        """What of a folder would be sent, and what is left out. Reads names, and sends nothing."""
        _found: Workdir = await run(self._sync.look, workdir)
        return _found

    async def send(
        self,
        workdir: PathLike = ".",
        *,
        group: str | None = None,
        env_setup: str | None = None,
        large: bool = False,
    ) -> TaskCode:
        """Stores a folder for the tasks of a group, as far as the group does not have it, and returns the field `code`
        of `submit`: `client.submit(command, code=client.code.send("."))`.

        A folder of more than 100 MiB is refused unless `large` is true. With `env_setup` the files that the environment
        is made from have to be in the folder. Raises `workdir_unsendable`, `workdir_unreadable`, `workdir_changed`,
        `workdir_too_large`.
        """
        _found: TaskCode = await run(self._sync.send, workdir, group=group, env_setup=env_setup, large=large)
        return _found

    async def files(self, task: str) -> list[CodeItem]:
        """The files that a task started with. Raises `code_not_found` when it has no code."""
        _found: list[CodeItem] = await run(self._sync.files, task)
        return _found

    async def download(self, task: str, to: PathLike) -> Path:
        """Writes the files that a task started with into a folder that is missing or empty."""
        _found: Path = await run(self._sync.download, task, to)
        return _found


class AsyncSecrets(Twin):
    """The asynchronous `Secrets`. Secrets of groups: they can be set, and never read. A task gets them with `submit(secrets=["NAME"])`.
    """

    of = Secrets

    async def set(self, name: str, value: str, *, group: str | None = None) -> SecretView:
        """Sets a secret; tasks that start later get the new value. Values are masked in what tasks print."""
        _found: SecretView = await run(self._sync.set, name, value, group=group)
        return _found

    async def list(self, *, group: str | None = None) -> Sequence[SecretView]:
        """Their names, and who has set them when."""
        _found: Sequence[SecretView] = await run(self._sync.list, group=group)
        return _found

    async def delete(self, name: str, *, group: str | None = None) -> None:
        """Tasks that ask for it no longer start."""
        _found: None = await run(self._sync.delete, name, group=group)
        return _found


class AsyncSchedules(Twin):
    """The asynchronous `Schedules`. Jobs at the times of a cron expression.
    """

    of = Schedules

    async def create(
        self, name: str, cron: str, jobs: Sequence[ScheduledJob], *, group: str | None = None, **fields: Any
    ) -> ScheduleView:
        """Makes a schedule: `create("nightly", "0 3 * * *", [{"key": "all", "tasks": [client.spec("./report.sh")]}])`.

        `fields` are `time_zone` (`Europe/Berlin`), `overlap` (`skip`, `queue`, `replace`) and `catch_up` (`none`,
        `last`, `all`).
        """
        _found: ScheduleView = await run(self._sync.create, name, cron, jobs, group=group, **fields)
        return _found

    async def list(self, **filters: Query) -> AsyncIterator[ScheduleView]:
        """All that a filter (`group`, `name`) finds, newest first."""
        async for item in iterate(self._sync.list, **filters):
            yield item

    async def get(self, uuid: str) -> ScheduleView:
        _found: ScheduleView = await run(self._sync.get, uuid)
        return _found

    async def pause(self, uuid: str) -> ScheduleView:
        """Submits nothing more until it is resumed."""
        _found: ScheduleView = await run(self._sync.pause, uuid)
        return _found

    async def resume(self, uuid: str) -> ScheduleView:
        _found: ScheduleView = await run(self._sync.resume, uuid)
        return _found

    async def run_now(self, uuid: str) -> ScheduleView:
        """Submits its jobs once, besides its times."""
        _found: ScheduleView = await run(self._sync.run_now, uuid)
        return _found

    async def delete(self, uuid: str) -> None:
        """The jobs that it has submitted continue."""
        _found: None = await run(self._sync.delete, uuid)
        return _found


class AsyncReceivers(Twin):
    """The asynchronous `Receivers`. Who is told of jobs: the receivers of the caller, or of a group.
    """

    of = Receivers

    async def create(
        self,
        name: str,
        kind: str,
        target: str,
        *,
        on: Sequence[str] = (),
        stuck_after: Duration | None = None,
        group: str | None = None,
        **fields: Any,
    ) -> CreatedReceiver:
        """Adds a receiver. `kind` is `webhook`, `slack` (`target` is a URL), `mail` (an address) or `command` (one of
        the coordinator). It is told of the events `on` (`started`, `ended`, `failed`, `stuck`) of all jobs of its
        owner; without them, of jobs that ask for it with `notify={"to": [name]}`.

        The key of a webhook is in this answer and nowhere else. `fields` are `key` and `per_hour`.
        """
        _found: CreatedReceiver = await run(self._sync.create, name, kind, target, on=on, stuck_after=stuck_after, group=group, **fields)
        return _found

    async def list(self, *, group: str | None = None) -> Sequence[ReceiverView]:
        _found: Sequence[ReceiverView] = await run(self._sync.list, group=group)
        return _found

    async def change(self, uuid: str, **fields: Any) -> ReceiverView:
        """Changes `on`, `stuck_after_ms`, `per_hour` and `is_paused`; messages wait up to a day while it is paused."""
        _found: ReceiverView = await run(self._sync.change, uuid, **fields)
        return _found

    async def delete(self, uuid: str) -> None:
        _found: None = await run(self._sync.delete, uuid)
        return _found

    async def test(self, uuid: str) -> DeliveryView:
        """Sends a test message, and returns how the first attempt went."""
        _found: DeliveryView = await run(self._sync.test, uuid)
        return _found

    async def deliveries(self, uuid: str) -> AsyncIterator[DeliveryView]:
        """Messages to it, newest first."""
        async for item in iterate(self._sync.deliveries, uuid):
            yield item


class AsyncExperiments(Twin):
    """The asynchronous `Experiments`. Jobs that are known by their names and grow with the files that describe them (`mito apply`).
    """

    of = Experiments

    async def apply(self, name: str, tasks: Sequence[ApplyTask], **fields: Any) -> AppliedJob:
        """Stores up to 1000 tasks of a job that are not there yet; to repeat it changes nothing. A task has an
        `identity` (a SHA-256 of what it is, as of its parameters), a `run` (one of how it is run), and the `task`
        itself, as `client.spec` makes it. `fields` are `group`, `rerun_changed`, `is_last`, `at_once`, …
        """
        _found: AppliedJob = await run(self._sync.apply, name, tasks, **fields)
        return _found

    async def tasks(self, name: str, *, group: str | None = None) -> AsyncIterator[KnownTasksTask]:
        """The tasks that the job with this name has."""
        async for item in iterate(self._sync.tasks, name, group=group):
            yield item

    async def definition(self, job: str) -> ExperimentText2:
        """The file that describes a job, as it was written."""
        _found: ExperimentText2 = await run(self._sync.definition, job)
        return _found
