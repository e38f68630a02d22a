"""Folders of code that tasks start in, stored by content."""

from __future__ import annotations

import errno
import gzip
import hashlib
import json
import math
import os
import stat
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ._errors import MitoError, invalid_field
from ._files import PathLike
from ._generated import kinds
from ._generated.models import CodeDownload, CodeFile, TaskCode
from ._transfer import Transfers
from ._transport import Call
from ._workdir import SourceFile, Workdir, check_environment, list_workdir

if TYPE_CHECKING:
    from ._client import Client

T = TypeVar("T")
#: A larger folder is often a mistake: it is sent only when somebody says so.
LARGE_DIR = 100 * 2**20
_FILES_MAX = 100_000
_PACKS_MAX = 4096
#: Of one pack, before compression; a larger file lies in several. All of it as in `pack-code.ts`.
_PACK_BYTES = 8 * 2**20
_LARGE_FILE = 2**20
_AIMED_BYTES = 512 * 2**10
_AIMED_FILES = 128
_SENDERS = 4
_TRIES = 3
_OPEN = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True)
class CodeItem:
    """A file of the code of a task; a link has its `target` and no SHA-256."""

    path: str
    size_bytes: int
    sha256: str | None
    is_executable: bool
    target: str | None = None


class Code:
    """Folders of code. `submit(workdir=".")` sends one along by itself; this is for everything around it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._transfers = Transfers(client.transport)

    def look(self, workdir: PathLike = ".") -> Workdir:
        """What of a folder would be sent, and what is left out. Reads names, and sends nothing."""
        return list_workdir(workdir)

    def send(
        self,
        workdir: PathLike = ".",
        *,
        group: str | None = None,
        env_setup: str | None = None,
        large: bool = False,
    ) -> TaskCode:
        """Stores a folder for the tasks of a group, as far as the group does not have it, and returns the field `code`
        of `submit`: `client.submit(command, code=client.code.send("."))`.

        A folder of more than 100 MiB is refused unless `large` is true. With `env_setup` the files that the environment
        is made from have to be in the folder. Raises `workdir_unsendable`, `workdir_unreadable`, `workdir_changed`,
        `workdir_too_large`.
        """
        first = list_workdir(workdir)
        _check(first)
        if env_setup is not None:
            check_environment(first, env_setup)
        if first.bytes > LARGE_DIR and not large:
            raise _is_large(first)
        listed, packed = _packed(first)
        self._store(packed, group or self._client.default_group)
        return {
            "sha256": packed.sha256,
            "files": len(listed.files) + len(listed.links),
            "bytes": listed.bytes,
            "folder": " ".join(os.path.basename(listed.dir).split())[:255],
            "commit": listed.commit,
            "branch": listed.branch,
            "is_dirty": listed.is_dirty,
        }

    def files(self, task: str) -> list[CodeItem]:
        """The files that a task started with. Raises `code_not_found` when it has no code."""
        return sorted(self._items(self._manifest(self._client.api.code_of_task(task))), key=lambda item: item.path)

    def download(self, task: str, to: PathLike) -> Path:
        """Writes the files that a task started with into a folder that is missing or empty."""
        folder = Path(to)
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise invalid_field("to", f"{folder} is not empty; name another folder")
        found = self._client.api.code_of_task(task)
        manifest = self._manifest(found)
        packs = {pack.sha256: pack for pack in found.packs}
        for pack in manifest["packs"]:
            content = self._fetch(packs[pack["sha256"]])
            at = 0
            for piece in pack["pieces"]:
                _write_piece(folder, piece, content[at : at + piece["length"]])
                at += piece["length"]
        # Links come last: nothing is written through one.
        for link in manifest["links"]:
            place = _place_in(folder, link["path"])
            os.symlink(link["target"], place)
        return folder

    def _manifest(self, found: CodeDownload) -> dict[str, Any]:
        manifest: dict[str, Any] = json.loads(self._fetch(found.manifest))
        return manifest

    @staticmethod
    def _items(manifest: dict[str, Any]) -> Iterable[CodeItem]:
        for pack in manifest["packs"]:
            for piece in pack["pieces"]:
                if piece["offset"] == 0:
                    yield CodeItem(piece["path"], piece["size"], piece["sha256"], piece["is_executable"])
        for link in manifest["links"]:
            yield CodeItem(link["path"], 0, None, False, link["target"])

    def _fetch(self, file: CodeFile) -> bytes:
        """The content of a pack or of the list of files, checked."""
        stored = self._transfers.read(
            {"size_bytes": file.size_bytes, "sha256": file.stored_sha256}, lambda: file.download
        )
        content = gzip.decompress(stored)
        if hashlib.sha256(content).hexdigest() != file.sha256:
            raise kinds.ConflictError("checksum_mismatch", "A part of the folder of code is not as it was sent.")
        return content

    def _store(self, packed: _Packed, group: str | None) -> None:
        body: Any = {"manifest": packed.sha256, "packs": list(packed.packs), **({"group": group} if group else {})}
        for round_ in range(_TRIES + 1):
            missing = self._client.api.code_offer(body, call=Call(repeatable=True)).missing
            # A pack that is removed meanwhile is sent again.
            if not missing or round_ == _TRIES:
                return
            with ThreadPoolExecutor(_SENDERS) as pool:
                sent = [pool.submit(copy_context().run, self._send_pack, packed, each, group) for each in missing]
                for each in sent:
                    each.result()

    def _send_pack(self, packed: _Packed, sha256: str, group: str | None) -> None:
        headers = {"Content-Type": "application/gzip"}
        self._client.transport.empty(
            "PUT",
            f"/code/packs/{sha256}",
            data=packed.read(sha256),
            query={"group": group},
            call=Call(repeatable=True, headers=headers),
        )


@dataclass(frozen=True)
class _Span:
    """A stretch of a file, which is part of one pack."""

    source: SourceFile
    offset: int
    length: int


@dataclass(frozen=True)
class _Packed:
    """A folder as it is stored: packs of content, and the list of its files, whose SHA-256 names the folder."""

    manifest: bytes
    sha256: str
    packs: dict[str, list[_Span]]

    def read(self, sha256: str) -> bytes:
        """A pack or the list of files, as it is sent."""
        if sha256 == self.sha256:
            return gzip.compress(self.manifest, mtime=0)
        spans = self.packs[sha256]
        content = b"".join(map(_read_span, spans))
        if hashlib.sha256(content).hexdigest() != sha256:
            raise _changed(spans[0].source.path, "was written to")
        return gzip.compress(content, 1, mtime=0)


def _packed(first: Workdir) -> tuple[Workdir, _Packed]:
    """A folder that is written to meanwhile is listed and read again a few times."""
    listed = first
    for tries in range(1, _TRIES + 1):
        try:
            return listed, _pack(listed)
        except MitoError as error:
            if error.code != "workdir_changed" or tries == _TRIES:
                raise
            listed = list_workdir(first.dir)
            _check(listed)
    raise AssertionError


def _check(listed: Workdir) -> None:
    count = len(listed.files) + len(listed.links)
    if count == 0:
        raise invalid_field("workdir", f"there is nothing in {listed.dir} that could be sent")
    if count > _FILES_MAX:
        raise invalid_field(
            "workdir",
            f"has {count} files, and may have {_FILES_MAX}; name folders of data in .mitoignore, and share them "
            "as attachments",
        )


def _is_large(listed: Workdir) -> MitoError:
    largest = sorted(listed.files, key=lambda each: -each.size)[:3]
    names = ", ".join(f"{each.path} ({each.size / 2**20:.0f} MiB)" for each in largest)
    return kinds.TooLargeError(
        "workdir_too_large",
        f"workdir: {listed.dir} has {listed.bytes / 2**20:.0f} MiB; its largest files are {names}. Name data in "
        ".mitoignore and pass it with inputs=, or send the folder all the same with "
        "code=client.code.send(workdir, large=True)",
        details={"field": "workdir"},
    )


def _changed(path: str, why: str) -> MitoError:
    return kinds.ConflictError(
        "workdir_changed",
        f'workdir: "{path}" {why} while it was packed. Wait until nothing writes to the folder, or name the file in '
        ".mitoignore",
    )


def _utf16(path: str) -> bytes:
    """Names are in the order in which JavaScript sorts them, so that both clients store a folder once."""
    return path.encode("utf-16-be", "surrogatepass")


def _pack(listed: Workdir) -> _Packed:
    plan = _plan(sorted(listed.files, key=lambda each: _utf16(each.path)))
    if len(plan) > _PACKS_MAX - 1:
        raise kinds.TooLargeError(
            "workdir_too_large",
            "workdir: the folder is too large. Name large files in .mitoignore, and pass them with inputs=",
        )
    hashes: dict[str, Any] = {}
    digests = []
    for spans in plan:
        pack = hashlib.sha256()
        for span in spans:
            content = _read_span(span)
            pack.update(content)
            hashes.setdefault(span.source.path, hashlib.sha256()).update(content)
        digests.append(pack.hexdigest())
    links = sorted(listed.links, key=lambda link: _utf16(link[0]))
    manifest = {
        "version": 1,
        "packs": [
            {"sha256": digest, "pieces": [_piece(span, hashes[span.source.path].hexdigest()) for span in spans]}
            for digest, spans in zip(digests, plan, strict=True)
        ],
        "links": [{"path": path, "target": target} for path, target in links],
    }
    text = json.dumps(manifest, ensure_ascii=False, separators=(",", ":")).encode()
    return _Packed(text, hashlib.sha256(text).hexdigest(), dict(zip(digests, plan, strict=True)))


def _piece(span: _Span, sha256: str) -> dict[str, Any]:
    source = span.source
    return {
        "path": source.path,
        "size": source.size,
        "sha256": sha256,
        "is_executable": source.is_executable,
        "offset": span.offset,
        "length": span.length,
    }


def _plan(files: Sequence[SourceFile]) -> list[list[_Span]]:
    """Packs: small files together, by their names, so that a change of one file changes one pack."""
    small = [each for each in files if each.size < _LARGE_FILE]
    wanted = max(sum(each.size for each in small) / _AIMED_BYTES, len(small) / _AIMED_FILES, 1)
    # A power of two: a few files more or less leave the others in their packs.
    buckets: list[list[list[_Span]]] = [[] for _ in range(2 ** math.ceil(math.log2(wanted)))]
    for each in small:
        bucket = buckets[int.from_bytes(hashlib.sha256(each.path.encode()).digest()[:4], "big") % len(buckets)]
        used = sum(span.length for span in bucket[-1]) if bucket else _PACK_BYTES
        if not bucket or used + each.size > _PACK_BYTES:
            bucket.append(_spans(each))
        else:
            bucket[-1].extend(_spans(each))
    large = [each for each in files if each.size >= _LARGE_FILE]
    return [*(pack for bucket in buckets for pack in bucket), *([span] for each in large for span in _spans(each))]


def _spans(source: SourceFile) -> list[_Span]:
    starts = range(0, max(source.size, 1), _PACK_BYTES)
    return [_Span(source, at, min(_PACK_BYTES, source.size - at)) for at in starts]


def _read_span(span: _Span) -> bytes:
    return _unchanged(span.source, lambda descriptor: _read_at(descriptor, span))


def _read_at(descriptor: int, span: _Span) -> bytes:
    os.lseek(descriptor, span.offset, os.SEEK_SET)
    pieces, left = [], span.length
    while left > 0:
        piece = os.read(descriptor, left)
        if not piece:
            raise _changed(span.source.path, "became shorter")
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _unchanged(source: SourceFile, read: Callable[[int], T]) -> T:
    """Calls `read` with the open file, and raises when it is not, or does not stay, as it was listed."""
    try:
        descriptor = os.open(source.file, _OPEN)
    except OSError as error:
        if isinstance(error, (FileNotFoundError, NotADirectoryError)) or error.errno == errno.ELOOP:
            raise _changed(source.path, "was removed") from error
        raise kinds.InvalidError(
            "workdir_unreadable",
            f'workdir: "{source.path}" can\'t be read: {error.strerror}. Make it readable, or name it in .mitoignore',
        ) from error

    def check() -> None:
        stats = os.fstat(descriptor)
        if not stat.S_ISREG(stats.st_mode):
            raise _changed(source.path, "was replaced")
        if (stats.st_size, stats.st_mtime_ns) != (source.size, source.mtime_ns):
            raise _changed(source.path, "was written to")

    try:
        check()
        found = read(descriptor)
        check()
        return found
    finally:
        os.close(descriptor)


def _place_in(folder: Path, path: str) -> Path:
    names = path.split("/")
    if any(name in ("", ".", "..") for name in names) or "\0" in path:
        raise kinds.InvalidError("code_refused", f'The folder of code was refused: "{path}" is not inside of it')
    place = folder.joinpath(*names)
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def _write_piece(folder: Path, piece: dict[str, Any], content: bytes) -> None:
    place = _place_in(folder, piece["path"])
    mode = 0o755 if piece["is_executable"] else 0o644
    flags = os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | (os.O_CREAT | os.O_EXCL if piece["offset"] == 0 else 0)
    with open(os.open(place, flags, mode), "wb") as file:
        file.seek(piece["offset"])
        file.write(content)


__all__ = ["Code", "CodeItem", "Workdir"]
