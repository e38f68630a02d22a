"""One task."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ._cancel import current_scope
from ._errors import MitoError
from ._files import Artifacts, PathLike
from ._following import follow_output, wait_for
from ._generated import kinds
from ._generated.models import (
    AttemptView,
    CancelAnswer,
    CancelResult,
    JobResult,
    StoredCheckpoint,
    TaskDetail,
    TaskExplanation,
    TaskFiles,
)
from ._interrupt import saying_what_runs
from ._metrics import Metrics
from ._sse import LogPiece
from ._transport import Call, Query, query_text

if TYPE_CHECKING:
    from ._client import Client
    from ._running import Executed, OnOutput
    from ._socket import Forward
    from ._spec import Command

V = TypeVar("V")
BATCH = 1000
FINAL = ("completed", "failed", "cancelled")
WAIT_S = 30.0


class TaskFailed(MitoError):
    """Raised by `Task.check()` for a task that did not complete."""

    kind = "conflict"


class Task:
    """A task at the coordinator. Dropping this object changes nothing there."""

    def __init__(
        self, client: Client, uuid: str, *, view: TaskDetail | None = None, row: JobResult | None = None
    ) -> None:
        self._client = client
        self._view = view
        self._row = row
        #: Of an asynchronous client: looking at it asks nobody.
        self._is_quiet = False
        self.uuid = uuid

    @property
    def view(self) -> TaskDetail:
        """Everything that is known of it; asked for again until the task has ended."""
        if self._is_quiet and current_scope() is None:
            return loaded(self._view)
        if self._view is None or self._view.state not in FINAL:
            self.refresh()
        assert self._view is not None
        return self._view

    def refresh(self) -> Task:
        """Asks for its current state."""
        self._view = self._client.api.tasks_get(self.uuid)
        return self

    @property
    def _known(self) -> Any:
        """The answers to simple questions, without a request where possible."""
        if self._row is not None and self._row.state in FINAL:
            return self._row
        return self.view

    @property
    def state(self) -> str:
        return str(self._known.state)

    @property
    def is_over(self) -> bool:
        return self.state in FINAL

    @property
    def exit_code(self) -> int | None:
        return self._known.exit_code  # type: ignore[no-any-return]

    @property
    def reason(self) -> str | None:
        return self._known.reason  # type: ignore[no-any-return]

    @property
    def message(self) -> str | None:
        return self.view.message

    @property
    def name(self) -> str:
        return str(self._known.name)

    @property
    def params(self) -> dict[str, Any]:
        """The values of its sweep."""
        return self._known.params or {}

    @property
    def index(self) -> int | None:
        """Its place in its job, from 0."""
        return self._row.index if self._row is not None else self.view.job_index

    @property
    def artifacts(self) -> Artifacts:
        """What it has produced."""
        return Artifacts(self._client, self.uuid)

    @property
    def metrics(self) -> Metrics:
        """What it has measured and written to `metrics.jsonl`."""
        if self._row is None or self._row.state not in FINAL:
            self.load_metrics()
        return Metrics(self._row.metrics if self._row is not None else self._own_rows())

    def load_metrics(self) -> Metrics:
        """Fetches what it has measured."""
        view = self.view
        if view.job is None or view.job_index is None:
            return Metrics(self._own_rows())
        call = Call()
        page = self._client.api.jobs_results(
            view.job, limit=1, after=view.job_index - 1 if view.job_index else None, call=call
        )
        self._row = page.results[0]
        return Metrics(self._row.metrics)

    def _own_rows(self) -> list[dict[str, Any]]:
        try:
            text = self.artifacts.read("result", "metrics.jsonl").decode("utf-8", "replace")
        except kinds.NotFoundError:
            return []
        rows = []
        for line in text.splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict):
                rows.append(row)
        return rows

    def wait(self, timeout: float | None = None) -> Task:
        """Returns when it has ended, however. Raises `TimeoutError` after `timeout` seconds."""
        self._client.wait([self], timeout=timeout)
        return self.refresh()

    def check(self) -> Task:
        """Raises `TaskFailed` unless it has completed."""
        if self.state != "completed":
            raise TaskFailed("task_failed", self._failure(), details={"task": self.uuid, "state": self.state})
        return self

    def _failure(self) -> str:
        how = f" with exit code {self.exit_code}" if self.exit_code is not None else ""
        why = f": {self.message or self.reason}" if (self.message or self.reason) else ""
        tail = self.logs().rstrip().splitlines()[-5:]
        printed = "".join(f"\n  {line}" for line in tail)
        return f"The task {self.uuid} {self.state}{how}{why}" + (f"\nIt printed last:{printed}" if tail else "")

    def logs(self, attempt: int | None = None, *, stream: str | None = None) -> str:
        """What it has printed so far, of its last attempt."""
        pieces = follow_output(self._client.transport, self.uuid, attempt=attempt, is_snapshot=True)
        return "".join(piece.text for piece in pieces if stream in (None, piece.stream))

    def follow(self, attempt: int | None = None) -> Iterator[LogPiece]:
        """What it prints, as it prints it, until it ends."""
        yield from follow_output(self._client.transport, self.uuid, attempt=attempt)

    def cancel(self, reason: str | None = None) -> CancelResult:
        """Ends it: a waiting task at once, a running one as soon as its worker has ended it."""
        body = {} if reason is None else {"reason": reason}
        return self._client.api.tasks_cancel(self.uuid, body, call=Call(repeatable=True))  # type: ignore[arg-type]

    def explain(self) -> TaskExplanation:
        """Says why it is not running."""
        return self._client.api.tasks_explain(self.uuid)

    def change(self, **fields: Any) -> Task:
        """Changes labels at any time, anything else before it has started."""
        self._view = self._client.api.tasks_change(self.uuid, fields, call=Call(repeatable=True))  # type: ignore[arg-type]
        return self

    def rerun(self, *, key: str | None = None, **changes: Any) -> Task:
        """Submits it again, with its code and its inputs, as a new task. `changes` are arguments of `submit`, for
        example `timeout="4h"` or `command=[…]`; variables of `env` are added to its own."""
        from ._spec import changes_of

        body: Any = {"changes": changes_of(self._client, changes)}
        receipt = self._client.api.tasks_rerun(self.uuid, body, call=Call(key=key or self._client.new_key()))
        return Task(self._client, receipt.uuid)

    def attempts(self) -> list[AttemptView]:
        """Each run of it: on which worker, when, and how it ended."""
        return self._client.api.tasks_attempts(self.uuid).attempts

    def checkpoints(self) -> list[StoredCheckpoint]:
        """What is stored of its checkpoint folder, newest first: the next attempt starts with the first one."""
        return self._client.api.checkpoints_list(self.uuid).checkpoints

    def download_checkpoint(self, to: PathLike, number: int | None = None) -> Path:
        """Fetches a checkpoint of the last attempt that has one, the newest without `number`, and unpacks it into the
        folder `to`. Raises `checkpoint_not_found`."""
        return self.artifacts.download_checkpoint(to, number)

    def exec(
        self, command: Command, *, stdin: str | bytes | None = None, on_output: OnOutput | None = None
    ) -> Executed:
        """Runs a command beside it, in its environment and its folder, and returns how the command ended and what it
        printed. A list is a program with its arguments, a text a line for the shell.

        With `on_output` the bytes go there as they come, with `"stdout"` or `"stderr"`, and are not kept. Ctrl-C and
        the end of the task end the command. Raises `not_running`, `task_ended`, `command_not_started`, `no_guests`.
        """
        from ._running import exec_in

        return exec_in(self._client, self.uuid, command, stdin, on_output)

    def forward(self, port: int, local_port: int = 0, *, host: str = "127.0.0.1") -> Forward:
        """A port of this machine that leads to a port on which it listens:
        `with task.forward(6006) as tensorboard: print(tensorboard.url)`.

        `local_port` 0 takes a free one. Raises `port_closed` when the task does not listen, `not_running`.
        """
        from ._running import forward

        return forward(self._client, self.uuid, port, local_port, host)

    def ls(self, path: str | None = None) -> TaskFiles:
        """A folder of it while it runs (`result`, `exec/data`), or one file; its folders themselves without a path.
        At most 10,000 entries. Raises `not_running`, `file_not_found`."""
        from ._running import files_of

        return files_of(self._client, self.uuid, path)

    def cat(self, path: str) -> bytes:
        """The content of a file of it as it is now, while it runs."""
        from ._running import read_file

        return read_file(self._client, self.uuid, path)

    def download(self, path: str, to: PathLike = ".") -> Path:
        """Fetches a file of it as it is now, while it runs, or unpacks a folder of it into the folder `to`. What it has
        left behind is in `artifacts`."""
        from ._running import download_file

        return download_file(self._client, self.uuid, path, to)

    def type(self, data: str | bytes, *, size: Sequence[int] = (80, 24), wait: float = 30.0) -> None:
        """Types in its terminal (`submit(pty={"cols": 80, "rows": 24})`); `size` is columns and rows. Waits up to
        `wait` seconds, at most 60, for it to start. Raises `not_running`, `terminal_ended`, `no_terminal`."""
        from ._running import type_in

        type_in(self._client, self.uuid, data, size, wait)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Task) and self.uuid == other.uuid

    def __hash__(self) -> int:
        return hash(self.uuid)

    def __repr__(self) -> str:
        known = self._view or self._row
        return f"<Task {self.uuid}{f' {known.state}' if known is not None else ''}>"


def loaded(view: V | None) -> V:
    """What an asynchronous object knows: an attribute can't be awaited."""
    if view is None:
        raise RuntimeError("nothing is known of it yet: await its refresh() or its wait() first")
    return view


