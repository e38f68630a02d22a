"""Streams into running tasks: a WebSocket (RFC 6455) over the connections of the client."""

from __future__ import annotations

import base64
import hashlib
import http.client
import io
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from ._cancel import current_scope
from ._connections import NotConnected
from ._errors import MitoError
from ._generated import kinds
from ._proxy import proxy_for
from ._transport import ERROR_MAX, Query, Transport, error_of, query_string

#: A worker has 15 s until a stream is open.
OPEN_S = 30.0
#: The coordinator sends a ping every 15 s.
SILENCE_S = 60.0
PIECE = 65_536
_MESSAGE_MAX = 16 * 2**20
_KEY = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0, 1, 2, 8, 9, 10


class TaskSocket:
    """Bytes in both directions, and how it ended. One thread reads; any thread may write."""

    def __init__(self, transport: Transport, path: str, *, query: Mapping[str, Query] | None = None) -> None:
        text = query_string(query) if query else ""
        self._url = transport.address(path) + (f"?{text}" if text else "")
        self._transport = transport
        self._lock = threading.Lock()
        self._rest = b""
        self._scope = current_scope()
        self._connection = self._open()
        self._sock: socket.socket = self._connection.sock
        if self._scope is not None:
            self._scope.hold(self._sock)

    def _open(self) -> http.client.HTTPConnection:
        """The handshake. A refusal is the error that the coordinator says."""
        parts = urlsplit(self._url)
        try:
            connection = self._transport.connections.connect(parts, proxy_for(parts), self._scope, is_tunnel=True)
        except NotConnected as error:
            raise kinds.UnavailableError(
                "coordinator_unreachable", f"the coordinator at {self._transport.url} can't be reached ({error})"
            ) from error
        key = base64.b64encode(os.urandom(16)).decode()
        headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
        if self._transport.token:
            headers["Authorization"] = f"Bearer {self._transport.token}"
        try:
            connection.sock.settimeout(OPEN_S)
            place = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", place, headers={**headers, "Sec-WebSocket-Key": key})
            self._check_answer(connection.sock, key)
            connection.sock.settimeout(SILENCE_S)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            if self._scope is not None:
                self._scope.raise_if_cancelled()
            raise _lost(str(error)) from error
        except BaseException:
            connection.close()
            raise
        return connection

    def _check_answer(self, sock: socket.socket, key: str) -> None:
        """Reads no further than the headers, as a stream begins behind them; what came with them is kept."""
        received = b""
        while b"\r\n\r\n" not in received:
            piece = sock.recv(PIECE)
            if not piece or len(received) > ERROR_MAX:
                raise _lost("it gave no answer to the handshake")
            received += piece
        head, _, self._rest = received.partition(b"\r\n\r\n")
        first, _, lines = head.partition(b"\r\n")
        headers = http.client.parse_headers(io.BytesIO(lines + b"\r\n\r\n"))
        status, _, reason = first.decode("latin-1").partition(" ")[2].partition(" ")
        if status != "101":
            left = min(int(headers.get("Content-Length") or 0), ERROR_MAX) - len(self._rest)
            while left > 0 and (piece := sock.recv(left)):
                self._rest += piece
                left -= len(piece)
            code = int(status) if status.isdigit() else 502
            raise error_of(code, reason, self._rest.decode("utf-8", "replace"), None)
        wanted = base64.b64encode(hashlib.sha1((key + _KEY).encode()).digest()).decode()
        if headers.get("Sec-WebSocket-Accept") != wanted:
            raise _lost("what answered is not the coordinator")

    def say(self, message: Mapping[str, Any]) -> None:
        """One message as text."""
        self._send(_TEXT, json.dumps(message).encode())

    def write(self, data: bytes) -> None:
        """Bytes to the task; waits while it takes none."""
        for at in range(0, len(data), PIECE):
            self._send(_BINARY, data[at : at + PIECE])

    def messages(self) -> Iterator[bytes | dict[str, Any]]:
        """Data as bytes and everything else as objects; the last one is `closed`. Raises why the stream was refused or
        has broken off."""
        while True:
            kind, data = self._message()
            if kind == _CLOSE:
                raise _lost()
            if kind == _BINARY:
                yield data
                continue
            message: dict[str, Any] = json.loads(data)
            if message.get("error"):
                raise _error_of(message["error"])
            yield message
            if message.get("type") == "closed":
                return

    def close(self) -> None:
        """Ends it: a command is ended with it."""
        if self._scope is not None:
            self._scope.let_go(self._sock)
        # Wakes a thread that reads.
        try:
            self._send(_CLOSE, b"")
            self._sock.shutdown(socket.SHUT_RDWR)
        except (OSError, MitoError):
            pass
        self._connection.close()

    def _send(self, kind: int, data: bytes) -> None:
        size = len(data)
        head = bytes([0x80 | kind])
        if size < 126:
            head += bytes([0x80 | size])
        elif size < 65_536:
            head += bytes([0x80 | 126]) + size.to_bytes(2, "big")
        else:
            head += bytes([0x80 | 127]) + size.to_bytes(8, "big")
        mask = os.urandom(4)
        try:
            with self._lock:
                self._sock.sendall(head + mask + _masked(data, mask))
        except OSError as error:
            self._raise_broken(error)

    def _message(self) -> tuple[int, bytes]:
        """The next message; pings are answered."""
        kind, whole = 0, b""
        while True:
            first, second = self._take(2)
            size = second & 0x7F
            if size >= 126:
                size = int.from_bytes(self._take(2 if size == 126 else 8), "big")
            opcode = first & 0x0F
            if first & 0x70 or second & 0x80 or size + len(whole) > _MESSAGE_MAX:
                raise _lost("it sent what is not a WebSocket frame")
            data = self._take(size)
            if opcode == _PING:
                self._send(_PONG, data)
            elif opcode == _CLOSE:
                return _CLOSE, data
            elif opcode in (_CONTINUATION, _TEXT, _BINARY):
                kind = opcode or kind
                whole += data
                if first & 0x80:
                    return kind, whole

    def _take(self, size: int) -> bytes:
        pieces = [self._rest[:size]]
        self._rest = self._rest[size:]
        left = size - len(pieces[0])
        while left > 0:
            try:
                piece = self._sock.recv(min(left, 262_144))
            except OSError as error:
                self._raise_broken(error)
            if not piece:
                self._raise_broken(None)
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    def _raise_broken(self, error: OSError | None) -> None:
        if self._scope is not None:
            self._scope.raise_if_cancelled()
        raise _lost() from error


