"""Requests to one coordinator: a pool of connections, retries, errors."""

from __future__ import annotations

import http.client
import json
import random
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPResponse
from typing import Any, TypeVar, Union
from urllib.parse import quote, urlencode, urlsplit

from ._cancel import Scope, current_scope
from ._connections import Connections, Interrupted, NotConnected
from ._errors import MitoError, invalid_field
from ._generated import kinds
from ._model import Model
from ._pin import Pin

M = TypeVar("M", bound=Model)
Query = Union[str, int, float, bool, Sequence[Union[str, int]], None]

#: A coordinator that never answered is given up after this; one that was there is waited for.
PATIENCE_S = 2.0
PATIENCE_KNOWN_S = 120.0
TIMEOUT_S = 30.0
BACKOFF_FIRST_S = 0.05
BACKOFF_MAX_S = 2.0
ERROR_MAX = 65_536


@dataclass(frozen=True)
class Call:
    """How one request is sent."""

    #: Seconds until the answer begins.
    timeout: float | None = None
    #: Seconds for which a request is repeated while the coordinator can't be reached.
    patience: float | None = None
    #: The same key gets the same answer: the request can be sent again.
    key: str | None = None
    #: True for a request that may be sent twice.
    repeatable: bool | None = None
    headers: Mapping[str, str] | None = None


class Stream:
    """An answer that is read piece by piece. Leaving it closes its connection."""

    def __init__(self, response: HTTPResponse, release: Any, scope: Scope | None) -> None:
        self._response = response
        self._release = release
        self._scope = scope
        length = response.getheader("Content-Length")
        self._left = int(length) if length is not None and length.isdigit() else None

    def read(self, size: int = 65_536) -> bytes:
        """At least one byte, or none at the end. Raises `stream_interrupted` when it breaks off before."""
        try:
            piece = self._response.read1(size)
            if self._left is not None:
                self._left -= len(piece)
                if not piece and self._left > 0:
                    raise OSError(f"{self._left} bytes are missing")
            return piece
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            if self._scope is not None:
                self._scope.raise_if_cancelled()
            raise kinds.UnavailableError("stream_interrupted", f"the stream broke off: {error}") from error

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.read():
            yield piece

    def close(self) -> None:
        self._release()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def path_part(name: str) -> str:
    """A part of a path, encoded. A name that would lead to another path is refused."""
    if not str(name).strip() or name in (".", ".."):
        raise invalid_field("name", f'"{name}" names nothing')
    return quote(str(name), safe="")


