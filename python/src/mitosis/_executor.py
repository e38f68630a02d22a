"""Functions as tasks, as `concurrent.futures` has it."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor as StandardExecutor
from concurrent.futures import Future
from concurrent.futures import wait as wait_for_futures
from typing import TYPE_CHECKING, Any

from ._errors import MitoError
from ._following import wait_for
from ._interrupt import saying_what_runs
from ._outcomes import Outcome, Pending
from ._remote import Caller, MapJob, submit_map, with_code
from ._task import FINAL, Task

if TYPE_CHECKING:
    from ._client import Client

#: A look lasts this long; a function that was submitted meanwhile is in the next one.
LOOK_S = 0.5
PAUSE_S = 0.05


class TaskFuture(Future[Any]):
    """A future with its task. Dropping it changes nothing: the task runs on."""

    task: Task

    def cancel(self) -> bool:
        """Cancels the task, running or not; false when it has ended."""
        if self.done():
            return self.cancelled()
        if self.task.cancel().result == "ended":
            return False
        is_cancelled = super().cancel()
        if is_cancelled:
            self.set_running_or_notify_cancel()
        return is_cancelled


class Executor(StandardExecutor):
    """Calls functions in tasks of their own. Options are those of `Client.submit`, and `python` and `modules`.

    Leaving a `with` block waits; `shutdown(cancel_futures=True)` cancels. A dropped executor changes nothing: what was
    submitted runs on. No thread of it keeps the interpreter alive.
    """

    def __init__(self, client: Client, options: Mapping[str, Any]) -> None:
        self._client = client
        self._options = with_code(client, options)
        self._callers: dict[int, tuple[Callable[..., Any], Caller]] = {}
        self._watch = _Watch(client)
        self._is_down = False

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> TaskFuture:
        """The task is stored when this returns."""
        if self._is_down:
            raise RuntimeError("this executor has been shut down: make another one with client.executor()")
        pending = self._caller(function).submit([(args, kwargs)])
        future = TaskFuture()
        future.task = pending.task
        self._watch.add(future, pending)
        return future

    def _caller(self, function: Callable[..., Any]) -> Caller:
        """A function is pickled once; what it refers to is taken as it is at its first call."""
        known = self._callers.get(id(function))
        if known is not None and known[0] is function:
            return known[1]
        caller = Caller(self._client, function, self._options)
        if len(self._callers) >= 64:
            self._callers.clear()
        self._callers[id(function)] = (function, caller)
        return caller

    def map(
        self,
        fn: Callable[..., Any],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,
        buffersize: int | None = None,
    ) -> Iterator[Any]:
        """Results in the order of the items. Reads a bounded number of items ahead, also of an endless iterable."""
        if self._is_down:
            raise RuntimeError("this executor has been shut down: make another one with client.executor()")
        if not iterables:
            raise ValueError("map() needs at least one iterable")
        deadline = None if timeout is None else time.monotonic() + timeout
        return _limited(submit_map(self._client, fn, iterables, chunksize, self._options), deadline)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Waits for what was submitted, unless `wait` is false; with `cancel_futures` it is cancelled first."""
        self._is_down = True
        futures = self._watch.futures()
        if cancel_futures and futures:
            self._client.cancel([future.task for future in futures], reason="the executor was shut down")
        if wait:
            with saying_what_runs(self._still_running):
                wait_for_futures(futures)

    def _still_running(self) -> str:
        uuids = [future.task.uuid for future in self._watch.futures()]
        command = f"mito tasks cancel {' '.join(uuids[:20])}{' …' if len(uuids) > 20 else ''}"
        return f"{len(uuids)} tasks still run. Cancel them with: {command}"

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        """After Ctrl-C it does not wait: it says what still runs."""
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            self._is_down = True
            print(f"mitosis: {self._still_running()}", file=sys.stderr)
        else:
            self.shutdown(wait=True)


def _limited(results: MapJob, deadline: float | None) -> Iterator[Any]:
    try:
        while True:
            try:
                outcome = results._advance()
            except StopIteration:
                return
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError("the results were not there in time")
            yield outcome.get()
    finally:
        results.close()


class _Watch:
    """Sees tasks end, in a thread that lives while there is something to see and ends with the interpreter."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._open: dict[str, tuple[TaskFuture, Pending]] = {}
        self._thread: threading.Thread | None = None
        self._pid = os.getpid()

    def add(self, future: TaskFuture, pending: Pending) -> None:
        with self._lock:
            if self._pid != os.getpid():
                self._open, self._thread, self._pid = {}, None, os.getpid()
            self._open[pending.task.uuid] = (future, pending)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._see, daemon=True, name="mitosis-futures")
                self._thread.start()

    def futures(self) -> list[TaskFuture]:
        with self._lock:
            return [future for future, _ in self._open.values()]

    def _see(self) -> None:
        while self.look():
            time.sleep(PAUSE_S)

    def look(self) -> bool:
        """One look at the tasks that are open; false when there is none."""
        with self._lock:
            uuids = list(self._open)[:1000]
            if not uuids:
                self._thread = None
                return False
        try:
            tasks = wait_for(self._client.transport, uuids, LOOK_S).tasks
        except MitoError as error:
            if error.kind in ("unavailable", "rate-limited"):
                time.sleep(1)
                return True
            self._fail(uuids, error)
            return True
        for task in tasks:
            if task.state in FINAL:
                self._settle(task.uuid)
        # The window turns, so that no task behind the first thousand waits for all of them.
        with self._lock:
            for uuid in uuids if len(self._open) > 1000 else []:
                if uuid in self._open:
                    self._open[uuid] = self._open.pop(uuid)
        return True

    def _settle(self, uuid: str) -> None:
        with self._lock:
            found = self._open.pop(uuid, None)
        if found is None or found[0].done():
            return
        future, pending = found
        try:
            outcome = pending.outcomes()[0]
        except BaseException as error:
            outcome = Outcome(error=error)
        self._set(future, outcome)

    def _fail(self, uuids: list[str], error: MitoError) -> None:
        for uuid in uuids:
            with self._lock:
                found = self._open.pop(uuid, None)
            if found is not None:
                self._set(found[0], Outcome(error=error))

    @staticmethod
    def _set(future: TaskFuture, outcome: Outcome) -> None:
        try:
            if outcome.error is not None:
                future.set_exception(outcome.error)
            else:
                future.set_result(outcome.value)
        except Exception:  # it was cancelled meanwhile
            pass
