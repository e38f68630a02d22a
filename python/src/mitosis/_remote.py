"""Functions as tasks: what is submitted, and what comes back."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import itertools
import json
import pickle
import secrets
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ._errors import MitoError, invalid_field
from ._following import wait_for
from ._generated import kinds
from ._generated.models import SubmitTask
from ._interrupt import saying_what_runs
from ._job import Job, add_tasks, submit_job
from ._pack import PARTS, PackedFunction, default_python, local_modules, pack, pickle_args, python_here, runtime, sha256
from ._runner import PICKLES, RESULT
from ._spec import spec_of
from ._task import FINAL, Task

if TYPE_CHECKING:
    from ._client import Client

#: What travels on standard input: a function is stored once when it is larger, arguments as well.
FUNCTION_INLINE = 16_384
ARGS_INLINE = 160_000
#: Tasks that an iterator is read ahead. What has a length is submitted at once, up to another number of tasks.
AHEAD = 256
AT_ONCE = 100_000
LOG_LINES = 10

_SHELL = (
    'p=$(command -v "$1") || p=$(command -v python3) || '
    '{ echo "mitosis: there is no $1 and no python3 in $PATH of $(hostname)" >&2; exit 127; }; exec "$p" -c "$2" "$3"'
)
_BOOT = (
    "import hashlib,os,runpy,sys\n"
    f"p=os.path.join(os.environ['MITO_RESOURCE_DIR'],'{PARTS}','runtime.pyz')\n"
    "if hashlib.sha256(open(p,'rb').read()).hexdigest()!=sys.argv[1]: sys.exit('mitosis: another runtime')\n"
    "sys.argv=[p]\n"
    "runpy.run_path(p,run_name='__main__')\n"
)

Calls = list[tuple[tuple[Any, ...], dict[str, Any]]]


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


class Caller:
    """Makes tasks of the calls of one function."""

    def __init__(self, client: Client, function: Callable[..., Any], options: Mapping[str, Any]) -> None:
        given = dict(options)
        self._client = client
        self._modules = local_modules(given.pop("modules", "auto"))
        self._python = given.pop("python", None) or client.default_python or default_python()
        for name in ("stdin", "inputs"):
            if name in given:
                raise invalid_field(name, "can't be given for functions: pass what they need as arguments")
        self._options = given
        self._group = given.get("group") or client.group
        self._packed = pack(function, self._modules)
        self._fixed = self._fixed_parts(self._packed)

    def _fixed_parts(self, packed: PackedFunction) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """The inputs that all calls share, and the order without what differs."""
        resources = [self._store(runtime(), "runtime.pyz")]
        order: dict[str, Any] = {
            "format": 1,
            "parts": PARTS,
            "python": python_here(),
            "packages": packed.packages,
            "function": len(packed.function),
        }
        if len(packed.function) > FUNCTION_INLINE:
            order["function"] = sha256(packed.function)
            resources.append(self._store(packed.function))
        if packed.modules is not None:
            order["modules"] = sha256(packed.modules)
            resources.append(self._store(packed.modules))
        return resources, order

    def _store(self, data: bytes, name: str | None = None) -> dict[str, Any]:
        digest = sha256(data)
        key = f"inputs/{digest}"
        self._client.ensure_bytes(key, data, self._group)
        return {"from": "attachment", "key": key, "path": f"{PARTS}/{name or digest}"}

    def spec(self, calls: Calls) -> tuple[SubmitTask, str]:
        """The task of some calls, and the key of its results, which nobody sees who looks at the task."""
        resources, order = self._fixed
        args = pickle_args(calls, self._modules)
        key = secrets.token_hex(32)
        order = {**order, "key": key, "count": len(calls), "args": len(args)}
        inline = self._packed.function if isinstance(order["function"], int) else b""
        if len(args) > ARGS_INLINE:
            order["args"] = sha256(args)
            resources = [*resources, self._store(args)]
        else:
            inline += args
        stdin = json.dumps(order).encode() + b"\n" + inline
        command = ["/bin/sh", "-c", _SHELL, "mitosis", self._python, _BOOT, sha256(runtime())]
        options = {"name": self._packed.name, **self._options}
        spec = spec_of(self._client, command, **options)
        spec["stdin_base64"] = base64.b64encode(stdin).decode()
        spec["resources"] = resources  # type: ignore[typeddict-item]
        return spec, key

    def submit(self, calls: Calls) -> Pending:
        from ._transport import Call

        spec, key = self.spec(calls)
        receipt = self._client.api.tasks_submit(spec, call=Call(key=self._client.new_key()))
        return self.pending(receipt.uuid, spec, key, len(calls))

    def pending(self, uuid: str, spec: SubmitTask, key: str, count: int) -> Pending:
        return Pending(Task(self._client, uuid), key, list(spec["args"]), count)


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
            try:
                loaded = pickle.loads(pickles[item["offset"] : item["offset"] + item["size"]])
            except Exception as error:
                trouble = f"The result can't be loaded here: {type(error).__name__}: {error}"
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


def _lost(task: Task) -> Outcome:
    """No result: the task was cancelled, was killed, or never got as far."""
    view = task.view
    how = f" with exit code {view.exit_code}" if view.exit_code is not None else ""
    why = f": {view.message or view.reason}" if (view.message or view.reason) else ""
    details = {"type": view.reason or view.state, "task": task.uuid, "log": _Log(task).tail()}
    return Outcome(error=RemoteError("no_result", f"The task {view.state}{how}{why}.", details=details))


class MapJob:
    """Calls of one function. Iterating gives results in the order of the items; a bad item raises its exception,
    and the next `next()` continues behind it. Dropping this object changes nothing at the coordinator.
    """

    def __init__(
        self, client: Client, caller: Caller, chunks: Iterator[Calls], fields: dict[str, Any], ahead: int = AHEAD
    ) -> None:
        self._client = client
        self._caller = caller
        self._chunks = chunks
        self._fields = fields
        self._pending: list[Pending] = []
        self._over: set[str] = set()
        self._next = 0
        self._outcomes: list[Outcome] = []
        self._is_whole = False
        self.job: Job = self._begin(ahead)

    def _begin(self, ahead: int) -> Job:
        first = list(itertools.islice(self._chunks, ahead + 1))
        if not first:
            raise invalid_field("iterables", "have no items")
        self._is_whole = len(first) <= ahead
        now = first if self._is_whole else first[:ahead]
        self._chunks = itertools.chain(first[len(now) :], self._chunks)
        prepared = [(*self._caller.spec(calls), len(calls)) for calls in now]
        specs = [spec for spec, _, _ in prepared]
        uuid, tasks = submit_job(self._client, specs, self._fields, None, stays_open=not self._is_whole)
        self._note(tasks, prepared)
        return Job(self._client, uuid)

    def _note(self, uuids: Sequence[str], prepared: Sequence[tuple[SubmitTask, str, int]]) -> None:
        for uuid, (spec, key, count) in zip(uuids, prepared, strict=True):
            self._pending.append(self._caller.pending(uuid, spec, key, count))

    def _read_ahead(self) -> None:
        """Keeps a bounded number of tasks before the one whose result is next."""
        if self._is_whole or len(self._pending) - self._next > AHEAD // 2:
            return
        calls = list(itertools.islice(self._chunks, AHEAD // 2))
        self._is_whole = len(calls) < AHEAD // 2
        if calls:
            prepared = [(*self._caller.spec(each), len(each)) for each in calls]
            specs = [spec for spec, _, _ in prepared]
            self._note(add_tasks(self._client, self.job.uuid, specs, self._is_whole, None), prepared)
        elif self._is_whole:
            self.job.close()

    def __iter__(self) -> MapJob:
        return self

    def __next__(self) -> Any:
        return self._advance().get()

    def _advance(self) -> Outcome:
        while not self._outcomes:
            self._read_ahead()
            if self._next == len(self._pending):
                raise StopIteration
            pending = self._pending[self._next]
            with saying_what_runs(self._still_running):
                self._wait(pending)
                self._outcomes = self._safe_outcomes(pending)
            self._next += 1
        return self._outcomes.pop(0)

    @staticmethod
    def _safe_outcomes(pending: Pending) -> list[Outcome]:
        try:
            return list(pending.outcomes())
        except kinds.ConflictError as error:
            return [Outcome(error=error)] * pending.count

    def _still_running(self) -> str:
        return f"The job {self.job.uuid} still runs. Cancel it with: mito jobs cancel {self.job.uuid}"

    def _wait(self, pending: Pending) -> None:
        window = [each.task.uuid for each in self._pending[self._next :][:1000] if each.task.uuid not in self._over]
        if pending.task.uuid not in self._over:
            self._look(window, 0)
        while pending.task.uuid not in self._over:
            self._look([pending.task.uuid], 30)

    def _look(self, uuids: list[str], seconds: float) -> None:
        for task in wait_for(self._client.transport, uuids, seconds).tasks:
            if task.state in FINAL:
                self._over.add(task.uuid)

    def results(self, *, return_exceptions: bool = False) -> list[Any]:
        """All results that were not iterated yet, in the order of the items."""
        found: list[Any] = []
        while True:
            try:
                outcome = self._advance()
            except StopIteration:
                return found
            if outcome.error is not None and not return_exceptions:
                raise outcome.error
            found.append(outcome.value if outcome.error is None else outcome.error)

    def cancel(self, reason: str | None = None) -> None:
        """Ends what has not ended; nothing more is read from the iterables."""
        self._is_whole = True
        self.job.close()
        self.job.cancel(reason)

    def close(self) -> None:
        """Reads nothing more from the iterables; submitted tasks continue."""
        if not self._is_whole:
            self._is_whole = True
            self.job.close()

    def _repr_html_(self) -> str:
        return self.job._repr_html_()

    def __repr__(self) -> str:
        return f"<MapJob {self.job.uuid}>"


def chunks_of(iterables: Sequence[Iterable[Any]], size: int) -> Iterator[Calls]:
    items: Iterator[tuple[Any, ...]] = zip(*iterables, strict=False)
    while chunk := list(itertools.islice(items, size)):
        yield [(args, {}) for args in chunk]


def submit_map(
    client: Client,
    function: Callable[..., Any],
    iterables: Sequence[Iterable[Any]],
    chunksize: int,
    options: Mapping[str, Any],
) -> MapJob:
    if not iterables:
        raise invalid_field("iterables", "name at least one")
    if isinstance(chunksize, bool) or not isinstance(chunksize, int) or not 1 <= chunksize <= 100_000:
        raise invalid_field("chunksize", "must be a whole number from 1 to 100000")
    caller = Caller(client, function, options)
    group = options.get("group") or client.default_group
    fields = {
        "name": options.get("name") or getattr(function, "__name__", "map"),
        **({"group": group} if group else {}),
    }
    lengths = [len(each) for each in iterables if isinstance(each, Sized)]
    is_finite = bool(lengths) and min(lengths) <= AT_ONCE * chunksize
    return MapJob(client, caller, chunks_of(iterables, chunksize), fields, AT_ONCE if is_finite else AHEAD)
