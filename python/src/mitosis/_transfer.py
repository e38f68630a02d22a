"""Files on their way to and from the object store: in parts, resumed, checked by SHA-256."""

from __future__ import annotations

import hashlib
import http.client
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeVar
from urllib.parse import urlsplit

from ._cancel import current_scope, scoped
from ._connections import Interrupted, NotConnected
from ._errors import MitoError
from ._generated import kinds
from ._generated.models import FileFacts, SignedRequest, StoredFile, UploadTicket
from ._transport import ERROR_MAX, Call, Transport, sleep

T = TypeVar("T")
PIECE = 1_048_576
TRIES = 6
IDLE_S = 60.0
#: Parts whose requests are signed together: few, so that none expires before it is sent.
SIGNED_TOGETHER = 16
PARTS_AT_ONCE = 3
COMPLETE_S = 1_800.0
#: A store that could not be reached is not tried again for this long.
AWAY_S = 300.0
Progress = Callable[[int], None]


def file_facts(path: Path) -> FileFacts:
    """Size and SHA-256 of a file, read once."""
    digest = hashlib.sha256()
    size = 0
    try:
        with open(path, "rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece)
                size += len(piece)
    except OSError as error:
        raise kinds.InvalidError("file_unreadable", f"{path} can't be read: {error.strerror or error}") from error
    return {"size_bytes": size, "sha256": digest.hexdigest()}


def with_retries(work: Callable[[], T], has_advanced: Callable[[], bool] = lambda: False) -> T:
    """Repeats after passing errors, with backoff; progress starts the count again."""
    tries = 1
    while True:
        try:
            return work()
        except MitoError as error:
            if has_advanced():
                tries = 1
            if error.kind not in ("unavailable", "rate-limited") or tries >= TRIES:
                raise
            sleep(min(0.2 * 2 ** (tries - 1), 5.0) * (0.5 + random.random()), current_scope())
            tries += 1


@dataclass
class StoreRoute:
    """The way to the object store: straight, or through the coordinator where no connection can be made."""

    transport: Transport
    _away: dict[str, float] = field(default_factory=dict)

    def take(self, signed: SignedRequest, send: Callable[[str, str, dict[str, str]], T]) -> T:
        direct = self.transport.address(signed.url)
        if not signed.relay_url:
            return send(signed.method, direct, dict(signed.headers))
        origin = urlsplit(direct).netloc
        relayed = self.transport.address(signed.relay_url)
        if time.monotonic() < self._away.get(origin, 0.0):
            return send(signed.method, relayed, {})
        try:
            return send(signed.method, direct, dict(signed.headers))
        except MitoError as error:
            if not isinstance(error.__cause__, NotConnected):
                raise
            self._away[origin] = time.monotonic() + AWAY_S
            return send(signed.method, relayed, {})


class Transfers:
    """Uploads and downloads through one transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._route = StoreRoute(transport)

    def upload(self, path: str, facts: dict[str, Any], file: Path, progress: Progress | None = None) -> StoredFile:
        """Begins, sends what is missing and completes; the same call after an interruption continues."""
        repeatable = Call(repeatable=True)

        def once() -> StoredFile:
            ticket = self._transport.model("POST", path, UploadTicket, body=facts, call=repeatable)
            self._send(ticket, file, facts["size_bytes"], progress)
            return self._transport.model(
                "POST",
                f"/uploads/{ticket.upload}/complete",
                StoredFile,
                call=Call(repeatable=True, timeout=COMPLETE_S),
            )

        return with_retries(once)

    def _send(self, ticket: UploadTicket, file: Path, size: int, progress: Progress | None) -> None:
        if ticket.is_stored:
            return
        if ticket.single is not None:
            self._put(ticket.single, file, 0, size, progress)
            return
        missing = self._transport.value("GET", f"/uploads/{ticket.upload}/missing")["missing"]
        for at in range(0, len(missing), SIGNED_TOGETHER):
            self._send_parts(ticket, file, size, missing[at : at + SIGNED_TOGETHER], progress)

    def _sign(self, ticket: UploadTicket, numbers: Sequence[int]) -> list[tuple[int, SignedRequest]]:
        answer = self._transport.value(
            "POST",
            f"/uploads/{ticket.upload}/parts",
            body={"part_numbers": list(numbers)},
            call=Call(repeatable=True),
        )
        return [(part["part_number"], SignedRequest(part["request"])) for part in answer["parts"]]

    def _send_parts(
        self, ticket: UploadTicket, file: Path, size: int, numbers: Sequence[int], progress: Progress | None
    ) -> None:
        waiting = self._sign(ticket, numbers)

        def send_one(number: int, first: SignedRequest) -> None:
            signed = [first]

            def once() -> None:
                request = signed.pop() if signed else self._sign(ticket, [number])[0][1]
                offset = (number - 1) * ticket.part_size_bytes
                self._put(request, file, offset, min(ticket.part_size_bytes, size - offset), progress)

            with_retries(once)

        in_lanes(waiting, send_one, PARTS_AT_ONCE)

    def _put(self, signed: SignedRequest, file: Path, offset: int, size: int, progress: Progress | None) -> None:
        def send(method: str, url: str, headers: dict[str, str]) -> None:
            with open(file, "rb") as source:
                source.seek(offset)
                body = _Part(source, size, str(file), progress)
                with _transfer():
                    response, release = self._transport.connections.send(
                        method, url, {**headers, "Content-Length": str(size)}, body, IDLE_S, current_scope()
                    )
                    answer = response.read(ERROR_MAX).decode("utf-8", "replace")
                    release(is_reusable=response.isclosed())
            # What is there already was put there by us, and the answer was lost: nothing else can be replaced.
            if response.status in (409, 412) or 200 <= response.status < 300:
                return
            raise _refusal(response.status, answer)

        self._route.take(signed, send)

    def download(self, facts: FileFacts, sign: Callable[[], SignedRequest], to: Path) -> None:
        """Fetches into a file that appears only when all has arrived and its SHA-256 is right."""
        draft = Path(f"{to}.{facts['sha256'][:16]}.part")
        to.parent.mkdir(parents=True, exist_ok=True)
        received = [0, 0]

        def has_advanced() -> bool:
            advanced = received[0] > received[1]
            received[1] = received[0]
            return advanced

        def once() -> None:
            received[0] += self._fetch_rest(facts, sign, draft)

        with_retries(once, has_advanced)
        os.replace(draft, to)

    def _fetch_rest(self, facts: FileFacts, sign: Callable[[], SignedRequest], draft: Path) -> int:
        size, digest = _draft_so_far(draft, facts["size_bytes"])
        begun = size
        if size < facts["size_bytes"] or facts["size_bytes"] == 0:
            with _writing(draft), self._open(sign(), size) as (body, is_whole):
                if is_whole and size > 0:
                    size, begun, digest = 0, 0, hashlib.sha256()
                with open(draft, "wb" if is_whole else "ab") as out:
                    for piece in body:
                        out.write(piece)
                        digest.update(piece)
                        size += len(piece)
        if size < facts["size_bytes"]:
            raise kinds.UnavailableError("transfer_interrupted", "The download broke off.")
        if size > facts["size_bytes"] or digest.hexdigest() != facts["sha256"]:
            draft.unlink(missing_ok=True)
            raise kinds.ConflictError(
                "checksum_mismatch",
                f"The download is damaged: its SHA-256 is {digest.hexdigest()}, not {facts['sha256']}.",
            )
        return size - begun

    def _open(self, signed: SignedRequest, offset: int) -> _Opened:
        def send(method: str, url: str, headers: dict[str, str]) -> _Opened:
            extra = {"Range": f"bytes={offset}-"} if offset else {}
            with _transfer():
                response, release = self._transport.connections.send(
                    method, url, {**headers, **extra}, None, IDLE_S, current_scope()
                )
                if response.status in (200, 206):
                    return _Opened(response, release, response.status == 200)
                answer = response.read(ERROR_MAX).decode("utf-8", "replace")
                release()
            raise _refusal(response.status, answer)

        return self._route.take(signed, send)

    def read(self, facts: FileFacts, sign: Callable[[], SignedRequest]) -> bytes:
        """All bytes, in memory, checked."""

        def once() -> bytes:
            with self._open(sign(), 0) as (body, _):
                return b"".join(body)

        data = with_retries(once)
        digest = hashlib.sha256(data).hexdigest()
        if digest != facts["sha256"]:
            raise kinds.ConflictError(
                "checksum_mismatch", f"The download is damaged: its SHA-256 is {digest}, not {facts['sha256']}."
            )
        return data


class _Opened:
    """An open body."""

    def __init__(self, response: http.client.HTTPResponse, release: Any, is_whole: bool) -> None:
        self._response = response
        self._release = release
        self._is_whole = is_whole

    def __enter__(self) -> tuple[Iterator[bytes], bool]:
        return self._pieces(), self._is_whole

    def __exit__(self, *_: object) -> None:
        self._release(is_reusable=self._response.isclosed())

    def _pieces(self) -> Iterator[bytes]:
        with _transfer():
            while piece := self._response.read(PIECE):
                yield piece


class _Part:
    """A stretch of a file as the body of a request; fails when the file has become shorter."""

    def __init__(self, file: IO[bytes], size: int, name: str, progress: Progress | None) -> None:
        self._file = file
        self._left = size
        self._name = name
        self._progress = progress

    def read(self, size: int = -1) -> bytes:
        if self._left == 0:
            return b""
        piece = self._file.read(min(self._left, 262_144 if size < 0 else size))
        if not piece:
            raise kinds.ConflictError("file_changed", f"{self._name} has changed while it was uploaded.")
        self._left -= len(piece)
        if self._progress:
            self._progress(len(piece))
        return piece


class _transfer:
    """Turns what the network does into an error after which the same may work."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, (NotConnected, Interrupted, http.client.HTTPException, OSError)):
            scope = current_scope()
            if scope is not None:
                scope.raise_if_cancelled()
            raise kinds.UnavailableError("transfer_interrupted", f"The transfer was interrupted: {error}") from error


class _writing:
    """Says of a draft that can't be written why, instead of trying again."""

    def __init__(self, draft: Path) -> None:
        self._draft = draft

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, OSError):
            code = "disk_full" if error.errno in (28, 122) else "not_written"
            raise kinds.InvalidError(code, f"{self._draft} can't be written: {error.strerror}") from error


