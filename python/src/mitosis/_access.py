"""Users, groups, workers, tokens, the audit log, programs and computations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._files import PathLike
from ._generated.models import (
    AuditView,
    CancelAnswer,
    CreatedEnrolment,
    CreatedToken,
    EnrolmentView,
    GroupView,
    MemberListMember,
    ProgramView,
    Session,
    TokenView,
    UserView,
    WorkerView,
    WorkloadSummary,
    WorkloadTask,
    WorkloadView,
)
from ._transport import Call, Query
from ._units import Duration, duration_ms

if TYPE_CHECKING:
    from ._client import Client

PAGE = 1000
AGAIN = Call(repeatable=True)


class Admin:
    """Who may do what, and what there is. Methods on users and quotas are for administrators."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._api = client.api

    def change_password(self, current: str, new: str) -> Session:
        """Ends every login of the user, this one too, and returns a new one."""
        return self._api.account_change_password({"current_password": current, "new_password": new})

    def tokens(self) -> list[TokenView]:
        return self._api.tokens_list().tokens

    def create_token(
        self, name: str, *, scope: str = "submit", expires: Duration | None = None, **fields: Any
    ) -> CreatedToken:
        """The answer is the only place where the token is shown."""
        body: Any = {"name": name, "scope": scope, **fields}
        if expires is not None:
            body["expires_in_ms"] = duration_ms(expires, "expires")
        return self._api.tokens_create(body)

    def revoke_token(self, name: str) -> None:
        self._api.tokens_revoke(name)

    def users(self, state: str | None = None) -> Iterator[UserView]:
        after: str | None = None
        while True:
            page = self._api.users_query(state=state, limit=PAGE, after=after)
            yield from page.users
            after = page.next
            if after is None:
                return

    def user(self, username: str) -> UserView:
        return self._api.users_get(username)

    def create_user(self, username: str, password: str, **fields: Any) -> UserView:
        body: Any = {"username": username, "password": password, **fields}
        return self._api.users_create(body)

    def update_user(self, username: str, **fields: Any) -> UserView:
        change: Any = fields
        return self._api.users_update(username, change)

    def reset_password(self, username: str, password: str) -> None:
        """Ends every login and API token of the user."""
        self._api.users_reset_password(username, {"password": password})

    def delete_user(self, username: str) -> None:
        self._api.users_delete(username)

    def groups(self) -> Iterator[GroupView]:
        """Those of the caller; for administrators all."""
        after: str | None = None
        while True:
            page = self._api.groups_query(limit=PAGE, after=after)
            yield from page.groups
            after = page.next
            if after is None:
                return

    def group(self, name: str) -> GroupView:
        return self._api.groups_get(name)

    def create_group(self, name: str) -> GroupView:
        return self._api.groups_create({"name": name})

    def update_group(self, name: str, **fields: Any) -> GroupView:
        change: Any = fields
        return self._api.groups_update(name, change)

    def delete_group(self, name: str) -> None:
        self._api.groups_delete(name)

    def set_quotas(self, name: str, **quotas: Any) -> GroupView:
        change: Any = quotas
        return self._api.groups_quotas(name, change, call=Call(repeatable=False))

    def suspend_group(self, name: str) -> None:
        """Nothing of the group starts until it is resumed."""
        self._api.groups_suspend(name, call=AGAIN)

    def resume_group(self, name: str) -> None:
        self._api.groups_resume(name, call=AGAIN)

    def members(self, group: str) -> list[MemberListMember]:
        return self._api.groups_members(group).members

    def update_members(self, group: str, members: Mapping[str, str]) -> list[MemberListMember]:
        """Adds members or changes their roles; the others stay as they are."""
        body: Any = {"members": dict(members)}
        return self._api.groups_update_members(group, body).members

    def remove_member(self, group: str, username: str) -> None:
        self._api.groups_remove_member(group, username)

    def workers(self, **filters: Query) -> Iterator[WorkerView]:
        """Workers, by `group`, `role`, `creator`, `tags`, `labels`; `all=True` shows those that are gone, too."""
        after: str | None = None
        while True:
            page = self._api.workers_query(**filters, limit=PAGE, after=after)  # type: ignore[arg-type]
            yield from page.workers
            after = page.next
            if after is None:
                return

    def worker(self, uuid: str) -> WorkerView:
        return self._api.workers_get(uuid)

    def update_worker(self, uuid: str, **fields: Any) -> WorkerView:
        """Replaces tags or labels."""
        change: Any = fields
        return self._api.workers_update(uuid, change, call=AGAIN)

    def update_worker_roles(self, uuid: str, groups: Mapping[str, str]) -> WorkerView:
        """Gives groups a role on a worker; the others stay as they are."""
        body: Any = {"groups": dict(groups)}
        return self._api.workers_update_roles(uuid, body)

    def remove_worker_role(self, uuid: str, group: str) -> None:
        self._api.workers_remove_role(uuid, group)

    def steer_worker(self, uuid: str, wanted: str) -> WorkerView:
        """Says what is wanted of a worker: `run`, `drain`, `stop` (after its tasks) or `stop_now`."""
        body: Any = {"wanted": wanted}
        return self._api.workers_steer(uuid, body, call=AGAIN)

    def revoke_worker(self, uuid: str) -> None:
        """Ends its credentials at once; its tasks go elsewhere."""
        self._api.workers_revoke(uuid)

    def create_enrolment(self, **fields: Any) -> CreatedEnrolment:
        """The answer is the only place where the code is shown."""
        body: Any = fields
        return self._api.enrolments_create(body)

    def enrolments(self) -> list[EnrolmentView]:
        return self._api.enrolments_list().enrolments

    def revoke_enrolment(self, uuid: str) -> None:
        self._api.enrolments_revoke(uuid)

    def audit(self, **filters: Query) -> Iterator[AuditView]:
        """Who did what, newest first."""
        after: str | None = None
        while True:
            page = self._api.audit_query(**filters, limit=PAGE, after=after)  # type: ignore[arg-type]
            yield from page.entries
            after = page.next
            if after is None:
                return


