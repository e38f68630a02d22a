"""How two tasks, or the tasks of two jobs, differ."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._generated import kinds
from ._generated.models import JobResult, TaskDetail
from ._metrics import Metrics

if TYPE_CHECKING:
    from ._client import Client

#: What says how a task is run; its name, its labels and how it went do not.
_FIELDS = (
    *("cwd", "tags", "resources", "params", "wasm", "pty", "terminal", "limits", "timeout_ms", "retries"),
    *("retry_delay_ms", "retry_exit_codes", "requeue_on", "requeues_max", "warn_before_ms", "checkpoint_every_ms"),
    *("priority", "group", "log_limit_bytes", "env_setup", "needs"),
)


@dataclass(frozen=True)
class Difference:
    """One thing that differs: `command`, `env NAME`, `file PATH`, `commit` or a field; None where a task has nothing of
    the kind."""

    field: str
    first: str | None
    second: str | None

    def __str__(self) -> str:
        lines = [
            *([f"  - {self.first}"] if self.first is not None else []),
            *([f"  + {self.second}"] if self.second is not None else []),
        ]
        return "\n".join([self.field, *lines])


def compare_tasks(client: Client, first: str, second: str) -> list[Difference]:
    views = [client.api.tasks_get(uuid) for uuid in (first, second)]
    codes = [view.to_dict().get("code") or {} for view in views]
    is_same_code = codes[0].get("sha256") == codes[1].get("sha256")
    one, other = (_facts(view, {} if is_same_code else _files(client, view)) for view in views)
    names = dict.fromkeys([*one, *other])
    found = [Difference(name, one.get(name), other.get(name)) for name in names]
    return [each for each in found if each.first != each.second]


def _facts(view: TaskDetail, files: Mapping[str, str]) -> dict[str, str]:
    task = view.to_dict()
    facts = {"command": " ".join(json.dumps(arg, ensure_ascii=False) for arg in task["args"])}
    facts.update({f"env {name}": value for name, value in task["env"].items()})
    code = task.get("code") or {}
    if code.get("commit"):
        branch = f" ({code['branch']})" if code.get("branch") else ""
        facts["commit"] = f"{code['commit']}{' and changes' if code.get('is_dirty') else ''}{branch}"
    facts.update(files)
    shown = {name: task.get(name) for name in _FIELDS}
    facts.update({name: json.dumps(value, ensure_ascii=False) for name, value in shown.items() if value is not None})
    return facts


def _files(client: Client, view: TaskDetail) -> dict[str, str]:
    if not view.to_dict().get("code"):
        return {}
    try:
        items = client.code.files(view.uuid)
    except kinds.NotFoundError:
        return {}
    return {
        f"file {item.path}": f"link to {item.target}"
        if item.target is not None
        else f"{item.size_bytes} bytes, {(item.sha256 or '')[:12]}{', executable' if item.is_executable else ''}"
        for item in items
    }


def compare_jobs(first: Iterable[JobResult], second: Iterable[JobResult]) -> list[dict[str, Any]]:
    """A row for each pair of tasks with the same parameters, those without by their place. Of tasks with equal
    parameters the nth belong together."""
    waiting: dict[str, list[JobResult]] = {}
    for row in second:
        waiting.setdefault(_key(row), []).append(row)
    pairs: list[tuple[JobResult | None, JobResult | None]] = []
    for row in first:
        same = waiting.get(_key(row))
        pairs.append((row, same.pop(0) if same else None))
    left = sorted((row for rows in waiting.values() for row in rows), key=lambda row: row.index)
    pairs += [(None, row) for row in left]
    return [_row(one, other) for one, other in pairs]


def _key(row: JobResult) -> str:
    given = sorted((name, str(value)) for name, value in (row.params or {}).items())
    return json.dumps(given or row.index)


def _row(one: JobResult | None, other: JobResult | None) -> dict[str, Any]:
    both = (one, other)
    row: dict[str, Any] = dict(next(each.params for each in both if each is not None) or {})
    last = [Metrics(each.metrics).last if each is not None else {} for each in both]
    for letter, each in zip("AB", both, strict=True):
        row[f"task {letter}"] = each.task if each is not None else None
        row[f"state {letter}"] = each.state if each is not None else None
    for name in dict.fromkeys([*last[0], *last[1]]):
        if name == "step":
            continue
        a, b = last[0].get(name), last[1].get(name)
        row[f"{name} A"], row[f"{name} B"], row[f"{name} B-A"] = a, b, _difference(a, b)
    return row


def _difference(a: Any, b: Any) -> float | None:
    """None where one of them is not a finite number."""
    if isinstance(a, bool) or isinstance(b, bool) or not isinstance(a, (int, float)) or not isinstance(b, (int, float)):
        return None
    return b - a if math.isfinite(b - a) else None