def _draft_so_far(draft: Path, wanted: int) -> tuple[int, Any]:
    digest = hashlib.sha256()
    size = 0
    try:
        with open(draft, "rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece)
                size += len(piece)
    except FileNotFoundError:
        pass
    if size > wanted:
        draft.unlink(missing_ok=True)
        return 0, hashlib.sha256()
    return size, digest


def _refusal(status: int, text: str) -> MitoError:
    message = f"The object store answered {status}: {text[:2000]}"
    details = {"status": status}
    if status == 404:
        return kinds.NotFoundError("object_not_found", message, details=details)
    # 403: the request has expired, another one will be signed.
    is_passing = status >= 500 or status in (403, 408, 429)
    kind = kinds.UnavailableError if is_passing else kinds.InvalidError
    return kind("transfer_refused", message, details=details)


def in_lanes(items: Sequence[tuple[int, Any]], work: Callable[[int, Any], None], lanes: int) -> None:
    """Does the work in a few threads; the first error ends it, and so does an interruption."""
    waiting = list(items)
    errors: list[BaseException] = []
    lock = threading.Lock()
    scope = current_scope()

    def lane() -> None:
        while not errors:
            with lock:
                if not waiting:
                    return
                number, item = waiting.pop(0)
            try:
                if scope is None:
                    work(number, item)
                else:
                    with scoped(scope):
                        work(number, item)
            except BaseException as error:
                errors.append(error)

    threads = [threading.Thread(target=lane, daemon=True) for _ in range(min(lanes, len(waiting)))]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            while thread.is_alive():
                thread.join(0.2)
    except BaseException as error:
        errors.append(error)
        raise
    if errors:
        raise errors[0]
