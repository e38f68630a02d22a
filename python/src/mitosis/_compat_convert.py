"""From the words of the original to ours, and back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from ._compat_shapes import RECORDS, ErrorMsg, Record, TaskResultMessage, TaskSpec, TaskState, UserGroupRole
from ._errors import invalid_field
from ._units import duration_ms

_STATES = {"pending": "Pending", "ready": "Ready", "running": "Running", "completed": "Finished"}
_OURS = {
    "Pending": ["pending"],
    "Ready": ["ready"],
    "Running": ["running"],
    "Finished": ["completed", "failed"],
    "Cancelled": ["cancelled"],
}
#: Why a task did not finish, by our reason.
_REASONS = {
    "timeout": TaskResultMessage.EXEC_TIMEOUT,
    "resource_unavailable": TaskResultMessage.RESOURCE_NOT_FOUND,
    "upload_failed": TaskResultMessage.UPLOAD_RESULT_TIMEOUT,
    "invalid_new_task": TaskResultMessage.SUBMIT_NEW_TASK_FAILED,
    "dependency_failed": TaskResultMessage.WATCH_TIMEOUT,
    "not_needed": TaskResultMessage.WATCH_TIMEOUT,
    "cancelled": TaskResultMessage.USER_CANCELLATION,
}
_CANCELLED = {"timeout", "resource_unavailable", "dependency_failed", "not_needed", "cancelled"}
#: What a task waits for, by the state of execution that it watches.
_WHEN = {"ExecFinished": "ended", "UploadFinishedResult": "ended", "TaskCommitted": "ended"}
_WHEN |= {"UploadResultFinished": "ended", "ExecTimeout": "failed", "UploadCancelledResult": "failed"}


def text(value: Any) -> str:
    return str(value.value if isinstance(value, Enum) else value)


def texts(values: Iterable[Any] | None) -> list[str] | None:
    return sorted(text(value) for value in values) if values else None


def moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value.replace("Z", "+00:00"))


def millis(value: Any) -> int:
    if isinstance(value, str):
        value = value.replace(" ", "")
    return duration_ms(value if isinstance(value, (str, timedelta)) else float(value), "timeout")


def role(value: Any) -> str:
    return text(value).lower()


def their_role(value: str) -> UserGroupRole:
    return UserGroupRole("Write" if value == "write-wasm" else value.capitalize())


def quota(value: Any) -> dict[str, int]:
    """`"5"` sets, `"+2"` and `"-1GB"` change."""
    match = re.fullmatch(r"([+-]?)(\d+)\s*([KMGT]?)(i?)B?", str(value).strip(), re.I)
    if match is None:
        raise invalid_field("quota", f'"{value}" is not a number such as 5, +2 or -1GB')
    number = int(match[2]) * (1024 if match[4] else 1000) ** " KMGT".index(match[3].upper() or " ")
    return {"add": -number if match[1] == "-" else number} if match[1] else {"set": number}


def spec_fields(spec: Any) -> dict[str, Any]:
    """Fields of our submission for a `TaskSpec`."""
    spec = spec if isinstance(spec, Record) else TaskSpec(**spec)
    fields: dict[str, Any] = {
        "args": [str(arg) for arg in spec.args],
        "env": {name: str(value) for name, value in (spec.envs or {}).items()},
        "terminal": bool(spec.terminal_output),
        "resources": [_resource(each) for each in spec.resources or []],
    }
    if spec.watch:
        task, state = spec.watch
        fields["after"] = [{"task": str(task), "when": _WHEN.get(text(state), "started")}]
    return fields


def _resource(each: Any) -> dict[str, Any]:
    file = each.remote_file if isinstance(each, Record) else each["remote_file"]
    path = str(each.local_path if isinstance(each, Record) else each["local_path"])
    found = file.model_dump() if isinstance(file, Record) else file
    if "Attachment" in found:
        return {"from": "attachment", "key": found["Attachment"]["key"], "path": path}
    if "Artifact" in found:
        artifact = found["Artifact"]
        return {"from": "artifact", "task": str(artifact["uuid"]), "kind": text(artifact["content_type"]), "path": path}
    raise invalid_field("resources", f"{each!r} is neither an artifact nor an attachment")


def submission(request: Any) -> dict[str, Any]:
    fields = spec_fields(request.task_spec)
    fields["group"] = request.group_name
    for name in ("tags", "labels"):
        found = texts(getattr(request, name))
        if found:
            fields[name] = found
    fields["priority"] = int(request.priority or 0)
    fields["timeout_ms"] = millis(request.timeout if request.timeout is not None else timedelta(minutes=10))
    return fields


def task_filter(request: Any, own_group: str) -> dict[str, Any]:
    """Our filter; the original means the caller's own group when none is named."""
    creators = texts(request.creator_usernames)
    if creators is not None and len(creators) > 1:
        raise invalid_field("creator_usernames", "name one; this coordinator filters by one creator")
    states = [state for each in request.states or [] for state in _OURS.get(text(each), [])]
    found = {
        "group": request.group_name or own_group,
        "creator": creators[0] if creators else None,
        "tags": texts(request.tags),
        "labels": texts(request.labels),
        "state": sorted(set(states)) or None,
        "exit_code": _exit_code(request.exit_status),
        "priority": request.priority,
        "worker": str(request.reporter_uuid) if request.reporter_uuid else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _exit_code(comparison: str | None) -> str | None:
    """A raw wait status has the exit code in its second byte."""
    if comparison is None:
        return None
    match = re.fullmatch(r"\s*(=|!=|<=|<|>=|>)?\s*(\d+)\s*", comparison)
    if match is None:
        raise invalid_field("exit_status", f'"{comparison}" is not a comparison such as 0 or !=0')
    number = int(match[2])
    return f"{match[1] or ''}{number // 256 if number >= 256 else number}"


def task_info(view: Any) -> Record:
    state = (
        "Cancelled" if view.reason in _CANCELLED or view.state == "cancelled" else _STATES.get(view.state, "Finished")
    )
    result = None
    if state in ("Finished", "Cancelled"):
        status = (view.exit_code or 0) * 256
        result = RECORDS["TaskResultSpec"](exit_status=status, msg=_REASONS.get(view.reason or ""))
    spec = TaskSpec(
        args=list(view.args), envs=dict(view.env or {}), terminal_output=view.terminal, resources=list(view.resources)
    )
    return RECORDS["TaskQueryInfo"](
        uuid=UUID(view.uuid),
        creator_username=view.creator,
        group_name=view.group,
        task_id=UUID(view.uuid).int >> 80,
        tags=list(view.tags),
        labels=list(view.labels),
        created_at=moment(view.created_at),
        updated_at=moment(view.finished_at or view.started_at or view.created_at),
        state=TaskState(state),
        timeout=(view.timeout_ms or 0) // 1000,
        priority=view.priority,
        spec=spec,
        result=result,
        upstream_task_uuid=UUID(view.upstream) if view.upstream else None,
        reporter_uuid=UUID(view.worker) if view.worker else None,
    )


def refused(error: Exception) -> ErrorMsg:
    return ErrorMsg(msg=str(error))
