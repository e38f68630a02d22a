"""Looking for tasks, jobs, what they have printed and used."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from ._following import Change, follow_events
from ._generated.api import Api
from ._generated.models import Identity, JobView, MetricsSummary, OutputMatch, TaskView, UsageTable
from ._transport import Call, Query, Transport
from ._units import moment_text

PAGE = 1000


class Looking:
    """The half of `Client` that only asks."""

    transport: Transport
    api: Api

    def tasks(self, *, limit: int | None = None, **filters: Query) -> Iterator[TaskView]:
        """Tasks that a filter finds, newest first: `client.tasks(state=["failed"], tags=["gpu"])`."""
        left = limit
        after: str | None = None
        while left is None or left > 0:
            size = PAGE if left is None else min(PAGE, left)
            page = self.api.tasks_query(**filters, limit=size, after=after)  # type: ignore[arg-type]
            yield from page.tasks
            after = page.next
            if after is None:
                return
            left = None if left is None else left - len(page.tasks)

    def count_tasks(self, **filters: Query) -> int:
        """How many tasks a filter finds."""
        return self.api.tasks_count(**filters).count  # type: ignore[arg-type]

    def jobs(self, *, limit: int | None = None, **filters: Query) -> Iterator[JobView]:
        """Jobs, newest first."""
        count = 0
        after: str | None = None
        while limit is None or count < limit:
            page = self.api.jobs_query(**filters, limit=min(PAGE, (limit or PAGE) - count), after=after)  # type: ignore[arg-type]
            yield from page.jobs
            count += len(page.jobs) if limit is not None else 0
            after = page.next
            if after is None:
                return

    def events(self, *, group: str | None = None, job: str | None = None, task: str | None = None) -> Iterator[Change]:
        """Changes of tasks, jobs and groups as they happen; some may be missed while the connection is away."""
        yield from follow_events(self.transport, {"group": group, "job": job, "task": task})

    def grep(
        self,
        pattern: str,
        *,
        syntax: str = "re2",
        ignore_case: bool = False,
        attempts: str = "last",
        **filters: Query,
    ) -> Iterator[OutputMatch]:
        """Lines that tasks have printed, newest task first: `client.grep("out of memory", state=["failed"])`.

        `pattern` is a regular expression as RE2 reads it, or with `syntax="text"` exactly this text. `attempts="all"`
        searches earlier attempts, too. `filters` are those of `tasks`, and `stream`, `per_attempt`.
        """
        given: dict[str, Any] = {"syntax": syntax, "ignore_case": ignore_case, "attempts": attempts, **filters}
        after: str | None = None
        while True:
            # A search waits for those of others.
            part = self.api.tasks_grep(pattern=pattern, **given, after=after, call=Call(timeout=120))
            yield from part.matches
            after = part.next
            if after is None:
                return

    def usage(
        self,
        by: str = "user",
        *,
        since: str | datetime | timedelta | None = None,
        until: str | datetime | timedelta | None = None,
        group: str | None = None,
    ) -> UsageTable:
        """Core hours, GPU hours, wall hours and hours of waiting, of attempts that started in the last 30 days or
        between `since` and `until`: times, or how long ago (`"7d"`). `by` is any of `user`, `group` and `job`, with
        commas."""
        times = {
            name: moment_text(value, name) for name, value in (("since", since), ("until", until)) if value is not None
        }
        return self.api.usage_table(by=by, group=group, **times)  # type: ignore[arg-type]

    def identity(self) -> Identity:
        """Who the token speaks for."""
        return self.api.auth_identity()

    def metrics(self) -> MetricsSummary:
        """What matters of the deployment at a glance; for administrators."""
        return self.api.service_metrics_summary()
