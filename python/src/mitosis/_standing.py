"""What stands at a coordinator besides tasks: secrets, schedules, receivers of messages, jobs with a known name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ._generated.models import (
    AppliedJob,
    ApplyTask,
    CreatedReceiver,
    DeliveryView,
    ExperimentText2,
    KnownTasksTask,
    ReceiverView,
    ScheduledJob,
    ScheduleView,
    SecretView,
)
from ._transport import Call, Query
from ._units import Duration, duration_ms

if TYPE_CHECKING:
    from ._client import Client

PAGE = 1000
AGAIN = Call(repeatable=True)


class Secrets:
    """Secrets of groups: they can be set, and never read. A task gets them with `submit(secrets=["NAME"])`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._api = client.api

    def set(self, name: str, value: str, *, group: str | None = None) -> SecretView:
        """Sets a secret; tasks that start later get the new value. Values are masked in what tasks print."""
        return self._api.secrets_set(group or self._client.group, name, {"value": value}, call=AGAIN)

    def list(self, *, group: str | None = None) -> Sequence[SecretView]:
        """Their names, and who has set them when."""
        return self._api.secrets_list(group or self._client.group).secrets

    def delete(self, name: str, *, group: str | None = None) -> None:
        """Tasks that ask for it no longer start."""
        self._api.secrets_delete(group or self._client.group, name)


class Schedules:
    """Jobs at the times of a cron expression."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._api = client.api

    def create(
        self, name: str, cron: str, jobs: Sequence[ScheduledJob], *, group: str | None = None, **fields: Any
    ) -> ScheduleView:
        """Makes a schedule: `create("nightly", "0 3 * * *", [{"key": "all", "tasks": [client.spec("./report.sh")]}])`.

        `fields` are `time_zone` (`Europe/Berlin`), `overlap` (`skip`, `queue`, `replace`) and `catch_up` (`none`,
        `last`, `all`).
        """
        body: Any = {"name": name, "cron": cron, "jobs": list(jobs), **fields}
        group = group or self._client.default_group
        if group is not None:
            body["group"] = group
        return self._api.schedules_create(body)

    def list(self, **filters: Query) -> Iterator[ScheduleView]:
        """All that a filter (`group`, `name`) finds, newest first."""
        after: str | None = None
        while True:
            page = self._api.schedules_query(**filters, after=after)  # type: ignore[arg-type]
            yield from page.schedules
            after = page.next
            if after is None:
                return

    def get(self, uuid: str) -> ScheduleView:
        return self._api.schedules_get(uuid)

    def pause(self, uuid: str) -> ScheduleView:
        """Submits nothing more until it is resumed."""
        return self._api.schedules_pause(uuid, call=AGAIN)

    def resume(self, uuid: str) -> ScheduleView:
        return self._api.schedules_resume(uuid, call=AGAIN)

    def run_now(self, uuid: str) -> ScheduleView:
        """Submits its jobs once, besides its times."""
        return self._api.schedules_run_now(uuid)

    def delete(self, uuid: str) -> None:
        """The jobs that it has submitted continue."""
        self._api.schedules_delete(uuid)


class Receivers:
    """Who is told of jobs: the receivers of the caller, or of a group."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._api = client.api

    def create(
        self,
        name: str,
        kind: str,
        target: str,
        *,
        on: Sequence[str] = (),
        stuck_after: Duration | None = None,
        group: str | None = None,
        **fields: Any,
    ) -> CreatedReceiver:
        """Adds a receiver. `kind` is `webhook`, `slack` (`target` is a URL), `mail` (an address) or `command` (one of
        the coordinator). It is told of the events `on` (`started`, `ended`, `failed`, `stuck`) of all jobs of its
        owner; without them, of jobs that ask for it with `notify={"to": [name]}`.

        The key of a webhook is in this answer and nowhere else. `fields` are `key` and `per_hour`.
        """
        body: Any = {"name": name, "kind": kind, "target": target, "on": list(on), **fields}
        if stuck_after is not None:
            body["stuck_after_ms"] = duration_ms(stuck_after, "stuck_after")
        if group is not None:
            body["group"] = group
        return self._api.receivers_create(body)

    def list(self, *, group: str | None = None) -> Sequence[ReceiverView]:
        return self._api.receivers_list(group=group).receivers

    def change(self, uuid: str, **fields: Any) -> ReceiverView:
        """Changes `on`, `stuck_after_ms`, `per_hour` and `is_paused`; messages wait up to a day while it is paused."""
        change: Any = fields
        return self._api.receivers_change(uuid, change, call=AGAIN)

    def delete(self, uuid: str) -> None:
        self._api.receivers_delete(uuid)

    def test(self, uuid: str) -> DeliveryView:
        """Sends a test message, and returns how the first attempt went."""
        return self._api.receivers_test(uuid, call=Call(timeout=60))

    def deliveries(self, uuid: str) -> Iterator[DeliveryView]:
        """Messages to it, newest first."""
        after: str | None = None
        while True:
            page = self._api.receivers_deliveries(uuid, after=after)
            yield from page.deliveries
            after = page.next
            if after is None:
                return


class Experiments:
    """Jobs that are known by their names and grow with the files that describe them (`mito apply`)."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._api = client.api

    def apply(self, name: str, tasks: Sequence[ApplyTask], **fields: Any) -> AppliedJob:
        """Stores up to 1000 tasks of a job that are not there yet; to repeat it changes nothing. A task has an
        `identity` (a SHA-256 of what it is, as of its parameters), a `run` (one of how it is run), and the `task`
        itself, as `client.spec` makes it. `fields` are `group`, `rerun_changed`, `is_last`, `at_once`, …
        """
        body: Any = {"name": name, "tasks": list(tasks), **fields}
        return self._api.experiments_apply(body, call=AGAIN)

    def tasks(self, name: str, *, group: str | None = None) -> Iterator[KnownTasksTask]:
        """The tasks that the job with this name has."""
        after: str | None = None
        while True:
            page = self._api.experiments_tasks(group or self._client.group, experiment=name, limit=PAGE, after=after)
            yield from page.tasks
            after = page.next
            if after is None:
                return

    def definition(self, job: str) -> ExperimentText2:
        """The file that describes a job, as it was written."""
        return self._api.experiments_definition(job)


__all__ = ["Experiments", "Receivers", "Schedules", "Secrets"]
