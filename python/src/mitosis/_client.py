"""A coordinator, as people and their programs use it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ._access import Admin, Programs, Workloads
from ._errors import invalid_field
from ._files import Files
from ._following import Change, follow_events
from ._generated.api import Api
from ._generated.models import CancelAnswer, Identity, JobView, MetricsSummary, Session, SubmitTask, TaskView
from ._job import Job, part_key, submit_job
from ._placeholders import Params, combinations, fill, fill_args
from ._settings import load_settings, not_logged_in
from ._spec import Command, Dependency, Duration, Input, spec_of
from ._task import Task, wait_all
from ._transport import Call, Query, Transport

if TYPE_CHECKING:
    from ._executor import Executor
    from ._remote import MapJob
    from .local import LocalStack

PAGE = 1000
BATCH = 1000


class Client:
    """A coordinator. Without arguments it is the one that `mito` talks to, with the same login.

    Safe for threads, after a `fork` and inside a running event loop. All methods raise `MitoError`.
    """

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
        settings = load_settings(url, token, user, password)
        self.transport = Transport(
            settings.url, settings.token, ca=ca or settings.ca, timeout=timeout, patience=patience
        )
        self.api = Api(self.transport)
        self.default_group = group or settings.group
        #: The interpreter for functions when none is named; `python3.N` of the same version when None.
        self.default_python: str | None = None
        self._group: str | None = None
        self._ensured: set[tuple[str, str]] = set()
        if settings.token is None and settings.user is not None and settings.password is not None:
            self.login(settings.user, settings.password)
        if self.transport.token is None:
            raise not_logged_in(settings)

    @classmethod
    def local(
        cls, *, workers: int = 1, slots: int | None = None, mito: str | None = None, arguments: Sequence[str] = ()
    ) -> LocalStack:
        """Starts `mito up --ephemeral` and returns a client of it; leaving the `with` block stops it.

        The stack stops, too, when this program ends, however it ends. `arguments` are further options of `mito up`.
        """
        from .local import LocalStack

        return LocalStack(workers=workers, slots=slots, mito=mito, arguments=arguments)

    @property
    def url(self) -> str:
        return self.transport.url

    @property
    def group(self) -> str:
        """The group that is meant when none is named."""
        if self.default_group:
            return self.default_group
        if self._group is None:
            self._group = self.identity().username
        return self._group

    @property
    def files(self) -> Files:
        """Files of groups."""
        return Files(self)

    @property
    def admin(self) -> Admin:
        """Users, groups, workers, tokens and the audit log."""
        return Admin(self)

    @property
    def programs(self) -> Programs:
        """WebAssembly programs."""
        return Programs(self)

    @property
    def workloads(self) -> Workloads:
        """Computations that a program splits and puts together."""
        return Workloads(self)

    def new_key(self) -> str:
        """An idempotency key: the same key gets the same answer."""
        return str(uuid.uuid4())

    def login(self, username: str, password: str) -> Session:
        """Logs in; this client uses the new token from here on."""
        session = self.api.auth_login({"username": username, "password": password}, call=Call(repeatable=True))
        self.transport.token = session.token
        return session

    def logout(self) -> None:
        """Ends this login."""
        self.api.auth_logout(call=Call(repeatable=True))

    def identity(self) -> Identity:
        """Who the token speaks for."""
        return self.api.auth_identity()

    def metrics(self) -> MetricsSummary:
        """What matters of the deployment at a glance; for administrators."""
        return self.api.service_metrics_summary()

    def close(self) -> None:
        """Closes idle connections. The client can be used again."""
        self.transport.connections.close()

    def submit(
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
    ) -> Task:
        """Submits one task. A list is a program with its arguments, a text a line for the shell.

        `inputs` names local files by where the task finds them below `$MITO_RESOURCE_DIR`. What it needs of a machine:
        `cpus=4, mem="16GiB", gpus=1`. Other keyword arguments are fields of the API, for example
        `retry_exit_codes=[75]`. The same `key` submits once.
        """
        spec = spec_of(
            self,
            command,
            name=name,
            group=group,
            tags=tags,
            labels=labels,
            priority=priority,
            timeout=timeout,
            retries=retries,
            retry_delay=retry_delay,
            env=env,
            cwd=cwd,
            stdin=stdin,
            inputs=inputs,
            after=after,
            **fields,
        )
        receipt = self.api.tasks_submit(spec, call=Call(key=key or self.new_key()))
        return Task(self, receipt.uuid)

    def spec(self, command: Command, **fields: Any) -> SubmitTask:
        """What `submit` would send, for `submit_many` and `job`."""
        return spec_of(self, command, **fields)

    def submit_many(self, specs: Sequence[SubmitTask], *, key: str | None = None) -> list[Task]:
        """Submits tasks, 1000 in a request, each request all or none; the same key submits what is missing."""
        key = key or self.new_key()
        tasks: list[Task] = []
        for part, at in enumerate(range(0, len(specs), BATCH)):
            body = {"tasks": list(specs[at : at + BATCH])}
            call = Call(key=part_key(key, part))
            receipts = self.api.tasks_submit_batch(body, call=call)  # type: ignore[arg-type]
            tasks += [Task(self, receipt.uuid) for receipt in receipts.tasks]
        return tasks

    def submit_job(
        self,
        specs: Sequence[SubmitTask],
        *,
        name: str | None = None,
        group: str | None = None,
        at_once: int | None = None,
        max_fails: int | None = None,
        key: str | None = None,
    ) -> Job:
        """Submits any number of tasks as one job.

        At most `at_once` of them run at a time. When more than `max_fails` have failed, the others are cancelled.
        """
        if not specs:
            raise invalid_field("specs", "has no tasks")
        group = group or self.default_group
        given = {"name": name, "group": group, "at_once": at_once, "max_fails": max_fails}
        fields = {field: value for field, value in given.items() if value is not None}
        job, tasks = submit_job(self, specs, fields, key)
        return Job(self, job, tasks=tasks)

    def sweep(
        self,
        command: Command,
        *,
        params: Iterable[Params] | None = None,
        options: Mapping[str, Any] | None = None,
        at_once: int | None = None,
        max_fails: int | None = None,
        key: str | None = None,
        **axes: Any,
    ) -> Job:
        """Submits one task for each combination: `client.sweep(["./train", "{lr}"], lr=[.1, .01], seed=range(5))`.

        `at_once` and `max_fails` are those of `submit_job`.
        `options` are keyword arguments of `submit` for each task. `params` gives the combinations themselves.
        """
        rows: list[dict[str, Any]] = combinations(axes) if params is None else [dict(row) for row in params]
        if params is not None and axes:
            raise invalid_field("params", "takes the place of axes: give one of the two")
        if not rows or rows == [{}]:
            raise invalid_field("sweep", "has no parameters, for example lr=[0.1, 0.01]")
        given = dict(options or {})
        template: dict[str, Any] = {**spec_of(self, command, **given)}
        specs = [_filled(template, row) for row in rows]
        name = given.get("name")
        return self.submit_job(
            specs, name=name, group=given.get("group"), at_once=at_once, max_fails=max_fails, key=key
        )

    def task(self, uuid: str) -> Task:
        """A task by its uuid."""
        return Task(self, uuid)

    def tasks(self, *, limit: int | None = None, **filters: Query) -> Iterator[TaskView]:
        """Tasks that a filter finds, newest first: `client.tasks(state=["failed"], tags=["gpu"])`."""
        left = limit
        after: str | None = None
        while left is None or left > 0:
            size = PAGE if left is None else min(PAGE, left)
            page = self.api.tasks_query(**filters, limit=size, after=after)  # type: ignore[arg-type]
            yield from page.tasks
            after = page.next
            if after is None:
                return
            left = None if left is None else left - len(page.tasks)

    def count_tasks(self, **filters: Query) -> int:
        """How many tasks a filter finds."""
        return self.api.tasks_count(**filters).count  # type: ignore[arg-type]

    def wait(self, tasks: Sequence[Task], timeout: float | None = None) -> None:
        """Returns when all have ended, however. Raises `TimeoutError` after `timeout` seconds."""
        wait_all(self, list(tasks), timeout)

    def cancel(
        self,
        tasks: Sequence[Task | str] | None = None,
        *,
        filter: Mapping[str, Query] | None = None,
        all: bool = False,
        reason: str | None = None,
        dry_run: bool = False,
    ) -> CancelAnswer:
        """Cancels tasks by name, by a filter, or all that one may; each is judged alone."""
        return _cancel_many(self, tasks, filter, all, reason, dry_run)

    def job(self, uuid: str) -> Job:
        """A job by its uuid."""
        return Job(self, uuid)

    def jobs(self, *, limit: int | None = None, **filters: Query) -> Iterator[JobView]:
        """Jobs, newest first."""
        count = 0
        after: str | None = None
        while limit is None or count < limit:
            page = self.api.jobs_query(**filters, limit=min(PAGE, (limit or PAGE) - count), after=after)  # type: ignore[arg-type]
            yield from page.jobs
            count += len(page.jobs) if limit is not None else 0
            after = page.next
            if after is None:
                return

    def events(self, *, group: str | None = None, job: str | None = None, task: str | None = None) -> Iterator[Change]:
        """Changes of tasks, jobs and groups as they happen; some may be missed while the connection is away."""
        yield from follow_events(self.transport, {"group": group, "job": job, "task": task})

    def executor(self, **options: Any) -> Executor:
        """A `concurrent.futures.Executor` whose functions run as tasks. `options` are those of `submit`, `python`
        (the interpreter on the workers) and `modules` (`auto`, `none` or the modules that travel along)."""
        from ._executor import Executor

        return Executor(self, options)

    def map(
        self, function: Callable[..., Any], *iterables: Iterable[Any], chunksize: int = 1, **options: Any
    ) -> MapJob:
        """Calls a function for each item, `chunksize` calls in a task. Iterating gives results in their order.

        `options` are those of `executor`.
        """
        from ._remote import submit_map

        return submit_map(self, function, iterables, chunksize, options)

    def ensure_bytes(self, key: str, data: bytes, group: str) -> None:
        """Stores content under a key that names it, once."""
        if (group, key) in self._ensured:
            return
        from ._generated.kinds import NotFoundError

        try:
            self.files.get(key, group=group)
        except NotFoundError:
            self.files.upload_bytes(key, data, group=group)
        self._ensured.add((group, key))

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client of {self.url}>"

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a Client holds a token and can't be pickled; make one where it is needed")


def _filled(template: Mapping[str, Any], params: Mapping[str, Any]) -> SubmitTask:
    """The task of one combination."""
    spec = dict(template)
    spec["args"] = fill_args(template["args"], params)
    spec["params"] = dict(params)
    for name in ("name", "cwd"):
        if name in spec:
            spec[name] = fill(spec[name], params, name)
    for name in ("labels", "tags"):
        if name in spec:
            spec[name] = [fill(text, params, name) for text in spec[name]]
    if "env" in spec:
        spec["env"] = {name: fill(text, params, "env") for name, text in spec["env"].items()}
    return spec  # type: ignore[return-value]


def _cancel_many(
    client: Client,
    tasks: Sequence[Task | str] | None,
    filters: Mapping[str, Query] | None,
    is_all: bool,
    reason: str | None,
    dry_run: bool,
) -> CancelAnswer:
    from ._transport import query_text

    common: dict[str, Any] = {**({"reason": reason} if reason else {}), **({"dry_run": True} if dry_run else {})}
    total: dict[str, Any] = {"cancelled": 0, "requested": 0, "results": []}

    def some(which: Mapping[str, Any]) -> CancelAnswer:
        body: Any = {**which, **common}
        answer = client.api.tasks_cancel_many(body, call=Call(repeatable=True))
        total["cancelled"] += answer.cancelled
        total["requested"] += answer.requested
        total["results"] += answer.to_dict().get("results") or []
        return answer

    if tasks is not None:
        uuids = [task.uuid if isinstance(task, Task) else task for task in tasks]
        for at in range(0, len(uuids), BATCH):
            some({"uuids": uuids[at : at + BATCH]})
        return CancelAnswer(total)
    which: dict[str, Any] = {"all": True} if is_all else {}
    if filters is not None:
        which["filter"] = {name: query_text(name, value) for name, value in filters.items() if value is not None}
    while True:
        answer = some(which)
        if dry_run:
            return answer
        if answer.cancelled + answer.requested == 0:
            return CancelAnswer(total)