class Programs:
    """The WebAssembly programs of a group."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._api = client.api

    def upload(self, file: PathLike, *, name: str | None = None, group: str | None = None) -> ProgramView:
        """Stores a program; refused when it imports what the sandbox does not have."""
        path = Path(file)
        query: dict[str, Query] = {"name": name or path.stem, "group": group}
        call = Call(repeatable=True, headers={"Content-Type": "application/wasm"})
        return self._client.transport.model(
            "POST", "/programs", ProgramView, data=path.read_bytes(), query=query, call=call
        )

    def list(self, *, group: str | None = None) -> Sequence[ProgramView]:
        return self._api.programs_list(group=group).programs

    def get(self, sha256: str, *, group: str | None = None) -> ProgramView:
        return self._api.programs_get(sha256, group=group)

    def delete(self, sha256: str, *, group: str | None = None) -> None:
        self._api.programs_delete(sha256, group=group)


class Workloads:
    """Computations that a program splits and puts together."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._api = client.api

    def submit(self, *, key: str | None = None, **fields: Any) -> WorkloadView:
        body: Any = fields
        return self._api.workloads_submit(body, call=Call(key=key or self._client.new_key()))

    def list(self, **filters: Query) -> Iterator[WorkloadSummary]:
        after: str | None = None
        while True:
            page = self._api.workloads_query(**filters, limit=PAGE, after=after)  # type: ignore[arg-type]
            yield from page.workloads
            after = page.next
            if after is None:
                return

    def get(self, uuid: str) -> WorkloadView:
        return self._api.workloads_get(uuid)

    def tasks(self, uuid: str) -> Sequence[WorkloadTask]:
        return self._api.workloads_tasks(uuid).tasks

    def wait(self, uuid: str) -> WorkloadView:
        """Returns when it is over."""
        seen = 0
        while True:
            call = Call(repeatable=True, timeout=60)
            workload = self._api.workloads_wait(uuid, {"seen_done": seen, "timeout_ms": 30_000}, call=call)
            if workload.state in ("completed", "failed", "cancelled"):
                return workload
            seen = workload.subtasks_done

    def cancel(self, uuid: str, reason: str | None = None) -> CancelAnswer:
        body: Any = {} if reason is None else {"reason": reason}
        return self._api.workloads_cancel(uuid, body, call=AGAIN)


__all__ = ["Admin", "Programs", "Workloads"]
