"""Groups, users and workers, by the names of pynetmito."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from ._compat_convert import moment, quota, role, text, texts, their_role
from ._compat_shapes import RECORDS, GroupState, Record, WorkerState, required_password
from ._errors import MitoError
from ._generated import kinds

if TYPE_CHECKING:
    from ._client import Client


class AccessCalls:
    """Part of `MitoHttpClient`."""

    username: str | None

    @property
    def mitosis(self) -> Client:
        raise NotImplementedError

    def user_change_password(self, username: str, req: Any) -> Record:
        old = required_password(req.old_password, "UserChangePasswordReq(old_password=…, new_password=…)")
        new = required_password(req.new_password, "UserChangePasswordReq(old_password=…, new_password=…)")
        session = self.mitosis.admin.change_password(old, new)
        self.mitosis.transport.token = session.token
        return RECORDS["UserChangePasswordResp"](token=session.token)

    def admin_change_password(self, username: str, req: Any) -> None:
        new = required_password(req.new_password, "AdminChangePasswordReq(new_password=…)")
        self.mitosis.admin.reset_password(username, new)

    def admin_create_user(self, req: Any) -> None:
        password = required_password(req.password, "CreateUserReq(username=…, password=…)")
        self.mitosis.admin.create_user(req.username, password, **({"is_admin": True} if req.admin else {}))

    def admin_delete_user(self, username: str) -> None:
        self.mitosis.admin.delete_user(username)

    def user_create_group(self, req: Any) -> None:
        self.mitosis.admin.create_group(req.group_name)

    def get_group_by_name(self, group_name: str) -> Record:
        view = self.mitosis.admin.group(group_name)
        data = view.to_dict()
        try:
            members = {each.username: their_role(each.role) for each in self.mitosis.admin.members(group_name)}
        except kinds.ForbiddenError:
            members = None
        return RECORDS["GroupQueryInfo"](
            group_name=view.name,
            creator_username=data.get("creator"),
            created_at=moment(data.get("created_at")),
            updated_at=moment(data.get("created_at")),
            state=GroupState(str(data.get("state", "active")).capitalize()),
            task_count=self.mitosis.count_tasks(group=group_name),
            storage_quota=data.get("storage_quota_bytes"),
            storage_used=data.get("storage_used_bytes"),
            worker_count=sum(1 for _ in self.mitosis.admin.workers(group=group_name)),
            users_in_group=members,
        )

    def get_user_groups_roles(self) -> Record:
        own = {}
        for group in self.mitosis.admin.groups():
            found = group.to_dict().get("role")
            if found:
                own[group.name] = their_role(found)
        return RECORDS["GroupsQueryResp"](groups=own)

    def update_user_group_roles(self, group_name: str, req: Any) -> None:
        self.mitosis.admin.update_members(group_name, {user: role(each) for user, each in req.relations.items()})

    def remove_user_group_roles(self, group_name: str, req: Any) -> None:
        for user in req.users:
            self.mitosis.admin.remove_member(group_name, user)

    def admin_update_group_storage_quota(self, group_name: str, req: Any) -> Record:
        view = self.mitosis.admin.set_quotas(group_name, storage_quota_bytes=quota(req.storage_quota))
        return RECORDS["GroupStorageQuotaResp"](storage_quota=view.to_dict().get("storage_quota_bytes"))

    def admin_update_user_group_quota(self, username: str, req: Any) -> Record:
        view = self.mitosis.admin.update_user(username, group_quota=quota(req.group_quota))
        return RECORDS["UserGroupQuotaResp"](group_quota=view.to_dict().get("group_quota"))

    def get_worker_by_uuid(self, uuid: Any) -> Record:
        view = self.mitosis.admin.worker(str(uuid))
        groups = view.to_dict().get("groups") or {}
        pairs = groups.items() if isinstance(groups, dict) else [(each["group"], each["role"]) for each in groups]
        found = {name: their_role(each) for name, each in pairs}
        return RECORDS["WorkerQueryResp"](info=_worker(view), groups=found)

    def query_workers_by_filter(self, req: Any) -> Record:
        found = [_worker(view) for view in self.mitosis.admin.workers(**self._worker_filter(req))]
        return RECORDS["WorkersQueryResp"](
            count=len(found), workers=[] if req.count else found, group_name=req.group_name or self.username
        )

    def _worker_filter(self, req: Any) -> dict[str, Any]:
        filters = {
            "group": req.group_name,
            "role": [role(each) for each in req.role] if req.role else None,
            "tags": texts(req.tags),
            "labels": texts(req.labels),
            "creator": req.creator_username,
        }
        return {name: value for name, value in filters.items() if value is not None}

    def cancel_worker_by_uuid(self, uuid: Any, force: bool = False) -> None:
        self.mitosis.admin.steer_worker(str(uuid), "stop_now" if force else "stop")

    def admin_cancel_worker_by_uuid(self, uuid: Any, force: bool = False) -> None:
        self.cancel_worker_by_uuid(uuid, force)

    def shutdown_workers_by_filter(self, req: Any) -> Record:
        uuids = [view.uuid for view in self.mitosis.admin.workers(**self._worker_filter(req))]
        failed = self._shutdown(uuids, req.op)
        return RECORDS["WorkersShutdownByFilterResp"](
            shutdown_count=len(uuids) - len(failed), group_name=req.group_name or self.username
        )

    def shutdown_workers_by_uuids(self, req: Any) -> Record:
        failed = self._shutdown([str(uuid) for uuid in req.uuids], req.op)
        return RECORDS["WorkersShutdownByUuidsResp"](
            shutdown_count=len(req.uuids) - len(failed), failed_uuids=[UUID(uuid) for uuid in failed]
        )

    def _shutdown(self, uuids: list[str], how: Any) -> list[str]:
        failed = []
        for uuid in uuids:
            try:
                self.cancel_worker_by_uuid(uuid, text(how) == "Force")
            except MitoError:
                failed.append(uuid)
        return failed

    def replace_worker_tags(self, uuid: Any, req: Any) -> None:
        self.mitosis.admin.update_worker(str(uuid), tags=texts(req.tags) or [])

    def replace_worker_labels(self, uuid: Any, req: Any) -> None:
        self.mitosis.admin.update_worker(str(uuid), labels=texts(req.labels) or [])

    def update_group_worker_roles(self, uuid: Any, req: Any) -> None:
        groups = {group: role(each) for group, each in req.relations.items()}
        self.mitosis.admin.update_worker_roles(str(uuid), groups)

    def remove_group_worker_roles(self, uuid: Any, req: Any) -> None:
        for group in req.groups:
            self.mitosis.admin.remove_worker_role(str(uuid), group)

    def get_redis_connection_info(self) -> Record:
        """Clients have no access to the queue here: changes come from `mitosis.Client().events()`."""
        return RECORDS["RedisConnectionInfo"](url=None)

    def admin_shutdown_coordinator(self, req: Any) -> None:
        raise kinds.UnsupportedError(
            "not_supported", "A coordinator can't be stopped over the API: stop its process where it runs."
        )


def _worker(view: Any) -> Record:
    data = view.to_dict()
    seen = data.get("last_seen_at")
    return RECORDS["WorkerQueryInfo"](
        worker_id=UUID(view.uuid),
        creator_username=data.get("creator"),
        tags=list(view.tags),
        labels=list(view.labels),
        created_at=moment(data.get("registered_at")),
        updated_at=moment(seen),
        state=WorkerState.NORMAL if data.get("wanted", "run") == "run" else WorkerState.GRACEFUL_SHUTDOWN,
        last_heartbeat=moment(seen),
    )


__all__ = ["AccessCalls"]
