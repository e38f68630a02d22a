"""The names of pynetmito's requests, responses and states, as plain records."""

from __future__ import annotations

from enum import Enum
from typing import Any, ClassVar

from ._errors import invalid_field


class TaskState(str, Enum):
    PENDING = "Pending"
    READY = "Ready"
    RUNNING = "Running"
    FINISHED = "Finished"
    CANCELLED = "Cancelled"
    UNKNOWN = "Unknown"


class ArtifactContentType(str, Enum):
    RESULT = "result"
    EXEC_LOG = "exec-log"
    STD_LOG = "std-log"


class AttachmentContentType(str, Enum):
    NOT_SET = "NotSet"


class TaskExecState(str, Enum):
    EXEC_SPAWNED = "ExecSpawned"
    EXEC_FINISHED = "ExecFinished"
    EXEC_TIMEOUT = "ExecTimeout"
    UPLOAD_FINISHED_RESULT = "UploadFinishedResult"
    UPLOAD_CANCELLED_RESULT = "UploadCancelledResult"
    TASK_COMMITTED = "TaskCommitted"
    FETCH_RESOURCE = "FetchResource"
    UNKNOWN = "Unknown"


class UserState(str, Enum):
    ACTIVE = "Active"
    LOCKED = "Locked"
    DELETED = "Deleted"


class GroupState(str, Enum):
    ACTIVE = "Active"
    LOCKED = "Locked"
    DELETED = "Deleted"


class WorkerState(str, Enum):
    NORMAL = "Normal"
    GRACEFUL_SHUTDOWN = "GracefulShutdown"


class WorkerShutdownOp(str, Enum):
    GRACEFUL = "Graceful"
    FORCE = "Force"


class UserGroupRole(str, Enum):
    READ = "Read"
    WRITE = "Write"
    ADMIN = "Admin"


GroupWorkerRole = UserGroupRole


class TaskResultMessage(str, Enum):
    FETCH_RESOURCE_TIMEOUT = "FetchResourceTimeout"
    EXEC_TIMEOUT = "ExecTimeout"
    UPLOAD_RESULT_TIMEOUT = "UploadResultTimeout"
    RESOURCE_NOT_FOUND = "ResourceNotFound"
    RESOURCE_FORBIDDEN = "ResourceForbidden"
    WATCH_TIMEOUT = "WatchTimeout"
    USER_CANCELLATION = "UserCancellation"
    SUBMIT_NEW_TASK_FAILED = "SubmitNewTaskFailed"


class Record:
    """Fields by name; those that are missing are None, or what the class says."""

    defaults: ClassVar[dict[str, Any]] = {}

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update({name: _copy(value) for name, value in self.defaults.items()})
        self.__dict__.update(fields)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return None

    def model_dump(self) -> dict[str, Any]:
        return {name: _plain(value) for name, value in self.__dict__.items() if not name.startswith("_")}

    to_dict = model_dump

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Record) and self.__dict__ == other.__dict__

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.model_dump().items())})"


def _copy(value: Any) -> Any:
    return type(value)(value) if isinstance(value, (list, dict, set)) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.model_dump()
    if isinstance(value, (list, tuple, set)):
        return [_plain(item) for item in value]
    return value.value if isinstance(value, Enum) else value


class UserLoginArgs(Record):
    def to_req(self) -> UserLoginReq:
        return UserLoginReq(username=self.username, retain=bool(self.retain), _password=self.password)


class UserLoginReq(Record):
    """Made by `UserLoginArgs(...).to_req()`: only MD5 of a password is not enough for this coordinator."""

    def password(self) -> str:
        return required_password(self.__dict__.get("_password"), "UserLoginArgs(username=…, password=…).to_req()")


class RemoteResource(Record):
    @classmethod
    def artifact(cls, uuid: Any, content_type: Any) -> RemoteResource:
        return cls(Artifact={"uuid": str(uuid), "content_type": ArtifactContentType(content_type).value})

    @classmethod
    def attachment(cls, key: str) -> RemoteResource:
        return cls(Attachment={"key": key})


class TaskSpec(Record):
    defaults = {"envs": {}, "resources": [], "terminal_output": False}


class SubmitTaskReq(Record):
    defaults = {"tags": set(), "labels": set(), "priority": 0}


class ErrorMsg(Record):
    pass


_REQUESTS = """RemoteResourceDownload TasksQueryReq TasksCancelByFilterReq TasksCancelByUuidsReq UploadArtifactReq
UploadAttachmentReq CreateUserReq UserChangePasswordReq AdminChangePasswordReq CreateGroupReq ChangeGroupStorageQuotaReq
ChangeUserGroupQuota WorkersQueryReq WorkersShutdownByFilterReq WorkersShutdownByUuidsReq AttachmentsQueryReq
UpdateTaskLabelsReq ChangeTaskReq ReplaceWorkerTagsReq ReplaceWorkerLabelsReq UpdateGroupWorkerRoleReq
RemoveGroupWorkerRoleReq UpdateUserGroupRoleReq RemoveUserGroupRoleReq ShutdownReq ArtifactsDownloadByFilterReq
ArtifactsDownloadByUuidsReq AttachmentsDownloadByFilterReq AttachmentsDownloadByKeysReq ArtifactsDeleteByFilterReq
ArtifactsDeleteByUuidsReq AttachmentsDeleteByFilterReq AttachmentsDeleteByKeysReq TasksSubmitReq"""
_ANSWERS = """RemoteResourceDownloadResp TaskResultSpec TaskQueryInfo TasksQueryResp ArtifactQueryResp
TaskQueryResp TasksCancelByFilterResp TasksCancelByUuidsResp SubmitTaskResp UploadArtifactResp UploadAttachmentResp
AttachmentMetadata UserChangePasswordResp GroupStorageQuotaResp UserGroupQuotaResp WorkerQueryInfo WorkerQueryResp
WorkersQueryResp WorkersShutdownByFilterResp WorkersShutdownByUuidsResp GroupQueryInfo GroupsQueryResp
AttachmentQueryInfo AttachmentsQueryResp RedisConnectionInfo ArtifactDownloadItem ArtifactsDownloadListResp
AttachmentDownloadItem AttachmentsDownloadListResp ArtifactsDeleteByFilterResp ArtifactsDeleteByUuidsResp
AttachmentsDeleteByFilterResp AttachmentsDeleteByKeysResp TasksSubmitResp UserLoginResp"""
#: Records that need nothing of their own.
RECORDS: dict[str, type[Record]] = {
    name: type(name, (Record,), {"__module__": "mitosis.compat"}) for name in f"{_REQUESTS} {_ANSWERS}".split()
}
RECORDS["ParsedTaskQueryInfo"] = RECORDS["TaskQueryInfo"]


def required_password(password: Any, instead: str) -> str:
    if not isinstance(password, str):
        raise invalid_field("password", f"MD5 of a password can't be checked here; write {instead}")
    return password
