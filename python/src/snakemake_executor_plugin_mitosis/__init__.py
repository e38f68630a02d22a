"""`snakemake --executor mitosis`: each job of a workflow is a task. Workers share the files of the workflow."""

import os
import shlex
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any, Optional

from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor
from snakemake_interface_executor_plugins.settings import CommonSettings, ExecutorSettingsBase

try:
    from mitosis import Client, MitoError
    from mitosis._following import wait_for
except ImportError as error:
    raise ImportError(
        "The module mitosis is that of another project. Uninstall it (python3 -m pip uninstall mitosis) "
        "and install mitosis-client again."
    ) from error

FINAL = ("completed", "failed", "cancelled")
CHUNK = 1000
LOG_LINES = 20


@dataclass
class ExecutorSettings(ExecutorSettingsBase):  # type: ignore[misc]
    """Options: `--mitosis-group`, `--mitosis-tags`, `--mitosis-timeout`."""

    # Snakemake calls these types, so `str | None` is none of them.
    group: Optional[str] = field(default=None, metadata={"help": "group whose workers run the jobs"})
    tags: Optional[str] = field(default=None, metadata={"help": "tags that a worker must have, separated by commas"})
    timeout: Optional[str] = field(default=None, metadata={"help": "time limit of each job, for example 12h"})


common_settings = CommonSettings(
    non_local_exec=True,
    implies_no_shared_fs=False,
    job_deploy_sources=False,
    pass_default_storage_provider_args=True,
    pass_default_resources_args=True,
    pass_envvar_declarations_to_cmd=True,
    auto_deploy_default_storage_provider=False,
    init_seconds_before_status_checks=1,
)


class Executor(RemoteExecutor):  # type: ignore[misc]
    """Submits, looks and cancels through the API, each job judged alone."""

    def __post_init__(self) -> None:
        self._client = Client()
        settings = self.workflow.executor_settings
        tags = [tag for tag in (settings.tags or "").split(",") if tag]
        given = {"group": settings.group, "tags": tags or None, "timeout": settings.timeout}
        self._options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        self._folder = os.getcwd()

    def run_job(self, job: Any) -> None:
        line = f"cd {shlex.quote(self._folder)} && {self.format_job_exec(job)}"
        task = self._client.submit(
            ["/bin/sh", "-c", line],
            name=f"snakemake {job.name} {job.jobid}",
            labels=["snakemake"],
            cpus=job.threads if job.threads > 1 else None,
            env={name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ},
            **self._options,
        )
        self.report_job_submission(SubmittedJobInfo(job=job, external_jobid=task.uuid))

    async def check_active_jobs(self, active_jobs: list[SubmittedJobInfo]) -> AsyncGenerator[SubmittedJobInfo, None]:
        for at in range(0, len(active_jobs), CHUNK):
            chunk = active_jobs[at : at + CHUNK]
            async with self.status_rate_limiter:
                states = self._states([str(info.external_jobid) for info in chunk])
            for info in chunk:
                state = states.get(str(info.external_jobid))
                if state not in FINAL:
                    yield info
                elif state == "completed":
                    self.report_job_success(info)
                else:
                    self.report_job_error(info, msg=self._failure(str(info.external_jobid)))

    def _states(self, uuids: list[str]) -> dict[str, str]:
        try:
            return {task.uuid: task.state for task in wait_for(self._client.transport, uuids, 0).tasks}
        except MitoError as error:
            if error.kind not in ("unavailable", "rate-limited"):
                raise
            self.logger.warning(f"mitosis: {error}; looking again")
            return {}

    def _failure(self, uuid: str) -> str:
        try:
            task = self._client.task(uuid)
            tail = "\n".join(task.logs().splitlines()[-LOG_LINES:])
            return f"The task {uuid} {task.state} ({task.message or task.reason}). It printed last:\n{tail}\n"
        except MitoError as error:
            return f"The task {uuid} failed; why is unknown: {error}\n"

    def cancel_jobs(self, active_jobs: list[SubmittedJobInfo]) -> None:
        """In chunks; prints what is left and the command that cancels it. Another Ctrl-C does not stop it."""
        uuids = [str(info.external_jobid) for info in active_jobs]
        left: list[str] = []
        for at in range(0, len(uuids), CHUNK):
            chunk = uuids[at : at + CHUNK]
            left += self._cancel(chunk)
        if left:
            print(f"mitosis: {len(left)} tasks were not cancelled. Cancel them with:", file=sys.stderr)
            for at in range(0, len(left), 50):
                print(f"  mito tasks cancel {' '.join(left[at : at + 50])}", file=sys.stderr)

    def _cancel(self, uuids: list[str], tries: int = 3) -> list[str]:
        """Those that may still run."""
        for _ in range(tries):
            try:
                answer = self._client.cancel(list(uuids), reason="the workflow was cancelled")
            except KeyboardInterrupt:
                continue
            except MitoError as error:
                print(f"mitosis: {error}", file=sys.stderr)
                continue
            # A job that ended in between, or that nobody knows, does not run.
            return [each.uuid for each in answer.results or [] if each.result == "forbidden"]
        return uuids
