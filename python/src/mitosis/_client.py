"""A coordinator, as people and their programs use it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ._access import Admin, Programs, Workloads
from ._code import Code
from ._compare import Difference, compare_tasks
from ._errors import invalid_field
from ._files import Files, PathLike
from ._generated.api import Api
from ._generated.models import (
    CancelAnswer,
    Session,
    SubmitTask,
)
from ._job import Job, part_key, submit_job
from ._looking import Looking
from ._placeholders import Params, combinations
from ._settings import load_settings, not_logged_in
from ._spec import Command, Dependency, Duration, Input, filled, spec_of
from ._standing import Experiments, Receivers, Schedules, Secrets
from ._task import Task, cancel_many, wait_all
from ._transport import Call, Query, Transport

if TYPE_CHECKING:
    from ._executor import Executor
    from ._remote import MapJob
    from .local import LocalStack

BATCH = 1000


class Client(Looking):
    """A coordinator. Without arguments it is the one that `mito` talks to, with the same login.

    Safe for threads, after a `fork` and inside a running event loop. All methods raise `MitoError`.

    `pin` is the key that the coordinator has to have, as `mito up --listen` prints it: `sha256//…`. Without it, that of
    `MITO_PIN`, of the configuration of `mito`, or of its login. `ca` is a file of certificate authorities.
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
        pin: str | None = None,
        timeout: float = 30.0,
        patience: float | None = None,
    ) -> None:
        settings = load_settings(url, token, user, password, pin=pin)
        self.transport = Transport(
            settings.url,
            settings.token,
            ca=ca or settings.ca,
            pin=settings.pin,
            timeout=timeout,
            patience=patience,
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

    @property
    def code(self) -> Code:
        """Folders of code that tasks start in."""
        return Code(self)

    @property
    def secrets(self) -> Secrets:
        """Secrets of groups."""
        return Secrets(self)

    @property
    def schedules(self) -> Schedules:
        """Jobs at the times of a cron expression."""
        return Schedules(self)

    @property
    def receivers(self) -> Receivers:
        """Who is told of jobs."""
        return Receivers(self)

    @property
    def experiments(self) -> Experiments:
        """Jobs that are known by their names."""
        return Experiments(self)

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
        workdir: PathLike | None = None,
        env_setup: str | None = None,
        key: str | None = None,
        **fields: Any,
    ) -> Task:
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
            workdir=workdir,
            env_setup=env_setup,
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
        notify: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> Job:
        """Submits any number of tasks as one job.

        At most `at_once` of them run at a time. When more than `max_fails` have failed, the others are cancelled.
        `notify` says who is told of the job as a whole: `{"to": ["me"], "on": ["ended"]}`.
        """
        if not specs:
            raise invalid_field("specs", "has no tasks")
        group = group or self.default_group
        given = {"name": name, "group": group, "at_once": at_once, "max_fails": max_fails, "notify": notify}
        fields = {field: value for field, value in given.items() if value is not None}
        job, tasks = submit_job(self, specs, fields, key)
        return Job(self, job, tasks=tasks)

    def sweep(
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
    ) -> Job:
        """Submits one task for each combination: `client.sweep(["./train", "{lr}"], lr=[.1, .01], seed=range(5))`.

        `at_once`, `max_fails` and `notify` are those of `submit_job`. `workdir` is that of `submit`, sent once.
        `options` are keyword arguments of `submit` for each task. `params` gives the combinations themselves.
        """
        rows: list[dict[str, Any]] = combinations(axes) if params is None else [dict(row) for row in params]
        if params is not None and axes:
            raise invalid_field("params", "takes the place of axes: give one of the two")
        if not rows or rows == [{}]:
            raise invalid_field("sweep", "has no parameters, for example lr=[0.1, 0.01]")
        given = dict(options or {})
        if workdir is not None:
            given["workdir"] = workdir
        template: dict[str, Any] = {**spec_of(self, command, **given)}
        specs = [filled(template, row) for row in rows]
        name = given.get("name")
        return self.submit_job(
            specs,
            name=name,
            group=given.get("group"),
            at_once=at_once,
            max_fails=max_fails,
            notify=notify,
            key=key,
        )

    def executor(self, **options: Any) -> Executor:
        """A `concurrent.futures.Executor` whose functions run as tasks. `options` are those of `submit`, `python`
        (the interpreter on the workers) and `modules` (`auto`, `none` or the modules that travel along). A `workdir` is
        sent once, as it is now."""
        from ._executor import Executor

        return Executor(self, options)

    def map(
        self, function: Callable[..., Any], *iterables: Iterable[Any], chunksize: int = 1, **options: Any
    ) -> MapJob:
        """Calls a function for each item, `chunksize` calls in a task. Iterating gives results in their order.

        `options` are those of `executor`, and `at_once`, `max_fails` and `notify` of `submit_job`.
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

    def task(self, uuid: str) -> Task:
        """A task by its uuid."""
        return Task(self, uuid)

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
        return cancel_many(self, tasks, filter, all, reason, dry_run)

    def job(self, uuid: str) -> Job:
        """A job by its uuid."""
        return Job(self, uuid)

    def compare(self, first: Task | str, second: Task | str) -> list[Difference]:
        """How two tasks differ in how they are run: command, variables, files of code, fields."""
        uuids = [each.uuid if isinstance(each, Task) else each for each in (first, second)]
        return compare_tasks(self, *uuids)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client of {self.url}>"

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a Client holds a token and can't be pickled; make one where it is needed")
