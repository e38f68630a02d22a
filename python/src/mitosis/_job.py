"""Tasks that were submitted together."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from ._cancel import current_scope
from ._compare import compare_jobs
from ._errors import MitoError
from ._generated.models import (
    CancelAnswer,
    ChangeJob,
    JobEfficiency,
    JobFailures,
    JobResult,
    JobView,
    OutputMatch,
    SubmitTask,
)
from ._interrupt import saying_what_runs
from ._metrics import Metrics
from ._spec import changes_of
from ._table import as_frame, html_of_job
from ._task import FINAL, Task, loaded
from ._transport import Call, sleep

if TYPE_CHECKING:
    from ._client import Client

WAIT_S = 30.0
PAGE = 1000
BATCH = 1000
#: A request has at most 16 MB.
BATCH_BYTES = 8_000_000
LOOK_S = 0.25


class Job:
    """A job at the coordinator. Dropping this object changes nothing there."""

    def __init__(
        self, client: Client, uuid: str, *, view: JobView | None = None, tasks: Sequence[str] | None = None
    ) -> None:
        self._client = client
        self._view = view
        self._tasks = tasks
        #: Of an asynchronous client: looking at it asks nobody.
        self._is_quiet = False
        self.uuid = uuid

    @property
    def view(self) -> JobView:
        """Everything that is known of it; asked for again until it is over."""
        if self._is_quiet and current_scope() is None:
            return loaded(self._view)
        if self._view is None or not _is_over(self._view):
            self.refresh()
        assert self._view is not None
        return self._view

    def refresh(self) -> Job:
        """Asks for its current state."""
        self._view = self._client.api.jobs_get(self.uuid)
        return self

    @property
    def state(self) -> str:
        return self.view.state

    @property
    def name(self) -> str:
        return self.view.name

    @property
    def counts(self) -> dict[str, int]:
        """How many of its tasks are in each state."""
        return dict(self.view["counts"])

    @property
    def progress(self) -> float:
        """Between 0 and 1."""
        return self.view.progress

    def wait(self, timeout: float | None = None) -> Job:
        """Returns when it is over, however. Raises `TimeoutError` after `timeout` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with saying_what_runs(self._still_running):
            while True:
                left = WAIT_S if deadline is None else deadline - time.monotonic()
                if left < 0:
                    raise TimeoutError(f"the job {self.uuid} is not over within {timeout} s")
                wait_ms = round(min(WAIT_S, left) * 1000)
                self._view = self._client.api.jobs_get(
                    self.uuid, wait_ms=wait_ms, call=Call(timeout=wait_ms / 1000 + 30)
                )
                if _is_over(self._view):
                    return self

    def change(self, **limits: int | None) -> Job:
        """Changes `at_once` (how many of its tasks run at a time) and `max_fails`; `None` lifts a limit."""
        self._view = self._client.api.jobs_change(self.uuid, cast("ChangeJob", limits))
        return self

    def _still_running(self) -> str:
        return f"The job {self.uuid} still runs. Cancel it with: mito jobs cancel {self.uuid}"

    def as_completed(self, timeout: float | None = None) -> Iterator[Task]:
        """Its tasks, each as soon as it has ended, in the order in which they end."""
        deadline = None if timeout is None else time.monotonic() + timeout
        seen: set[int] = set()
        first_open = 0
        with saying_what_runs(self._still_running):
            while True:
                begun = time.monotonic()
                # Asked before the look at the tasks: a job that was over then has all of its ends in the look.
                is_over = _is_over(self.refresh().view)
                first_open, ended = self._look(seen, first_open)
                for row in ended:
                    yield Task(self._client, row.task, row=row)
                if is_over:
                    return
                if deadline is not None and time.monotonic() > deadline:
                    raise TimeoutError(f"the job {self.uuid} is not over within {timeout} s")
                pause = max(LOOK_S, 2 * (time.monotonic() - begun)) if not ended else 0.05
                sleep(pause, current_scope())

    def _look(self, seen: set[int], first_open: int) -> tuple[int, list[JobResult]]:
        """The tasks that have ended since the last look, and the place of the first one that has not."""
        ended = []
        lowest: int | None = None
        last = first_open - 1
        for row in self._results(first_open - 1 if first_open > 0 else None):
            last = row.index
            if row.state not in FINAL:
                lowest = row.index if lowest is None else lowest
            elif row.index not in seen:
                seen.add(row.index)
                ended.append(row)
        return (lowest if lowest is not None else last + 1), ended

    def _results(self, after: int | None = None) -> Iterator[JobResult]:
        while True:
            page = self._client.api.jobs_results(self.uuid, limit=PAGE, after=after)
            yield from page.results
            after = page.next
            if after is None:
                return

    def rows(self) -> Iterator[JobResult]:
        """What came of each task, with all of its metrics, in the order of the tasks."""
        yield from self._results()

    def tasks(self) -> Iterator[Task]:
        """Its tasks in their order."""
        for row in self._results():
            yield Task(self._client, row.task, row=row)

    def results(self, kind: str = "auto") -> Any:
        """One table of parameters, metrics and outcomes: pandas or polars when there, else a list of dictionaries.

        `kind` is `auto`, `pandas`, `polars` or `list`.
        """
        return as_frame([_flat(row) for row in self._results()], kind)

    def failures(self) -> JobFailures:
        """Its failed tasks in groups, those together that ended with the same lines; the largest group first."""
        return self._client.api.jobs_failures(self.uuid)

    def efficiency(self) -> JobEfficiency:
        """What its tasks asked for and used, and what to ask for next time."""
        return self._client.api.jobs_efficiency(self.uuid)

    def compare(self, other: Job, kind: str = "auto") -> Any:
        """A table of its metrics (A) beside those of another job (B), task by task. Tasks with the same parameters
        stand in one row. `kind` is that of `results`."""
        return as_frame(compare_jobs(self._results(), other._results()), kind)

    def grep(self, pattern: str, **options: Any) -> Iterator[OutputMatch]:
        """Lines that its tasks have printed; `options` are those of `Client.grep`."""
        yield from self._client.grep(pattern, job=self.uuid, **options)

    def rerun(self, *, key: str | None = None, **changes: Any) -> Job:
        """Submits all of its tasks again, as a new job. `changes` are arguments of `submit`."""
        body: Any = {"changes": changes_of(self._client, changes)}
        receipt = self._client.api.jobs_rerun(self.uuid, body, call=Call(key=key or self._client.new_key()))
        return Job(self._client, receipt.uuid, tasks=[task.uuid for task in receipt.tasks])

    def cancel(self, reason: str | None = None) -> CancelAnswer:
        """Ends its tasks that have not ended."""
        body: Any = {} if reason is None else {"reason": reason}
        total = {"cancelled": 0, "requested": 0}
        while True:
            more = self._client.api.jobs_cancel(self.uuid, body, call=Call(repeatable=True))
            total["cancelled"] += more.cancelled
            total["requested"] += more.requested
            if more.cancelled + more.requested == 0:
                return CancelAnswer(total)

    def suspend(self) -> Job:
        """Starts no more of its tasks."""
        self._client.api.jobs_suspend(self.uuid, call=Call(repeatable=True))
        return self

    def resume(self) -> Job:
        """Starts its tasks again."""
        self._client.api.jobs_resume(self.uuid, call=Call(repeatable=True))
        return self

    def close(self) -> Job:
        """Says that no more tasks are to come."""
        self._client.api.jobs_close(self.uuid, call=Call(repeatable=True))
        return self

    def retry_failed(self) -> int:
        """Submits its failed tasks again; returns how many."""
        return self._client.api.jobs_retry_failed(self.uuid, call=Call(repeatable=True)).retried

    def add(self, tasks: Sequence[SubmitTask], *, is_last: bool = False, key: str | None = None) -> list[Task]:
        """Adds tasks to a job that is open."""
        return [Task(self._client, uuid) for uuid in add_tasks(self._client, self.uuid, tasks, is_last, key)]

    def watch(self, interval: float = 1.0) -> Job:
        """Shows it until it is over: in a notebook, and in a terminal with rich, as a table that
        changes in its place, else as lines on stderr."""
        from ._notebook import watch

        watch([self], interval)
        return self

    def __rich__(self) -> Any:
        """What `rich.print(job)` shows."""
        from ._rich import job_table

        return job_table([self.refresh().view])

    def _repr_html_(self) -> str:
        try:
            return html_of_job(self.refresh().view)
        except MitoError as error:
            return html_of_job(self._view, str(error))

    def __repr__(self) -> str:
        return f"<Job {self.uuid}{f' {self._view.state}' if self._view is not None else ''}>"