def wait_all(client: Client, tasks: list[Task], timeout: float | None) -> None:
    """Returns when all have ended. One that has failed has ended, too."""
    deadline = None if timeout is None else time.monotonic() + timeout
    open_tasks = list(dict.fromkeys(task.uuid for task in tasks))
    with saying_what_runs(lambda: _still_running(open_tasks)):
        while open_tasks:
            left = WAIT_S if deadline is None else deadline - time.monotonic()
            if left < 0:
                raise TimeoutError(f"{len(open_tasks)} of {len(tasks)} tasks have not ended within {timeout} s")
            answer = wait_for(client.transport, open_tasks[:1000], min(WAIT_S, left))
            over = {task.uuid for task in answer.tasks if task.state in FINAL}
            open_tasks = [uuid for uuid in open_tasks if uuid not in over]


def _still_running(uuids: list[str]) -> str:
    which = f"The task {uuids[0]} still runs" if len(uuids) == 1 else f"{len(uuids)} tasks still run"
    return f"{which}. Cancel with: mito tasks cancel {' '.join(uuids[:20])}{' …' if len(uuids) > 20 else ''}"


def cancel_many(
    client: Client,
    tasks: Sequence[Task | str] | None,
    filters: Mapping[str, Query] | None,
    is_all: bool,
    reason: str | None,
    dry_run: bool,
) -> CancelAnswer:
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
