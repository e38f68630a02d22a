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
from ._placeholders import fill, fill_args
from ._task import Task
from ._units import Duration, duration_ms, size_bytes, time_text

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
    "start_in": "start_in_ms",
}
#: Fields of `submit` that stand for others, or that are translated here.
_OWN = ("workdir", "from_checkpoint", "start_at", "log_limit")
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
        if value is None or name in _NEEDS or name in _OWN:
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
    _add_own(client, spec, fields)
    return spec  # type: ignore[return-value]


def _add_own(client: Client, spec: dict[str, Any], fields: Mapping[str, Any]) -> None:
    workdir, start, log_limit = fields.get("workdir"), fields.get("start_at"), fields.get("log_limit")
    checkpoint = fields.get("from_checkpoint")
    if workdir is not None:
        if spec.get("code") is not None:
            raise invalid_field("code", "is given besides workdir: give one of the two")
        spec["code"] = client.code.send(workdir, group=spec.get("group"), env_setup=spec.get("env_setup"))
    if checkpoint is not None:
        spec["from_checkpoint"] = checkpoint.uuid if isinstance(checkpoint, Task) else checkpoint
    if start is not None:
        spec["start_at"] = time_text(start)
    if log_limit is not None:
        spec["log_limit_bytes"] = size_bytes(log_limit, "log_limit")


def changes_of(client: Client, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes of a submission, in the words of `submit`; the command is `command`."""
    given = dict(changes)
    command = given.pop("command", None)
    spec: dict[str, Any] = {**spec_of(client, command if command is not None else ["true"], **given)}
    if command is None:
        del spec["args"]
    if "group" not in given:
        spec.pop("group", None)
    return spec


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


def filled(template: Mapping[str, Any], params: Mapping[str, Any]) -> SubmitTask:
    """The task of one combination."""
    spec = dict(template)
    spec["args"] = fill_args(template["args"], params)
    spec["params"] = dict(params)
    for name in ("name", "cwd"):
        if name in spec:
            spec[name] = fill(spec[name], params, name)
    for name in ("labels", "tags"):
        if name in spec:
            spec[name] = [fill(text, params, name) for text in spec[name]]
    if "env" in spec:
        spec["env"] = {name: fill(text, params, "env") for name, text in spec["env"].items()}
    return spec  # type: ignore[return-value]


__all__ = ["Command", "Dependency", "Duration", "Input", "args_of", "spec_of"]
