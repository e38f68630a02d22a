"""Functions as tasks: what is submitted, and what comes back."""

from __future__ import annotations

import base64
import itertools
import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from typing import TYPE_CHECKING, Any

from ._errors import invalid_field
from ._following import wait_for
from ._generated import kinds
from ._generated.models import SubmitTask
from ._interrupt import saying_what_runs
from ._job import Job, add_tasks, submit_job
from ._outcomes import Outcome, Pending
from ._pack import (
    PARTS,
    PackedFunction,
    cloudpickle_module,
    default_python,
    local_modules,
    pack,
    pickle_args,
    python_here,
    runtime,
    sha256,
)
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


def with_code(client: Client, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with the folder of code that `workdir` names, sent once for all calls."""
    given = dict(options)
    workdir = given.pop("workdir", None)
    if workdir is not None:
        if given.get("code") is not None:
            raise invalid_field("code", "is given besides workdir: give one of the two")
        given["code"] = client.code.send(workdir, group=given.get("group"), env_setup=given.get("env_setup"))
    return given


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
        self._options = with_code(client, given)
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
            "cloudpickle": cloudpickle_module().__version__,
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
    group = options.get("group") or client.default_group
    given = dict(options)
    limits = {name: given.pop(name, None) for name in ("at_once", "max_fails", "notify")}
    fields = {
        "name": options.get("name") or getattr(function, "__name__", "map"),
        **({"group": group} if group else {}),
        **{name: value for name, value in limits.items() if value is not None},
    }
    caller = Caller(client, function, given)
    lengths = [len(each) for each in iterables if isinstance(each, Sized)]
    is_finite = bool(lengths) and min(lengths) <= AT_ONCE * chunksize
    return MapJob(client, caller, chunks_of(iterables, chunksize), fields, AT_ONCE if is_finite else AHEAD)
