"""What came of functions: values, exceptions, and what stands for them."""

from __future__ import annotations

import hashlib
import hmac
import importlib
import io
import json
import pickle
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ._errors import MitoError
from ._generated import kinds
from ._pack import python_here
from ._runner import PICKLES, RESULT
from ._task import Task

LOG_LINES = 10


class RemoteError(MitoError):
    """A call that failed, as text: where it can't be rebuilt as itself, and as the cause of what can.

    `type`, `traceback`, `host`, `log` (its last lines) and `differences` of versions are attributes.
    """

    kind = "conflict"

    def __init__(
        self,
        code: str,
        message: str,
        *,
        details: Mapping[str, Any] | None = None,
        request: str | None = None,
    ) -> None:
        super().__init__(code, message, details=details, request=request)
        self.type: str = str(self.details.get("type", "Error"))
        self.traceback: str = str(self.details.get("traceback", ""))
        self.host: str | None = self.details.get("host")
        self.task: str | None = self.details.get("task")
        self.log: str = str(self.details.get("log", ""))
        self.differences: list[str] = list(self.details.get("differences") or [])

    def __str__(self) -> str:
        parts = [*self.differences, self.message, self.traceback.rstrip()]
        where = f"On the worker {self.host}, task {self.task}." if self.host else f"Task {self.task}."
        is_told = bool(self.traceback.strip()) and self.traceback.strip()[-200:] in self.log
        log = f"It printed last:\n{self.log}" if self.log.strip() and not is_told else ""
        return "\n".join(part for part in (*parts, where, log) if part)


@dataclass
class Pending:
    """The calls of one task, and the key that its results have to be signed with."""

    task: Task
    key: str
    args: list[str]
    count: int
    _outcomes: list[Outcome] | None = field(default=None, repr=False)

    def outcomes(self) -> list[Outcome]:
        """What came of each call; fetched once. The task has to have ended."""
        if self._outcomes is None:
            self._outcomes = fetch_outcomes(self)
        return self._outcomes


@dataclass
class Outcome:
    """A value, or the exception that stands for it."""

    value: Any = None
    error: BaseException | None = None

    def get(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value


def fetch_outcomes(pending: Pending) -> list[Outcome]:
    """What came of the calls of a task that has ended. Only what its own attempt has signed is unpickled."""
    task = pending.task.refresh()
    try:
        archive = task.artifacts.read_archive("result")
    except kinds.NotFoundError:
        return [_lost(task)] * pending.count
    signature, text, pickles = _files_of(archive)
    if text is None:
        return [_lost(task)] * pending.count
    _check(pending, signature, text, pickles)
    result = json.loads(text)
    log = _Log(task)
    return [_outcome(task, result, item, pickles, log) for item in result["items"]]


def _files_of(archive: bytes) -> tuple[str, str | None, bytes]:
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        for member in files:
            name = member.name.removeprefix("./")
            if name in (RESULT, PICKLES) and member.isfile():
                file = files.extractfile(member)
                found[name] = file.read() if file is not None else b""
    if RESULT not in found:
        return "", None, b""
    signature, _, text = found[RESULT].decode("utf-8", "replace").partition("\n")
    return signature, text, found.get(PICKLES, b"")


def _check(pending: Pending, signature: str, text: str, pickles: bytes) -> None:
    """Throws unless the result is what the last attempt of this very task has made of what was submitted."""
    task = pending.task
    own = hmac.new(bytes.fromhex(pending.key), text.encode(), "sha256").hexdigest()
    refused = None
    if not hmac.compare_digest(own, signature):
        refused = "it is not signed with the key of this submission"
    elif list(task.view.args) != pending.args:
        refused = "the command of the task was changed"
    else:
        result = json.loads(text)
        if result["task"] != task.uuid or result["attempt"] != task.view.attempt:
            refused = "another attempt has made it"
        elif len(result["items"]) != pending.count or result["pickles_sha256"] != hashlib.sha256(pickles).hexdigest():
            refused = "a part of it was changed"
    if refused is not None:
        raise kinds.ConflictError(
            "result_refused",
            f"The result of the task {task.uuid} is not loaded: {refused}. Loading it would run somebody's code.",
            details={"task": task.uuid},
        )


class _Log:
    """The last lines that a task has printed, fetched when somebody needs them."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._text: str | None = None

    def tail(self) -> str:
        if self._text is None:
            try:
                self._text = "\n".join(self._task.logs().splitlines()[-LOG_LINES:])
            except MitoError:
                self._text = ""
        return self._text


def _outcome(task: Task, result: dict[str, Any], item: dict[str, Any], pickles: bytes, log: _Log) -> Outcome:
    loaded: Any = None
    trouble = None
    if "size" in item:
        if result["python"] != python_here():
            made, here = result["python"], python_here()
            trouble = (
                f"The result was made by {made[0]} {made[1]}.{made[2]}, and this is {here[0]} {here[1]}.{here[2]}."
            )
        else:
            data = pickles[item["offset"] : item["offset"] + item["size"]]
            try:
                loaded = pickle.loads(data)
            except Exception as error:
                others = _other_packages(data, result.get("packages") or {})
                trouble = ". ".join([f"The result can't be loaded here: {type(error).__name__}: {error}", *others])
    if item["ok"] and trouble is None:
        return Outcome(value=loaded)
    details = {
        "type": item.get("type", "ResultNotLoaded"),
        "traceback": item.get("traceback", ""),
        "host": result["host"],
        "task": task.uuid,
        "differences": result["differences"],
        "log": log.tail(),
    }
    message = trouble if trouble is not None and item["ok"] else f"{item['type']}: {item['text']}"
    remote = RemoteError("remote_error", message, details=details)
    if not item["ok"] and isinstance(loaded, BaseException):
        loaded.__cause__ = remote
        return Outcome(error=loaded)
    return Outcome(error=remote)


def _other_packages(data: bytes, made_with: Mapping[str, str]) -> list[str]:
    """Packages that a pickle names and that are other ones here, or none."""
    found = []
    for name, made in made_with.items():
        if name.encode() not in data:
            continue
        try:
            here = getattr(importlib.import_module(name), "__version__", None)
        except ImportError:
            here = None
        if here != made:
            found.append(f"{name} is {made} on the worker and {here or 'missing'} here")
    return found


def _lost(task: Task) -> Outcome:
    """No result: the task was cancelled, was killed, or never got as far."""
    view = task.view
    how = f" with exit code {view.exit_code}" if view.exit_code is not None else ""
    why = f": {view.message or view.reason}" if (view.message or view.reason) else ""
    details = {"type": view.reason or view.state, "task": task.uuid, "log": _Log(task).tail()}
    return Outcome(error=RemoteError("no_result", f"The task {view.state}{how}{why}.", details=details))
