"""The Python client of Mitosis: submit commands and functions, follow them, collect what they produce."""

from __future__ import annotations

from ._client import Client
from ._code import CodeItem, Workdir
from ._compare import Difference
from ._errors import MitoError
from ._files import Artifacts, Files
from ._following import Change
from ._generated.aio import AsyncClient, AsyncJob, AsyncMapJob, AsyncTask
from ._generated.kinds import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
    TooLargeError,
    UnauthenticatedError,
    UnavailableError,
    UnsupportedError,
)
from ._generated.kinds import (
    TimeoutError as CoordinatorTimeoutError,
)
from ._job import Job
from ._metrics import Column, Metrics
from ._outcomes import RemoteError
from ._remote import MapJob
from ._report import in_task, progress, report
from ._running import Executed
from ._socket import Forward
from ._sse import LogPiece
from ._task import Task, TaskFailed

__version__ = "0.1.0"


def _warn_of_the_other() -> None:
    """The name `mitosis` belongs to another project on the package index: both in one folder mix their files."""
    import warnings
    from pathlib import Path

    for other in Path(__file__).parent.parent.glob("mitosis-[0-9]*.dist-info"):
        warnings.warn(
            f"{other.name} of another project is installed over this package. "
            "Uninstall it and install mitosis-client again: python3 -m pip uninstall mitosis",
            stacklevel=3,
        )


_warn_of_the_other()


def load_ipython_extension(ipython: object) -> None:
    """`%load_ext mitosis` makes the cell magic `%%mito` known."""
    from ._notebook import load

    load(ipython)


def watch(*jobs: Job, interval: float = 1.0) -> None:
    """Shows several jobs in one live table until all are over."""
    from ._notebook import watch as watch_all

    watch_all(list(jobs), interval)


__all__ = [
    "Artifacts",
    "AsyncClient",
    "AsyncJob",
    "AsyncMapJob",
    "AsyncTask",
    "Change",
    "Client",
    "CodeItem",
    "Column",
    "ConflictError",
    "CoordinatorTimeoutError",
    "Difference",
    "Executed",
    "Files",
    "ForbiddenError",
    "Forward",
    "InvalidError",
    "Job",
    "LogPiece",
    "MapJob",
    "Metrics",
    "MitoError",
    "NotFoundError",
    "RateLimitedError",
    "RemoteError",
    "Task",
    "TaskFailed",
    "TooLargeError",
    "UnauthenticatedError",
    "UnavailableError",
    "UnsupportedError",
    "Workdir",
    "in_task",
    "progress",
    "report",
    "watch",
]