def _is_over(view: JobView) -> bool:
    return view.state in FINAL


def _flat(row: JobResult) -> dict[str, Any]:
    """A line of the table: what it was given, what it measured at last, how it ended."""
    flat: dict[str, Any] = {"index": row.index, **row.params}
    for name, value in Metrics(row.metrics).last.items():
        flat[name if name not in flat else f"metrics.{name}"] = value
    for name in ("state", "exit_code", "attempts", "wall_ms", "user_cpu_ms", "system_cpu_ms", "peak_rss_bytes"):
        flat[name if name not in flat else f"task.{name}"] = row[name]
    flat["name" if "name" not in flat else "task.name"] = row.name
    flat["task" if "task" not in flat else "task.uuid"] = row.task
    return flat


def part_key(key: str, number: int) -> str:
    """The idempotency key of one request of a submission that takes several (as `part-key.ts` of libs/client)."""
    import hashlib

    if number == 0:
        return key
    stem = key if len(key) <= 240 else hashlib.sha256(key.encode()).hexdigest()
    return f"{stem}#{number}"


def add_tasks(client: Client, job: str, tasks: Sequence[SubmitTask], is_last: bool, key: str | None) -> list[str]:
    body: Any = {"tasks": list(tasks), "is_last": is_last}
    call = Call(key=key or client.new_key(), patience=120.0)
    return [task.uuid for task in client.api.jobs_add_tasks(job, body, call=call).tasks]


