"""The client of pynetmito by its names: change `from pynetmito import …` to `from mitosis.compat import …`.

The calls do what they did, on this coordinator. docs/coming-from/pynetmito.md says what differs.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

from ._client import Client
from ._compat_access import AccessCalls
from ._compat_convert import millis, moment, refused, spec_fields, submission, task_filter, task_info, text, texts
from ._compat_shapes import (
    RECORDS,
    ArtifactContentType,
    AttachmentContentType,
    ErrorMsg,
    GroupState,
    GroupWorkerRole,
    Record,
    RemoteResource,
    SubmitTaskReq,
    TaskExecState,
    TaskResultMessage,
    TaskSpec,
    TaskState,
    UserGroupRole,
    UserLoginArgs,
    UserLoginReq,
    UserState,
    WorkerShutdownOp,
    WorkerState,
)
from ._errors import MitoError, invalid_field
from ._transport import Call

globals().update(RECORDS)
BaseAPIModel = Record


class MitoHttpClient(AccessCalls):
    """A coordinator, by the names of pynetmito."""

    def __init__(self, coordinator_addr: str) -> None:
        self._address = coordinator_addr
        self._client: Client | None = None
        self._uploads: dict[str, tuple[str, ...]] = {}
        self.username: str | None = None

    @property
    def mitosis(self) -> Client:
        """The client behind it, for everything that pynetmito has no name for."""
        if self._client is None:
            raise invalid_field("connect", "call connect(user=…, password=…) first")
        return self._client

    def connect(
        self,
        credential_path: Path | None = None,
        user: str | None = None,
        password: str | None = None,
        retain: bool = False,
    ) -> str:
        """Logs in with a password; without one, with the login of `mito login` or `MITO_TOKEN`."""
        if password is not None and user is not None:
            self._client = Client(self._address, user=user, password=password)
        else:
            self._client = Client(self._address, token=os.environ.get("MITO_TOKEN"))
        self.username = self._client.identity().username
        return self.username

    def user_auth(self) -> str:
        return self.mitosis.identity().username

    def user_login(self, req: UserLoginReq) -> None:
        self._client = Client(self._address, user=req.username, password=req.password())
        self.username = req.username

    # Tasks

    def user_submit_task(self, req: Any) -> Record:
        body: Any = submission(req)
        client = self.mitosis
        receipt = client.api.tasks_submit(body, call=Call(key=client.new_key()))
        return RECORDS["SubmitTaskResp"](uuid=UUID(receipt.uuid), task_id=UUID(receipt.uuid).int >> 80)

    def batch_submit_tasks(self, req: Any) -> Record:
        """Each task by itself: a bad one is an `ErrorMsg` in its place."""
        results: list[Any] = []
        for task in req.tasks:
            try:
                results.append(self.user_submit_task(task))
            except MitoError as error:
                results.append(refused(error))
        return RECORDS["TasksSubmitResp"](results=results)

    def get_task_by_uuid(self, uuid: Any) -> Record:
        view = self.mitosis.api.tasks_get(str(uuid))
        artifacts = [
            RECORDS["ArtifactQueryResp"](
                content_type=ArtifactContentType(each.kind),
                size=each.size_bytes,
                created_at=moment(each.created_at),
                updated_at=moment(each.created_at),
            )
            for each in view.artifacts
        ]
        return RECORDS["TaskQueryResp"](info=task_info(view), artifacts=artifacts)

    def query_tasks_by_filter(self, req: Any) -> Record:
        filters = task_filter(req, self.mitosis.group)
        count = self.mitosis.count_tasks(**filters)
        tasks: list[Record] = []
        if not req.count:
            skipped = int(req.offset or 0)
            wanted = None if req.limit is None else int(req.limit) + skipped
            tasks = [task_info(view) for view in self.mitosis.tasks(**filters, limit=wanted)][skipped:]
        return RECORDS["TasksQueryResp"](count=count, tasks=tasks, group_name=filters["group"])

    def cancel_task_by_uuid(self, uuid: Any) -> None:
        self.mitosis.task(str(uuid)).cancel()

    def cancel_tasks_by_filter(self, req: Any) -> Record:
        filters = task_filter(req, self.mitosis.group)
        answer = self.mitosis.cancel(filter=filters)
        return RECORDS["TasksCancelByFilterResp"](
            cancelled_count=answer.cancelled + answer.requested, group_name=filters["group"]
        )

    def cancel_tasks_by_uuids(self, req: Any) -> Record:
        answer = self.mitosis.cancel([str(uuid) for uuid in req.uuids])
        failed = [UUID(each.uuid) for each in answer.results or [] if each.result not in ("cancelled", "requested")]
        return RECORDS["TasksCancelByUuidsResp"](
            cancelled_count=answer.cancelled + answer.requested, failed_uuids=failed
        )

    def update_task_labels(self, uuid: Any, req: Any) -> None:
        self.mitosis.task(str(uuid)).change(labels=texts(req.labels) or [])

    def change_task(self, uuid: Any, req: Any) -> None:
        change: dict[str, Any] = {}
        if req.tags is not None:
            change["tags"] = texts(req.tags) or []
        if req.timeout is not None:
            change["timeout_ms"] = millis(req.timeout)
        if req.priority is not None:
            change["priority"] = req.priority
        if req.task_spec is not None:
            fields = spec_fields(req.task_spec)
            change.update({name: fields[name] for name in ("args", "env", "terminal")})
        self.mitosis.task(str(uuid)).change(**change)

    # Artifacts

    def download_artifact(self, uuid: Any, content_type: Any, local_path: Path | None = None) -> None:
        kind = text(content_type)
        target = Path(local_path) if local_path is not None else Path(f"{kind}.tar.gz")
        self.mitosis.task(str(uuid)).artifacts.download(kind, target, unpack=False)

    def get_artifact_download_resp(self, uuid: Any, content_type: Any) -> Record:
        there = self.mitosis.task(str(uuid)).artifacts.get(text(content_type))
        url = self.mitosis.transport.address(there.download.url)
        own = ("artifact", str(uuid), text(content_type))
        return RECORDS["RemoteResourceDownloadResp"](url=url, size=there.size_bytes, _source=own)

    def upload_artifact(self, local_path: Path, uuid: Any, content_type: Any) -> bool:
        self.mitosis.task(str(uuid)).artifacts.upload(text(content_type), local_path)
        return False

    def get_upload_artifact_resp(self, uuid: Any, req: Any) -> Record:
        url = self._promise("artifact", str(uuid), text(req.content_type))
        return RECORDS["UploadArtifactResp"](exist=False, url=url)

    def delete_artifact(self, uuid: Any, content_type: Any, admin: bool = False) -> None:
        self.mitosis.task(str(uuid)).artifacts.delete(text(content_type))

    def batch_download_artifacts_by_filter(self, req: Any) -> Record:
        views = self.mitosis.tasks(**task_filter(req, self.mitosis.group))
        return self._artifacts([view.uuid for view in views], text(req.content_type))

    def batch_download_artifacts_by_list(self, req: Any) -> Record:
        return self._artifacts([str(uuid) for uuid in req.uuids], text(req.content_type))

    def _artifacts(self, uuids: list[str], kind: str) -> Record:
        items = []
        for uuid in uuids:
            try:
                found = self.get_artifact_download_resp(uuid, kind)
            except MitoError:
                continue
            items.append(RECORDS["ArtifactDownloadItem"](uuid=UUID(uuid), **found.__dict__))
        return RECORDS["ArtifactsDownloadListResp"](downloads=items)

    def batch_delete_artifacts_by_filter(self, req: Any) -> Record:
        views = self.mitosis.tasks(**task_filter(req, self.mitosis.group))
        failed = self._delete_artifacts(uuids := [view.uuid for view in views], text(req.content_type))
        return RECORDS["ArtifactsDeleteByFilterResp"](deleted_count=len(uuids) - len(failed))

    def batch_delete_artifacts_by_list(self, req: Any) -> Record:
        failed = self._delete_artifacts([str(uuid) for uuid in req.uuids], text(req.content_type))
        return RECORDS["ArtifactsDeleteByUuidsResp"](
            deleted_count=len(req.uuids) - len(failed), failed_uuids=[UUID(uuid) for uuid in failed]
        )

    def _delete_artifacts(self, uuids: list[str], kind: str) -> list[str]:
        failed = []
        for uuid in uuids:
            try:
                self.delete_artifact(uuid, kind)
            except MitoError:
                failed.append(uuid)
        return failed

    # Attachments

    def upload_attachment(self, local_path: Path, group_name: str | None = None, key: str | None = None) -> bool:
        self.mitosis.files.upload(key or Path(local_path).name, local_path, group=group_name)
        return False

    def get_upload_attachment_resp(self, group_name: str, req: Any) -> Record:
        return RECORDS["UploadAttachmentResp"](exist=False, url=self._promise("attachment", group_name, req.key))

    def _promise(self, *what: str) -> str:
        """A URL that only `upload_file` of this client understands: here the hash of a file comes first."""
        url = f"mitosis-upload:{len(self._uploads)}"
        self._uploads[url] = what
        return url

    def upload_file(self, url: str, content_length: int, local_path: Path) -> None:
        if url not in self._uploads:
            raise invalid_field("url", "is not one of this client: use upload_attachment or upload_artifact")
        kind, where, name = self._uploads.pop(url)
        if kind == "artifact":
            self.mitosis.task(where).artifacts.upload(name, local_path)
        else:
            self.mitosis.files.upload(name, local_path, group=where)

    def download_attachment(self, key: str, group_name: str | None = None, local_path: Path | None = None) -> None:
        self.mitosis.files.download(key, local_path or Path(key).name, group=group_name)

    def get_attachment_download_resp(self, group_name: str, key: str) -> Record:
        there = self.mitosis.files.get(key, group=group_name)
        url = self.mitosis.transport.address(there.download.url)
        return RECORDS["RemoteResourceDownloadResp"](
            url=url, size=there.size_bytes, _source=("attachment", group_name, key)
        )

    def download_file(self, resp: Any, local_path: Path) -> None:
        kind, where, name = resp._source
        if kind == "artifact":
            self.download_artifact(where, name, local_path)
        else:
            self.download_attachment(name, where, local_path)

    def concurrent_download_files(self, downloads: list[tuple[Any, Path]], concurrent: int = 1) -> None:
        with ThreadPoolExecutor(max_workers=max(1, concurrent)) as pool:
            list(pool.map(lambda each: self.download_file(each[0], each[1]), downloads))

    def get_attachment(self, key: str, group_name: str | None = None) -> Record:
        return self._metadata(self.mitosis.files.get(key, group=group_name), "AttachmentMetadata")

    @staticmethod
    def _metadata(view: Any, name: str) -> Record:
        created = moment(view.created_at)
        return RECORDS[name](
            key=view.key,
            content_type=AttachmentContentType.NOT_SET,
            size=view.size_bytes,
            created_at=created,
            updated_at=created,
        )

    def _attachments(self, group_name: str, req: Any) -> tuple[list[Any], int]:
        """Those whose key contains a text: the original does not mean a prefix."""
        found = [each for each in self.mitosis.files.list(group=group_name) if (req.key or "") in each.key]
        first = int(req.offset or 0)
        last = None if req.limit is None else first + int(req.limit)
        return found[first:last], len(found)

    def query_attachments_by_filter(self, group_name: str, req: Any) -> Record:
        found, count = self._attachments(group_name, req)
        views = [] if req.count else [self._metadata(each, "AttachmentQueryInfo") for each in found]
        return RECORDS["AttachmentsQueryResp"](count=count, attachments=views, group_name=group_name)

    def batch_download_attachments_by_filter(self, group_name: str, req: Any) -> Record:
        return self._downloads(group_name, [each.key for each in self._attachments(group_name, req)[0]])

    def batch_download_attachments_by_list(self, group_name: str, req: Any) -> Record:
        return self._downloads(group_name, list(req.keys))

    def _downloads(self, group_name: str, keys: list[str]) -> Record:
        items = []
        for key in keys:
            try:
                found = self.get_attachment_download_resp(group_name, key)
            except MitoError:
                continue
            items.append(RECORDS["AttachmentDownloadItem"](key=key, **found.__dict__))
        return RECORDS["AttachmentsDownloadListResp"](downloads=items, group_name=group_name)

    def delete_attachment(self, group_name: str, key: str, admin: bool = False) -> None:
        self.mitosis.files.delete(key, group=group_name)

    def batch_delete_attachments_by_filter(self, group_name: str, req: Any) -> Record:
        keys = [each.key for each in self._attachments(group_name, req)[0]]
        deleted = self.mitosis.files.delete_many(keys, group=group_name) if keys else []
        return RECORDS["AttachmentsDeleteByFilterResp"](deleted_count=len(deleted), group_name=group_name)

    def batch_delete_attachments_by_list(self, group_name: str, req: Any) -> Record:
        deleted = self.mitosis.files.delete_many(list(req.keys), group=group_name)
        failed = [key for key in req.keys if key not in deleted]
        return RECORDS["AttachmentsDeleteByKeysResp"](
            deleted_count=len(deleted), failed_keys=failed, group_name=group_name
        )


class PersistentMitoHttpClient(MitoHttpClient):
    """Logs in again by itself when its login has ended."""

    def connect(
        self,
        credential_path: Path | None = None,
        user: str | None = None,
        password: str | None = None,
        retain: bool = False,
    ) -> str:
        self._again = (user, password)
        return super().connect(credential_path, user, password, retain)

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name.startswith("_") or name in ("connect", "mitosis", "username") or not callable(found):
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return found(*args, **kwargs)
            except MitoError as error:
                user, password = self._again
                if error.kind != "unauthenticated" or password is None:
                    raise
                self.connect(user=user, password=password)
                return found(*args, **kwargs)

        return call


__all__ = [
    "ArtifactContentType",
    "AttachmentContentType",
    "BaseAPIModel",
    "ErrorMsg",
    "GroupState",
    "GroupWorkerRole",
    "MitoHttpClient",
    "PersistentMitoHttpClient",
    "RemoteResource",
    "SubmitTaskReq",
    "TaskExecState",
    "TaskResultMessage",
    "TaskSpec",
    "TaskState",
    "UserGroupRole",
    "UserLoginArgs",
    "UserLoginReq",
    "UserState",
    "WorkerShutdownOp",
    "WorkerState",
    *RECORDS,
]
