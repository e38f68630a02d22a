"""Streams that survive broken connections: the output of a task, and what changes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from ._cancel import current_scope
from ._errors import MitoError
from ._generated.models import TaskSummaries
from ._model import Model
from ._sse import FrameReader, LogPiece, events_of
from ._transport import Call, Query, Transport, path_part, sleep

#: The coordinator says something at least every 15 s.
SILENCE_S = 45.0
RECONNECT_S = 0.5
PATIENCE_S = 120.0


class Change(Model):
    """Something that has changed: `type` is `task`, `job` or `group`."""

    __slots__ = ()
    type: str
    task: str | None
    job: str | None
    group: str
    state: str | None
    progress: float | None
    message: str | None
    change: str | None


def follow_output(
    transport: Transport, uuid: str, *, attempt: int | None = None, is_snapshot: bool = False
) -> Iterator[LogPiece]:
    """Everything a task prints, from the beginning of its last attempt, without loss or duplication."""
    query: dict[str, Query] = {"attempt": attempt, "follow": "false" if is_snapshot else None}
    last_id: str | None = None
    alive: float | None = None
    reader = FrameReader(0)
    while True:
        try:
            headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last_id} if last_id else {})}
            call = Call(headers=headers, timeout=SILENCE_S)
            with transport.stream("GET", f"/tasks/{path_part(uuid)}/output", query=query, call=call) as stream:
                alive = time.monotonic()
                for event in events_of(stream):
                    alive = time.monotonic()
                    last_id = event.id or last_id
                    if event.event == "end":
                        yield from reader.end()
                        return
                    if event.event != "output":
                        continue
                    data = json.loads(event.data)
                    if data["attempt"] != reader.attempt:
                        yield from reader.end()
                        reader = FrameReader(data["attempt"])
                    yield from reader.push(_bytes_of(data["frames_base64"]))
        except MitoError as error:
            if error.kind != "unavailable" or alive is None or time.monotonic() - alive > PATIENCE_S:
                raise
        alive = alive if alive is not None else time.monotonic()
        sleep(RECONNECT_S, current_scope())


def follow_events(transport: Transport, filters: dict[str, Any]) -> Iterator[Change]:
    """Changes as they happen. Reconnects after broken connections; changes during the gap are lost."""
    was_connected = False
    while True:
        try:
            call = Call(headers={"Accept": "text/event-stream"}, timeout=SILENCE_S)
            with transport.stream("GET", "/events", query=filters, call=call) as stream:
                was_connected = True
                for event in events_of(stream):
                    if event.event in ("task", "job", "group"):
                        yield Change({"type": event.event, **json.loads(event.data)})
        except MitoError as error:
            if error.kind != "unavailable" or not was_connected:
                raise
        sleep(RECONNECT_S, current_scope())


def _bytes_of(text: str) -> bytes:
    import base64

    return base64.b64decode(text)


def wait_for(transport: Transport, uuids: list[str], seconds: float) -> TaskSummaries:
    """How tasks are: when all have ended, or after some seconds."""
    body = {"uuids": uuids, "timeout_ms": round(seconds * 1000)}
    call = Call(repeatable=True, timeout=seconds + 30)
    return transport.model("POST", "/tasks/wait", TaskSummaries, body=body, call=call)