def batches_of(tasks: Sequence[SubmitTask]) -> Iterator[Sequence[SubmitTask]]:
    """Requests of at most 1000 tasks, and not too large; the same ones for the same tasks."""
    start, size = 0, 0
    for place, task in enumerate(tasks):
        length = len(task.get("stdin_base64", "")) + sum(map(len, task["args"])) + 1_000
        if place > start and (place - start >= BATCH or size + length > BATCH_BYTES):
            yield tasks[start:place]
            start, size = place, 0
        size += length
    yield tasks[start:]


def submit_job(
    client: Client,
    tasks: Sequence[SubmitTask],
    fields: Mapping[str, Any],
    key: str | None,
    *,
    stays_open: bool = False,
) -> tuple[str, list[str]]:
    """Submits any number of tasks as one job, in several requests; the same key adds what is missing."""
    key = key or client.new_key()
    requests = list(batches_of(tasks))
    body: Any = {**fields, "tasks": list(requests[0]), "is_open": stays_open or len(requests) > 1}
    if len(requests) > 1 and not stays_open:
        body["expected_tasks"] = len(tasks)
    receipt = client.api.jobs_create(body, call=Call(key=key))
    stored = [task.uuid for task in receipt.tasks]
    for part, more in enumerate(requests[1:], 1):
        is_last = part == len(requests) - 1 and not stays_open
        try:
            stored += add_tasks(client, receipt.uuid, more, is_last, part_key(key, part))
        except MitoError as error:
            if error.kind in ("invalid", "not-found", "too-large"):
                Job(client, receipt.uuid).cancel(f"its submission was refused: {error.message}"[:1000])
            raise
    return receipt.uuid, stored