def query_text(field: str, value: Query) -> str:
    """A condition as a coordinator wants it. An empty one is refused: dropped, it would select everything."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str) and isinstance(value, Sequence):
        texts = [str(item) for item in value]
        if not texts or any(not text.strip() for text in texts):
            raise invalid_field(field, "is empty; leave it out")
        wrong = next((text for text in texts if "," in text), None)
        if wrong is not None:
            raise invalid_field(field, f'"{wrong}" has a comma, which separates the items')
        return ",".join(texts)
    text = str(value)
    if not text.strip():
        raise invalid_field(field, "is empty; leave it out")
    return text


def query_string(values: Mapping[str, Query]) -> str:
    return urlencode({field: query_text(field, value) for field, value in values.items() if value is not None})


def error_of(status: int, reason: str, text: str, request: str | None) -> MitoError:
    kind = kinds.OF_STATUS.get(status) or (kinds.UnavailableError if status >= 500 else kinds.InvalidError)
    try:
        error = json.loads(text)["error"]
        message = str(error["message"])
        if status >= 500 and request:
            message = f"{message} (request {request})"
        return kind(str(error["code"]), message, details=error.get("details"), request=request)
    except (ValueError, KeyError, TypeError):
        return kind("unexpected_answer", f"the coordinator answered {status} {reason}", request=request)


class Transport:
    """Sends requests to the coordinator at `url`. Safe for threads, and after a `fork`."""

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        ca: str | None = None,
        pin: str | None = None,
        timeout: float = TIMEOUT_S,
        patience: float | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self.token = token
        self.timeout = timeout
        self.patience = patience
        self.connections = Connections(ca, None if pin is None else Pin(self.url, pin))
        self.was_reached = False

    def address(self, place: str) -> str:
        """Where `place` is: below the path prefix of the coordinator, or where its full URL says."""
        if urlsplit(place).scheme:
            return place
        return f"{self.url}/{place.lstrip('/')}"

    def model(self, method: str, path: str, model: type[M], **options: Any) -> M:
        return model(self.value(method, path, **options))

    def empty(self, method: str, path: str, **options: Any) -> None:
        self._repeated(method, path, **options)

    def value(self, method: str, path: str, **options: Any) -> Any:
        body = self._repeated(method, path, **options)
        return json.loads(body) if body else None

    def stream(self, method: str, path: str, **options: Any) -> Stream:
        """An open answer; retried only until it begins."""
        return self._with_patience(method, path, is_stream=True, **options)  # type: ignore[no-any-return]

    def _repeated(self, method: str, path: str, **options: Any) -> bytes:
        return self._with_patience(method, path, is_stream=False, **options)  # type: ignore[no-any-return]

    def _with_patience(self, method: str, path: str, *, call: Call | None = None, **options: Any) -> Any:
        call = call or Call()
        if call.repeatable is None:
            call = replace(call, repeatable=call.key is not None or method not in ("POST", "PATCH"))
        begun = time.monotonic()
        pause = BACKOFF_FIRST_S
        scope = current_scope()
        while True:
            try:
                return self._once(method, path, call, **options)
            except MitoError as error:
                # What never arrived can be sent again, whatever it is.
                is_limited = error.kind == "rate-limited"
                is_safe = call.repeatable or is_limited or isinstance(error.__cause__, NotConnected)
                is_passing = is_limited or error.kind == "unavailable"
                wait = pause * (0.5 + random.random())
                if not is_passing or not is_safe or time.monotonic() + wait > begun + self._patience_of(call):
                    raise
                sleep(wait, scope)
                pause = min(pause * 2, BACKOFF_MAX_S)

    def _patience_of(self, call: Call) -> float:
        patience = call.patience if call.patience is not None else self.patience
        if patience is not None:
            return patience
        return PATIENCE_KNOWN_S if self.was_reached else PATIENCE_S

    def _once(
        self,
        method: str,
        path: str,
        call: Call,
        *,
        body: Any = None,
        data: bytes | None = None,
        query: Mapping[str, Query] | None = None,
        is_stream: bool = False,
    ) -> Any:
        text = query_string(query) if query else ""
        url = self.address(path) + (f"?{text}" if text else "")
        request = str(uuid.uuid4())
        headers = {"X-Request-Id": request, "Accept": "*/*", **(call.headers or {})}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if call.key is not None:
            headers["Idempotency-Key"] = call.key
        if body is not None:
            data = encode_json(body)
            headers["Content-Type"] = "application/json"
        timeout = call.timeout if call.timeout is not None else self.timeout
        scope = current_scope()
        with self._unreachable(scope):
            response, release = self.connections.send(method, url, headers, data, timeout, scope)
            self.was_reached = True
            if response.status >= 300:
                refused = response.read(ERROR_MAX).decode("utf-8", "replace")
                release(is_reusable=response.isclosed())
                raise error_of(response.status, response.reason, refused, request)
            if is_stream:
                return Stream(response, release, scope)
            received = response.read()
            release(is_reusable=True)
            return received

    @contextmanager
    def _unreachable(self, scope: Scope | None) -> Iterator[None]:
        try:
            yield
        except (NotConnected, Interrupted) as error:
            if scope is not None:
                scope.raise_if_cancelled()
            raise kinds.UnavailableError(
                "coordinator_unreachable", f"the coordinator at {self.url} can't be reached ({error})"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            if scope is not None:
                scope.raise_if_cancelled()
            raise kinds.UnavailableError(
                "coordinator_unreachable", f"the coordinator at {self.url} did not finish its answer ({error!r})"
            ) from error


def encode_json(body: Any) -> bytes:
    """JSON that the coordinator takes: no NaN, and an error that names what can't be sent."""
    try:
        return json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        raise invalid_field("body", str(error)) from error


def sleep(seconds: float, scope: Scope | None) -> None:
    if scope is None:
        time.sleep(seconds)
    else:
        scope.wait(seconds)


__all__ = ["Call", "Query", "Stream", "Transport", "path_part", "query_string"]
