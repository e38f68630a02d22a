"""Going into tasks while they run, and what else there is around tasks and jobs."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import eventually
from mitosis import AsyncClient, Client, ConflictError, InvalidError, MitoError, NotFoundError, Task

NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def running(client: Client) -> Iterator[Task]:
    """A task that runs until the test is over, with a file and a folder."""
    task = client.submit(
        'export OWN=kept; mkdir -p part; seq 1 200000 > part/numbers; echo "état" > "$MITO_RESULT_DIR/so far.txt"; '
        "echo begun; exec sleep 600",
        env={"GIVEN": "5"},
    )
    next(task.follow())
    yield task
    task.cancel()


def test_a_command_runs_beside_a_task(running: Task) -> None:
    done = running.exec('pwd; ls; echo "$GIVEN" >&2; exit 3')
    assert (done.exit_code, done.signal, done.stderr) == (3, None, "5\n")
    assert done.stdout.splitlines()[1:] == ["part"]
    echoed = running.exec(["tr", "a-z", "A-Z"], stdin="read from stdin\n" * 50_000)
    assert echoed.stdout == "READ FROM STDIN\n" * 50_000
    pieces: list[tuple[bytes, str]] = []
    streamed = running.exec("head -c 3000000 /dev/zero; echo e >&2", on_output=lambda *piece: pieces.append(piece))
    assert streamed.stdout_bytes == b"" and streamed.exit_code == 0
    assert sum(len(data) for data, channel in pieces if channel == "stdout") == 3_000_000
    assert b"".join(data for data, channel in pieces if channel == "stderr") == b"e\n"
    assert running.exec("kill -9 $$").signal == "SIGKILL"
    assert running.exec(["cat"]).stdout == "", "without stdin there is its end"
    with pytest.raises(MitoError) as caught:
        running.exec(["no-such-program"])
    assert caught.value.code == "command_not_started"
    with pytest.raises(InvalidError):
        running.exec([])


def test_a_task_that_does_not_run_has_no_inside(client: Client) -> None:
    waiting = client.submit("true", group="idle")
    for call in (
        lambda: waiting.exec("true"),
        lambda: waiting.forward(80),
        lambda: waiting.ls(),
        lambda: waiting.cat("x"),
    ):
        with pytest.raises(ConflictError) as caught:
            call()
        assert caught.value.code == "not_running"
    with pytest.raises(NotFoundError):
        client.task(NOBODY).exec("true")
    waiting.cancel()


def test_files_of_a_running_task_are_listed_read_and_fetched(running: Task, tmp_path: Path) -> None:
    assert {"exec", "result"} <= {entry.name for entry in running.ls().entries}
    (entry,) = running.ls("result").entries
    assert (entry.name, entry.kind, entry.size_bytes) == ("so far.txt", "file", 6)
    assert running.cat("result/so far.txt").decode() == "état\n"
    assert running.download("result/so far.txt", f"{tmp_path}/out/").name == "so far.txt"
    assert running.download("exec/part", tmp_path / "part") == tmp_path / "part"
    numbers = next((tmp_path / "part").rglob("numbers")).read_text().splitlines()
    assert (len(numbers), numbers[-1]) == (200_000, "200000")
    assert not list(tmp_path.rglob("*.part"))
    for call in (lambda: running.cat("result/none"), lambda: running.ls("result/none")):
        with pytest.raises(MitoError, match="none"):
            call()


SERVER = """python3 - <<'END'
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"x" * 1000000 if self.path == "/large" else self.path.encode())
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
END"""


def test_a_port_of_a_task_is_a_port_here(client: Client) -> None:
    task = client.submit(SERVER)
    port = int(next(task.follow()).text)
    with task.forward(port) as forward:
        assert urllib.request.urlopen(f"{forward.url}/hello", timeout=60).read() == b"/hello"
        bodies: list[int] = []
        fetch = lambda: bodies.append(len(urllib.request.urlopen(f"{forward.url}/large", timeout=60).read()))  # noqa: E731
        threads = [threading.Thread(target=fetch) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert bodies == [1_000_000] * 4
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", forward.port), timeout=5)
    with pytest.raises(MitoError) as caught:
        task.forward(1)
    assert caught.value.code == "port_closed"
    with pytest.raises(InvalidError, match="is not a port"):
        task.forward(70_000)
    lasting = task.forward(port)
    task.cancel()
    eventually("the forward ends with its task", lambda: lasting.ended is not None)
    lasting.close()


def test_somebody_types_in_the_terminal_of_a_task(client: Client) -> None:
    task = client.submit('read line; echo "read: $line"', pty={"cols": 80, "rows": 24})
    task.type("typed\r")
    task.wait(60)
    assert "read: typed" in task.logs()


def test_the_asynchronous_client_goes_into_tasks_too(client: Client, running: Task) -> None:
    async def work() -> None:
        async with AsyncClient(client.url, client.transport.token) as own:
            task = own.task(running.uuid)
            assert (await task.exec("echo inside")).stdout == "inside\n"
            assert await task.cat("result/so far.txt") == "état\n".encode()
            begun = time.monotonic()
            sleeping = asyncio.create_task(task.exec("sleep 60"))
            await asyncio.sleep(0.5)
            sleeping.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sleeping
            assert time.monotonic() - begun < 10
            found = [
                match.text async for match in own.grep("^begun$", stream=["stdout"], name=(await task.refresh()).name)
            ]
            assert "begun" in found
            await own.secrets.set("ASYNC", "long enough")
            assert [secret.name for secret in await own.secrets.list()] == ["ASYNC"]
            await own.secrets.delete("ASYNC")

    asyncio.run(work())


def test_a_failed_job_says_why_and_can_be_compared_and_run_again(client: Client) -> None:
    line = 'echo "{lr} went wrong" >&2; printf \'{"loss": {lr}}\' > "$MITO_RESULT_DIR/metrics.jsonl"; exit {code}'
    first = client.sweep(line, lr=[1, 2], code=[0, 7], at_once=2).wait(120)
    failures = first.failures()
    assert (failures.looked_at, failures.is_complete, sum(group.count for group in failures.groups)) == (2, True, 2)
    assert {host.count for group in failures.groups for host in group.hosts} <= {1, 2}
    assert sorted(match.text for match in first.grep("wrong$", state=["failed"])) == [
        "1 went wrong",
        "2 went wrong",
    ]
    assert first.efficiency().to_dict()
    second = first.rerun(labels=["again"]).wait(120)
    assert second.uuid != first.uuid and second.counts["failed"] == 2
    rows = second.compare(first, "list")
    assert [(row["lr"], row["loss A"], row["loss B"], row["loss B-A"]) for row in rows] == [
        (lr, lr, lr, 0) for lr in (1, 1, 2, 2)
    ]
    usage = client.usage("user,group", since="1d")
    assert usage.rows and usage.rows[0].attempts > 0
    with pytest.raises(InvalidError):
        client.usage("shoe")
    with pytest.raises(InvalidError, match="pattern"):
        list(client.grep("("))


def test_a_task_continues_from_its_checkpoint(client: Client, tmp_path: Path) -> None:
    command = (
        'cd "$MITO_CHECKPOINT_DIR"; n=$(cat n 2>/dev/null || echo 0); echo $((n + 1)) > n; touch .done; '
        'echo "run $((n + 1))"; [ $n -gt 0 ] || exit 9'
    )
    task = client.submit(
        command, checkpoint_every="1h", requeue_on=[9], requeues_max=2, warn_before="10s", timeout="1h"
    )
    task.wait(120).check()
    assert [attempt.exit_code for attempt in task.attempts()] == [9, 0]
    stored = task.checkpoints()
    assert stored and stored[0].size_bytes > 0
    assert (task.download_checkpoint(tmp_path) / "n").read_text() == "2\n"
    assert client.submit("cat $MITO_CHECKPOINT_DIR/n", from_checkpoint=task).wait(60).check().logs() == "2\n"
    with pytest.raises(NotFoundError, match="checkpoint 99"):
        task.download_checkpoint(tmp_path, 99)


def test_secrets_schedules_and_named_jobs(client: Client) -> None:
    client.secrets.set("TOKEN", "s3cret-value")
    task = client.submit('test "$TOKEN" = s3cret-value; echo "exit $?: $TOKEN"', secrets=["TOKEN"]).wait(60)
    assert "exit 0" in task.logs() and "s3cret" not in task.logs()
    client.secrets.delete("TOKEN")
    jobs = [{"key": "all", "tasks": [client.spec("true", group="idle")]}]
    schedule = client.schedules.create("nightly", "0 3 1 1 *", jobs, group="idle", time_zone="Europe/Berlin")  # type: ignore[arg-type]
    assert [each.name for each in client.schedules.list(group="idle")] == ["nightly"]
    assert client.schedules.pause(schedule.uuid).uuid == client.schedules.resume(schedule.uuid).uuid
    client.schedules.run_now(schedule.uuid)
    client.schedules.delete(schedule.uuid)
    with pytest.raises(NotFoundError):
        client.schedules.get(schedule.uuid)
    tasks = [{"identity": "1" * 64, "run": "0" * 64, "task": client.spec("true")}]
    applied = client.experiments.apply("study", tasks)  # type: ignore[arg-type]
    assert client.experiments.apply("study", tasks).uuid == applied.uuid  # type: ignore[arg-type]
    assert [known.identity for known in client.experiments.tasks("study")] == ["1" * 64]


def test_receivers_are_told_of_jobs(client: Client) -> None:
    hook = client.receivers.create("me", "webhook", "http://127.0.0.1:9/x", per_hour=5)
    assert hook.key.startswith("whsec_")
    assert "is not public" in json.dumps(client.receivers.test(hook.uuid).to_dict()), "a coordinator calls no loopback"
    job = client.sweep("exit {n}", n=[0, 1], notify={"to": ["me"], "on": ["ended"]})
    assert job.view["notify"]["to"] == ["me"]
    job.wait(60)
    eventually("both messages are listed", lambda: len(list(client.receivers.deliveries(hook.uuid))) >= 2)
    assert client.receivers.change(hook.uuid, is_paused=True).is_paused is True
    client.receivers.delete(hook.uuid)
    assert client.receivers.list() == []
