"""Cancellation of what a thread waits for: closing its connection wakes it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Cancelled(BaseException):
    """Raised in the thread whose scope was cancelled. Not an `Exception`: nothing handles it by accident."""


class Scope:
    """What one call has open. `cancel` may be called from any thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()

    def cancel(self) -> None:
        self._event.set()
        with self._lock:
            sockets = list(self._sockets)
        for each in sockets:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    @property
    def is_cancelled(self) -> bool:
        return self._event.is_set()

    def raise_if_cancelled(self) -> None:
        if self._event.is_set():
            raise Cancelled

    def wait(self, seconds: float) -> None:
        self._event.wait(seconds)
        self.raise_if_cancelled()

    @contextmanager
    def holding(self, connection: socket.socket | None) -> Iterator[None]:
        if connection is not None:
            self.hold(connection)
        try:
            self.raise_if_cancelled()
            yield
        finally:
            if connection is not None:
                self.let_go(connection)

    def hold(self, connection: socket.socket) -> None:
        with self._lock:
            self._sockets.add(connection)

    def let_go(self, connection: socket.socket) -> None:
        with self._lock:
            self._sockets.discard(connection)


_scope: ContextVar[Scope | None] = ContextVar("mitosis_scope", default=None)


def current_scope() -> Scope | None:
    return _scope.get()


@contextmanager
def scoped(scope: Scope) -> Iterator[None]:
    token = _scope.set(scope)
    try:
        yield
    finally:
        _scope.reset(token)
