"""Connections to coordinators, stores and proxies, kept open for a moment between requests."""

from __future__ import annotations

import http.client
import os
import select
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import IO, Any, Union
from urllib.parse import SplitResult, urlsplit

from ._cancel import Scope
from ._errors import invalid_field
from ._pin import Pin
from ._proxy import Proxy, proxy_for

#: Shorter than what servers and proxies wait, so that none closes a line under a request (Node.js: 5 s).
IDLE_MAX_S = 3.0
CONNECT_S = 5.0
BLOCK = 262_144
Body = Union[bytes, "IO[bytes]", Any, None]


class NotConnected(Exception):
    """No connection was made: nothing was sent."""


class Interrupted(Exception):
    """The connection broke after something was sent: whether it arrived is unknown."""


class Connections:
    """A pool for one client. A forked process begins with an empty one and never touches its parent's sockets."""

    def __init__(self, ca: str | None = None, pin: Pin | None = None) -> None:
        self._ca = ca
        self._pin = pin
        self._contexts: dict[bool, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        self._idle: dict[str, list[tuple[HTTPConnection, float]]] = {}
        self._pid = os.getpid()

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Body,
        timeout: float,
        scope: Scope | None,
    ) -> tuple[HTTPResponse, Any]:
        """The answer, open, and what gives its connection back: `release(is_reusable=…)`."""
        parts = urlsplit(url)
        proxy = proxy_for(parts)
        key = f"{parts.scheme}://{parts.netloc}"
        connection = self._take(key) or self.connect(parts, proxy, scope)
        sock = connection.sock
        sock.settimeout(timeout)
        if scope is not None:
            scope.hold(sock)

        def release(*, is_reusable: bool = False) -> None:
            if scope is not None:
                scope.let_go(sock)
            if is_reusable and not (scope is not None and scope.is_cancelled):
                self._give(key, connection)
            else:
                connection.close()

        try:
            target = self._target(parts, proxy)
            extra = {"Proxy-Authorization": proxy.authorization} if proxy and proxy.authorization else {}
            is_plain_proxy = proxy is not None and parts.scheme == "http"
            all_headers = {**headers, **(extra if is_plain_proxy else {})}
            return self._exchange(connection, method, target, body, all_headers), release
        except BaseException as error:
            release()
            if scope is not None:
                scope.raise_if_cancelled()
            if isinstance(error, (OSError, http.client.HTTPException)):
                raise Interrupted(_reason(error, timeout)) from error
            raise

    @staticmethod
    def _exchange(
        connection: HTTPConnection, method: str, target: str, body: Body, headers: Mapping[str, str]
    ) -> HTTPResponse:
        try:
            connection.request(method, target, body=body, headers=dict(headers))
        except (BrokenPipeError, ConnectionResetError):
            # The other side may have answered before it closed: what it says counts.
            try:
                return connection.getresponse()
            except (OSError, http.client.HTTPException):
                pass
            raise
        return connection.getresponse()

    @staticmethod
    def _target(parts: SplitResult, proxy: Proxy | None) -> str:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return f"{parts.scheme}://{parts.netloc}{path}" if proxy and parts.scheme == "http" else path

    def connect(
        self, parts: SplitResult, proxy: Proxy | None, scope: Scope | None, *, is_tunnel: bool = False
    ) -> HTTPConnection:
        """A new connection, TLS included, whose other side was checked. Nothing was sent to it yet. With `is_tunnel` it
        leads straight to the other side, also without TLS through a proxy."""
        pin = self._pin if self._pin is not None and self._pin.is_for(parts) else None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise invalid_field("coordinator_addr", f'"{parts.geturl()}" is not an HTTP address')
        host, port = parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
        first_host, first_port = (proxy.host, proxy.port) if proxy else (host, port)
        connection: HTTPConnection
        if parts.scheme == "https":
            connection = HTTPSConnection(
                first_host, first_port, timeout=CONNECT_S, context=self._tls(pin is not None), blocksize=BLOCK
            )
        else:
            connection = HTTPConnection(first_host, first_port, timeout=CONNECT_S, blocksize=BLOCK)
        if proxy and (parts.scheme == "https" or is_tunnel):
            extra = {"Proxy-Authorization": proxy.authorization} if proxy.authorization else {}
            connection.set_tunnel(host, port, extra)
        try:
            connection.connect()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            if scope is not None:
                scope.raise_if_cancelled()
            by = f" through the proxy {first_host}:{first_port}" if proxy else ""
            raise NotConnected(f"{_reason(error, CONNECT_S)}{by}") from error
        if pin is not None:
            try:
                pin.check(connection.sock)
            except BaseException:
                connection.close()
                raise
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _tls(self, is_pinned: bool) -> ssl.SSLContext:
        """For the coordinator of a pin, the pin takes the place of the certificate authorities."""
        with self._lock:
            context = self._contexts.get(is_pinned)
            if context is None:
                context = ssl.create_default_context()
                if is_pinned:
                    context.check_hostname = False
                    context.verify_mode = ssl.CERT_NONE
                elif self._ca is not None:
                    try:
                        context.load_verify_locations(self._ca)
                    except (OSError, ssl.SSLError) as error:
                        raise invalid_field("ca", f"{self._ca} can't be used: {error}") from error
                self._contexts[is_pinned] = context
            return context

    def _take(self, key: str) -> HTTPConnection | None:
        now = time.monotonic()
        with self._lock:
            if self._pid != os.getpid():
                # The sockets are our parent's: forgotten, not closed, as closing TLS would end its lines.
                self._idle = {}
                self._pid = os.getpid()
            idle = self._idle.get(key, [])
            while idle:
                connection, since = idle.pop()
                if now - since < IDLE_MAX_S and not _is_over(connection.sock):
                    return connection
                connection.close()
        return None

    def _give(self, key: str, connection: HTTPConnection) -> None:
        if connection.sock is None:
            return
        with self._lock:
            if self._pid != os.getpid():
                return
            self._idle.setdefault(key, []).append((connection, time.monotonic()))

    def close(self) -> None:
        """Closes what is idle. The pool can be used again."""
        with self._lock:
            idle, self._idle = self._idle, {}
        for connections in idle.values():
            for connection, _ in connections:
                connection.close()


def _is_over(sock: socket.socket | None) -> bool:
    """True when the other side has closed an idle connection, or has said something that nobody asked for."""
    if sock is None:
        return True
    try:
        if hasattr(select, "poll"):
            poll = select.poll()
            poll.register(sock, select.POLLIN)
            return bool(poll.poll(0))
        return bool(select.select([sock], [], [], 0)[0])
    except (OSError, ValueError):
        return True


def _reason(error: BaseException, timeout: float) -> str:
    if isinstance(error, TimeoutError):
        return f"nothing came within {timeout:g} s"
    if isinstance(error, http.client.RemoteDisconnected):
        return "the connection was closed without an answer"
    return str(error) or type(error).__name__
