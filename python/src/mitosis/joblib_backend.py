"""A backend of joblib: `with joblib.parallel_config(backend="mitosis"): …` after `register()`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import joblib
from joblib.parallel import ParallelBackendBase

from ._client import Client
from ._executor import Executor, TaskFuture


def call_all(items: Iterable[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]]) -> list[Any]:
    """Runs on a worker, which needs no joblib for it."""
    return [function(*args, **kwargs) for function, args, kwargs in items]


class MitosisBackend(ParallelBackendBase):  # type: ignore[misc]
    """Each batch of calls is a task."""

    supports_retrieve_callback = True
    supports_return_generator = True
    supports_timeout = True
    uses_threads = False
    supports_sharedmem = False

    def __init__(self, client: Client | None = None, nesting_level: int | None = None, **options: Any) -> None:
        super().__init__(nesting_level=nesting_level or 0)
        self._client = client
        self._options = options
        self._executor: Executor | None = None
        self._futures: set[TaskFuture] = set()

    def effective_n_jobs(self, n_jobs: int) -> int:
        """-1 means the slots of all workers that one may use."""
        if n_jobs == 0:
            raise ValueError("n_jobs == 0 in Parallel has no meaning")
        if n_jobs is None:
            return 1
        if n_jobs > 0:
            return n_jobs
        slots = sum(worker.slots for worker in self.client.admin.workers() if worker.is_alive)
        return max(1, slots + 1 + n_jobs)

    @property
    def client(self) -> Client:
        if self._client is None:
            self._client = Client()
        return self._client

    def configure(self, n_jobs: int = 1, parallel: Any = None, **_: Any) -> int:
        self.parallel = parallel
        self._executor = self.client.executor(**self._options)
        return self.effective_n_jobs(n_jobs)

    def submit(self, func: Any, callback: Callable[[Any], Any] | None = None) -> TaskFuture:
        assert self._executor is not None
        future = self._executor.submit(call_all, func.items)
        self._futures.add(future)
        future.add_done_callback(self._futures.discard)
        if callback is not None:
            future.add_done_callback(callback)
        return future

    apply_async = submit

    def retrieve_result_callback(self, out: TaskFuture) -> Any:
        return out.result()

    def abort_everything(self, ensure_ready: bool = True) -> None:
        """After an error or Ctrl-C: what has not ended is cancelled."""
        open_tasks = [future.task for future in list(self._futures) if not future.done()]
        if open_tasks:
            self.client.cancel(open_tasks, reason="joblib has stopped")
        if ensure_ready:
            self.configure(n_jobs=getattr(self.parallel, "n_jobs", 1), parallel=self.parallel)

    def terminate(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=False)


def register(client: Client | None = None, **options: Any) -> None:
    """Makes `backend="mitosis"` known to joblib. Options are those of `Client.submit`, and `python` and `modules`."""

    def make(nesting_level: int | None = None, **more: Any) -> MitosisBackend:
        own = {name: value for name, value in more.items() if name != "inner_max_num_threads"}
        return MitosisBackend(client, nesting_level, **{**options, **own})

    joblib.register_parallel_backend("mitosis", make)
