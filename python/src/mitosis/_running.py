"""What can be done inside of a task while it runs: commands, ports, files, its terminal."""

from __future__ import annotations

import base64
import os
import tarfile
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._errors import MitoError, invalid_field
from ._files import PathLike, unpack_safely
from ._generated.models import TaskFiles
from ._socket import Forward, TaskSocket
from ._spec import Command, args_of
from ._transport import Call, Query, path_part

if TYPE_CHECKING:
    from ._client import Client

#: What takes the output of a command: bytes, and `stdout` or `stderr`.
OnOutput = Callable[[bytes, str], object]
_TYPED_MAX = 16_384
_PIECE = 1_048_576


@dataclass(frozen=True)
class Executed:
    """How a command beside a task ended: `exit_code`, or the `signal` that has ended it, and what it printed."""

    args: list[str]
    exit_code: int | None
    signal: str | None
    #: Bytes as it printed them; empty when they went to `on_output`.
    stdout_bytes: bytes
    stderr_bytes: bytes

    @property
    def stdout(self) -> str:
        """What it printed, as UTF-8."""
        return self.stdout_bytes.decode("utf-8", "replace")

    @property
    def stderr(self) -> str:
        """What it printed on stderr, as UTF-8."""
        return self.stderr_bytes.decode("utf-8", "replace")


def exec_in(
    client: Client, task: str, command: Command, stdin: str | bytes | None, on_output: OnOutput | None
) -> Executed:
    args = args_of(command)
    stream = TaskSocket(client.transport, f"/tasks/{path_part(task)}/exec")
    printed: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
    closed: dict[str, Any] = {}
    try:
        stream.say({"type": "open", "args": args})
        for message in stream.messages():
            if isinstance(message, bytes):
                channel = "stderr" if message[:1] == b"\2" else "stdout"
                if on_output is not None:
                    on_output(message[1:], channel)
                else:
                    printed[channel].append(message[1:])
            elif message["type"] == "opened":
                # In a thread: a command that prints before it reads would wait for us, and we for it.
                data = stdin.encode() if isinstance(stdin, str) else stdin or b""
                threading.Thread(target=_feed, args=(stream, data), daemon=True, name="mitosis-exec").start()
            elif message["type"] == "closed":
                closed = message
    finally:
        stream.close()
    output = {name: b"".join(pieces) for name, pieces in printed.items()}
    return Executed(args, closed.get("exit_code"), closed.get("signal"), output["stdout"], output["stderr"])


def _feed(stream: TaskSocket, data: bytes) -> None:
    try:
        stream.write(data)
        stream.say({"type": "end"})
    except (OSError, MitoError):  # whoever reads hears of it
        pass


def forward(client: Client, task: str, port: int, local_port: int, host: str) -> Forward:
    if isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65_536:
        raise invalid_field("port", f"{port!r} is not a port: a whole number from 1 to 65535")

    def open_socket(is_watch: bool) -> TaskSocket:
        query: dict[str, Query] = {"port": port, **({"watch": "true"} if is_watch else {})}
        stream = TaskSocket(client.transport, f"/tasks/{path_part(task)}/forward", query=query)
        try:
            opened = next(stream.messages())
        except BaseException:
            stream.close()
            raise
        assert isinstance(opened, dict)
        return stream

    return Forward(open_socket, host, local_port)


def files_of(client: Client, task: str, path: str | None) -> TaskFiles:
    return client.api.tasks_files(task, path=path)


def read_file(client: Client, task: str, path: str) -> bytes:
    with client.api.tasks_file(task, path=path, packed="false") as stream:
        return b"".join(stream)


def download_file(client: Client, task: str, path: str, to: PathLike) -> Path:
    """A file appears when all of it is there. A folder is unpacked into `to`."""
    is_folder = files_of(client, task, path).is_folder
    target = Path(to)
    if is_folder:
        target.mkdir(parents=True, exist_ok=True)
    elif target.is_dir() or os.fspath(to).endswith(("/", os.sep)):
        target = target / path.rstrip("/").rsplit("/", 1)[-1]
    folder = target if is_folder else target.parent
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{uuid.uuid4().hex}.part"
    try:
        packed = "true" if is_folder else "false"
        with client.api.tasks_file(task, path=path, packed=packed) as stream, open(draft, "wb") as file:
            while piece := stream.read(_PIECE):
                file.write(piece)
        if is_folder:
            with tarfile.open(draft) as archive:
                unpack_safely(archive, target)
        else:
            os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    return target


def type_in(client: Client, task: str, data: str | bytes, size: Sequence[int], wait: float) -> None:
    """Every byte once and in order, whatever requests and responses are lost."""
    cols, rows = size
    body: Any = {"cols": cols, "rows": rows, "wait_ms": round(wait * 1000)}
    call = Call(repeatable=True, timeout=wait + 30)
    attempt = client.api.tasks_open_terminal(task, body, call=call).attempt
    typed = data.encode() if isinstance(data, str) else data
    session, at = str(uuid.uuid4()), 0
    while at < len(typed):
        piece = typed[at : at + _TYPED_MAX]
        body = {
            "attempt": attempt,
            "session": session,
            "offset": at,
            "data_base64": base64.b64encode(piece).decode(),
        }
        taken = client.api.tasks_type(task, body, call=Call(repeatable=True)).taken
        if taken < at + len(piece):
            from ._generated.kinds import ConflictError

            raise ConflictError("input_gap", "The terminal has not taken what was typed.")
        at += len(piece)