def _masked(data: bytes, mask: bytes) -> bytes:
    size = len(data)
    pattern = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "big") ^ int.from_bytes(pattern, "big")).to_bytes(size, "big")


def _lost(why: str = "") -> MitoError:
    text = "the connection to the coordinator was lost before the end was known"
    return kinds.UnavailableError("stream_lost", f"{text} ({why})" if why else text)


def _error_of(error: Mapping[str, Any]) -> MitoError:
    code = str(error.get("code"))
    kind = kinds.OF_CODE.get(code, kinds.UnavailableError)
    return kind(code, str(error.get("message")))


class Forward:
    """A port of this machine that leads to a port on which a running task listens. Leaving the `with` block, or
    `close()`, ends it with its connections; so does the end of this program, and the end of the task."""

    def __init__(self, open_socket: Callable[[bool], TaskSocket], host: str, local_port: int) -> None:
        self._open_socket = open_socket
        self._watching = open_socket(True)
        try:
            self._listening = socket.create_server((host, local_port))
        except OSError:
            self._watching.close()
            raise
        self._open: set[Any] = set()
        self._lock = threading.Lock()
        self._is_closed = False
        #: Where it listens, and the port there.
        self.host = host
        self.port: int = self._listening.getsockname()[1]
        #: How the task ended, or why the connection to it did; None while it lasts.
        self.ended: str | None = None
        for work in (self._accept, self._watch):
            threading.Thread(target=work, daemon=True, name="mitosis-forward").start()

    @property
    def url(self) -> str:
        """For a browser: `http://127.0.0.1:PORT`."""
        return f"http://{self.host}:{self.port}"

    def close(self) -> None:
        """Stops listening, and closes its connections. Can be called twice."""
        with self._lock:
            self._is_closed = True
            left, self._open = self._open, set()
        try:
            self._listening.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listening.close()
        for each in (*left, self._watching):
            each.close()

    def _watch(self) -> None:
        try:
            for _ in self._watching.messages():
                pass
            self.ended = "the task has ended"
        except MitoError as error:
            self.ended = self.ended or error.message
        self.close()

    def _accept(self) -> None:
        while not self._is_closed:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(near,), daemon=True, name="mitosis-forward").start()

    def _serve(self, near: socket.socket) -> None:
        try:
            far = self._open_socket(False)
        except MitoError:
            near.close()
            return
        with self._lock:
            if not self._is_closed:
                self._open |= {near, far}
        if self._is_closed:
            near.close()
            far.close()
            return
        threading.Thread(target=self._up, args=(near, far), daemon=True, name="mitosis-forward").start()
        try:
            for message in far.messages():
                if isinstance(message, bytes):
                    near.sendall(message)
                elif message["type"] == "end":
                    near.shutdown(socket.SHUT_WR)
        except (OSError, MitoError):
            pass
        finally:
            with self._lock:
                self._open -= {near, far}
            far.close()
            near.close()

    @staticmethod
    def _up(near: socket.socket, far: TaskSocket) -> None:
        try:
            while piece := near.recv(PIECE):
                far.write(piece)
            far.say({"type": "end"})
        except (OSError, MitoError):
            far.close()

    def __enter__(self) -> Forward:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Forward {self.host}:{self.port}{' closed' if self._is_closed else ''}>"
