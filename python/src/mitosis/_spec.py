"""From the arguments of `submit` to the body of a submission."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

from ._errors import invalid_field
from ._generated.models import SubmitTask
from ._task import Task
from ._units import Duration, duration_ms, size_bytes

if TYPE_CHECKING:
    from ._client import Client
    from ._job import Job

Command = Union[str, Sequence[str]]
#: What an input of a task can be: a local file, bytes, `attachment:KEY`, or what another task has produced.
Input = Union[str, "os.PathLike[str]", bytes, "tuple[Task, str]", Task]
Dependency = Union[Task, "Job", str, Mapping[str, Any]]

#: Fields of `submit` that are durations, with the field of the API.
_DURATIONS = {
    "timeout": "timeout_ms",
    "retry_delay": "retry_delay_ms",
    "warn_before": "warn_before_ms",
    "checkpoint_every": "checkpoint_every_ms",
}
#: Fields of `submit` that say what a task needs, with the field of a need.
_NEEDS = {
    "cpus": "cpus",
    "mem": "mem_bytes",
    "gpus": "gpus",
    "gpu_mem": "gpu_mem_bytes",
    "disk": "disk_bytes",
    "units": "units",
    "whole_machine": "whole_machine",
}


def args_of(command: Command) -> list[str]:
    """A list is a program with its arguments; a text is a line for the shell."""
    if isinstance(command, str):
        if not command.strip():
            raise invalid_field("command", "is empty")
        return ["/bin/sh", "-c", command]
    args = [os.fspath(arg) if isinstance(arg, os.PathLike) else arg for arg in command]
    wrong = next((arg for arg in args if not isinstance(arg, str)), None)
    if wrong is not None:
        raise invalid_field("command", f"{wrong!r} is not text; write str({wrong!r})")
    if not args:
        raise invalid_field("command", "is empty")
    return args


def spec_of(
    client: Client,
    command: Command,
    *,
    inputs: Mapping[str, Input] | None = None,
    after: Iterable[Dependency] = (),
    stdin: str | bytes | None = None,
    env: Mapping[str, Any] | None = None,
    **fields: Any,
) -> SubmitTask:
    """The body of a submission. What the API calls otherwise is translated, every other field goes as it is."""
    spec: dict[str, Any] = {"args": args_of(command)}
    need = need_of(fields)
    if need:
        if fields.get("needs"):
            raise invalid_field("needs", f"{', '.join(need)} is given besides: write it into the needs")
        spec["needs"] = [need]
    for name, value in fields.items():
        if value is None or name in _NEEDS:
            continue
        if name in _DURATIONS:
            spec[_DURATIONS[name]] = duration_ms(value, name)
        elif name in ("tags", "labels"):
            spec[name] = [value] if isinstance(value, str) else list(value)
        else:
            spec[name] = value
    if env:
        spec["env"] = {name: str(value) for name, value in env.items()}
    if stdin is not None:
        data = stdin.encode() if isinstance(stdin, str) else bytes(stdin)
        spec["stdin_base64"] = base64.b64encode(data).decode()
    waits = [_after(each) for each in ([after] if isinstance(after, (str, Task)) else after)]
    if waits:
        spec["after"] = waits
    if inputs:
        group = spec.get("group") or client.group
        spec["resources"] = [
            *spec.get("resources", []),
            *(_input(client, path, value, group) for path, value in inputs.items()),
        ]
    if "group" not in spec and client.default_group:
        spec["group"] = client.default_group
    return spec  # type: ignore[return-value]


def need_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What a task needs of a machine: `cpus=4, mem="16GiB", gpus="2:a100"`."""
    need: dict[str, Any] = {}
    for name, target in _NEEDS.items():
        value: Any = fields.get(name)
        if value is None:
            continue
        if name == "gpus" and isinstance(value, str):
            count, _, model = value.partition(":")
            try:
                value = float(count) if "." in count else int(count)
            except ValueError:
                raise invalid_field(name, f'"{fields[name]}" is not a number of devices such as 2 or 2:a100') from None
            if model:
                need["gpu_model"] = model
        need[target] = size_bytes(value, name) if target.endswith("_bytes") else value
    return need


def _after(each: Dependency) -> dict[str, Any]:
    from ._job import Job

    if isinstance(each, Task):
        return {"task": each.uuid}
    if isinstance(each, Job):
        return {"job": each.uuid}
    if isinstance(each, str):
        return {"task": each}
    return dict(each)


def _input(client: Client, path: str, value: Input, group: str) -> dict[str, Any]:
    """Where an input comes from. A local file travels once: its key is its content."""
    if isinstance(value, Task):
        return {"from": "artifact", "task": value.uuid, "kind": "result", "path": path, "unpack": True}
    if isinstance(value, tuple):
        task, kind = value
        return {"from": "artifact", "task": task.uuid, "kind": kind, "path": path, "unpack": True}
    if isinstance(value, str) and value.startswith("attachment:"):
        return {"from": "attachment", "key": value.removeprefix("attachment:"), "path": path}
    if isinstance(value, bytes):
        key = f"inputs/{hashlib.sha256(value).hexdigest()}"
        client.ensure_bytes(key, value, group)
        return {"from": "attachment", "key": key, "path": path}
    file = Path(value)
    if file.is_dir():
        raise invalid_field("inputs", f"{file} is a folder; name its files, or pack it with tar")
    from ._transfer import file_facts

    key = f"inputs/{file_facts(file)['sha256']}"
    client.files.ensure(key, file, group=group)
    return {"from": "attachment", "key": key, "path": path}


__all__ = ["Command", "Dependency", "Duration", "Input", "args_of", "spec_of"]
