"""Files of groups (attachments), and what tasks have produced (artifacts)."""

from __future__ import annotations

import io
import os
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Union

from ._errors import invalid_field
from ._generated import kinds
from ._generated.models import (
    ArtifactDownload,
    ArtifactView,
    AttachmentDownload,
    AttachmentView,
    FileFacts,
    StoredCheckpoint,
    StoredFile,
)
from ._interrupt import saying_what_runs
from ._transfer import Progress, Transfers, file_facts
from ._transport import Call, path_part

if TYPE_CHECKING:
    from ._client import Client

PathLike = Union[str, "os.PathLike[str]"]
PAGE = 1000
Keys = list[str]
ArtifactViews = list[ArtifactView]
KINDS = ("result", "exec-log", "std-log")


class Files:
    """The files of groups. A group is the caller's own when it is left out."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._transfers = Transfers(client.transport)

    def upload(
        self, key: str, file: PathLike, *, group: str | None = None, progress: Progress | None = None
    ) -> StoredFile:
        """Uploads a file; the same call after an interruption sends only what is missing."""
        path = Path(file)
        facts = file_facts(path)
        with saying_what_runs(lambda: f"The upload of {key} is not complete. The same call continues it."):
            return self._transfers.upload(f"{self._path(group)}/attachments", {"key": key, **facts}, path, progress)

    def upload_bytes(self, key: str, data: bytes, *, group: str | None = None) -> StoredFile:
        """Uploads what is in memory."""
        with tempfile.TemporaryDirectory(prefix="mitosis-") as folder:
            path = Path(folder) / "data"
            path.write_bytes(data)
            return self.upload(key, path, group=group)

    def ensure(self, key: str, file: PathLike, *, group: str | None = None) -> AttachmentDownload:
        """Uploads a file unless the same content is there under the same key."""
        path = Path(file)
        facts = file_facts(path)
        try:
            there = self.get(key, group=group)
        except kinds.NotFoundError:
            pass
        else:
            if there.sha256 == facts["sha256"]:
                return there
        self._transfers.upload(f"{self._path(group)}/attachments", {"key": key, **facts}, path)
        return self.get(key, group=group)

    def get(self, key: str, *, group: str | None = None) -> AttachmentDownload:
        """What is known of a file."""
        return self._client.api.attachments_download(self._group(group), key=key)

    def download(self, key: str, to: PathLike, *, group: str | None = None) -> Path:
        """Fetches a file, which appears only when its SHA-256 is right. A folder gets it under its own name."""
        there = self.get(key, group=group)
        target = _target(to, key.rsplit("/", 1)[-1])
        signed = [there.download]
        sign = lambda: signed.pop() if signed else self.get(key, group=group).download  # noqa: E731
        self._transfers.download(_facts(there), sign, target)
        return target

    def read(self, key: str, *, group: str | None = None) -> bytes:
        """The content of a file."""
        there = self.get(key, group=group)
        return self._transfers.read(_facts(there), lambda: self.get(key, group=group).download)

    def list(self, prefix: str | None = None, *, group: str | None = None) -> Iterator[AttachmentView]:
        """All files whose key begins with the prefix, sorted by key."""
        after: str | None = None
        while True:
            page = self._client.api.attachments_query(self._group(group), prefix=prefix, limit=PAGE, after=after)
            yield from page.attachments
            after = page.next
            if after is None:
                return

    def delete(self, key: str, *, group: str | None = None) -> None:
        """Deletes a file."""
        self._client.api.attachments_delete(self._group(group), key=key)

    def delete_many(self, keys: Keys, *, group: str | None = None) -> Keys:
        """Deletes files; returns the keys of those that were there."""
        deleted: Keys = []
        for at in range(0, len(keys), PAGE):
            body = {"keys": keys[at : at + PAGE]}
            call = Call(repeatable=True)
            answer = self._client.api.attachments_delete_batch(self._group(group), body, call=call)  # type: ignore[arg-type]
            deleted += answer.deleted
        return deleted

    def _group(self, group: str | None) -> str:
        return group or self._client.group

    def _path(self, group: str | None) -> str:
        return f"/groups/{path_part(self._group(group))}"


class Artifacts:
    """What one task has produced: `result`, `exec-log` and `std-log`, each a tar archive."""

    def __init__(self, client: Client, task: str) -> None:
        self._client = client
        self._task = task
        self._transfers = Transfers(client.transport)

    def list(self) -> ArtifactViews:
        """What is there."""
        return self._client.api.tasks_get(self._task).artifacts

    def get(self, kind: str = "result") -> ArtifactDownload:
        """What is known of an artifact."""
        return self._client.api.artifacts_download(self._task, _kind(kind))

    def download(self, kind: str = "result", to: PathLike = ".", *, unpack: bool = True) -> Path:
        """Fetches an artifact and unpacks it into the folder `to`; with `unpack=False` the archive is the file `to`."""
        if not unpack:
            target = _target(to, f"{kind}.tar.gz")
            self._fetch(kind, target)
            return target
        folder = Path(to)
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".{kind}-{self._task}.tar.gz"
        self._fetch(kind, draft)
        _unpack_draft(draft, folder)
        return folder

    def download_checkpoint(self, to: PathLike, number: int | None = None) -> Path:
        """Fetches a checkpoint of the task, the newest without `number`, and unpacks it into the folder `to`."""

        def found() -> StoredCheckpoint:
            stored = self._client.api.checkpoints_list(self._task).checkpoints
            for each in stored:
                if number is None or each.number == number:
                    return each
            which = f"checkpoint {number}" if number is not None else "checkpoint"
            raise kinds.NotFoundError("checkpoint_not_found", f"The task {self._task} has no {which}.")

        there = found()
        signed = [there.download]
        sign = lambda: signed.pop() if signed else found().download  # noqa: E731
        folder = Path(to)
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".checkpoint-{self._task}.tar.gz"
        self._transfers.download({"size_bytes": there.size_bytes, "sha256": there.sha256}, sign, draft)
        _unpack_draft(draft, folder)
        return folder

    def read(self, kind: str, path: str) -> bytes:
        """The content of one file of an artifact."""
        with tarfile.open(fileobj=io.BytesIO(self.read_archive(kind))) as archive:
            for member in archive:
                if member.name.removeprefix("./") == path and member.isfile():
                    file = archive.extractfile(member)
                    assert file is not None
                    return file.read()
        raise kinds.NotFoundError("file_not_found", f"The {kind} of the task {self._task} has no file {path}.")

    def read_archive(self, kind: str = "result") -> bytes:
        """The archive itself, checked against its SHA-256."""
        there = self.get(kind)
        signed = [there.download]
        sign = lambda: signed.pop() if signed else self.get(kind).download  # noqa: E731
        return self._transfers.read(_facts(there), sign)

    def upload(self, kind: str, file: PathLike) -> StoredFile:
        """Stores a file as an artifact of the task, in place of what is there."""
        path = Path(file)
        facts = file_facts(path)
        return self._transfers.upload(f"/tasks/{path_part(self._task)}/artifacts/{_kind(kind)}", {**facts}, path)

    def delete(self, kind: str) -> None:
        """Deletes an artifact."""
        self._client.api.artifacts_delete(self._task, _kind(kind))

    def _fetch(self, kind: str, target: Path) -> None:
        there = self.get(kind)
        signed = [there.download]
        sign = lambda: signed.pop() if signed else self.get(kind).download  # noqa: E731
        self._transfers.download(_facts(there), sign, target)


def _facts(there: ArtifactDownload | AttachmentDownload) -> FileFacts:
    return {"size_bytes": there.size_bytes, "sha256": there.sha256}


def _target(to: PathLike, name: str) -> Path:
    path = Path(to)
    return path / name if path.is_dir() or os.fspath(to).endswith(("/", os.sep)) else path


def _kind(kind: str) -> str:
    if kind not in KINDS:
        raise invalid_field("kind", f'"{kind}" is none of {", ".join(KINDS)}')
    return kind


def _unpack_draft(draft: Path, folder: Path) -> None:
    try:
        with tarfile.open(draft) as archive:
            unpack_safely(archive, folder)
    finally:
        draft.unlink(missing_ok=True)


def unpack_safely(archive: tarfile.TarFile, folder: Path) -> None:
    """Unpacks files, folders and links that stay within the folder; anything else is an error."""
    if hasattr(tarfile, "data_filter"):
        archive.extractall(folder, filter="data")
        return
    root = folder.resolve()
    for member in archive.getmembers():
        place = (root / member.name).resolve()
        is_inside = place == root or root in place.parents
        if not is_inside or not (member.isfile() or member.isdir()):
            raise kinds.InvalidError("archive_refused", f"The archive has {member.name}, which may leave it.")
    archive.extractall(folder)


__all__ = ["Artifacts", "Files", "unpack_safely"]
