"""The coordinator is killed in the middle of everything: nothing is lost, nothing is submitted twice."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import eventually
from mitosis import Client, UnavailableError
from mitosis.local import LocalStack


@pytest.fixture
def fragile() -> Iterator[LocalStack]:
    """A stack of its own: the number of its coordinator is known until the first kill."""
    with Client.local(slots=4) as stack:
        yield stack


def coordinators(stack: LocalStack) -> list[int]:
    """The processes of the coordinator of a stack: children of `mito up`."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            continue
        if parent == stack.ready_pid and b"coordinator" in words:
            found.append(int(entry.name))
    return found


@contextmanager
def killing(stack: LocalStack, kills: int) -> Iterator[None]:
    """Kills the coordinator with signal 9, as soon as it responds, a few times."""
    probe = Client(stack.url, stack.transport.token, patience=0)
    stop = threading.Event()
    done = [0]

    def work() -> None:
        while done[0] < kills and not stop.is_set():
            try:
                probe.identity()
            except UnavailableError:
                stop.wait(0.05)
                continue
            for pid in coordinators(stack):
                os.kill(pid, signal.SIGKILL)
                done[0] += 1
            stop.wait(0.3)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        eventually("the coordinator was killed as often as wanted", lambda: done[0] >= kills, 120)
        stop.set()
        thread.join()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes in /proc")
def test_nothing_is_lost_or_doubled_while_the_coordinator_is_killed(fragile: LocalStack, tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(os.urandom(1_000_000) * 100)
    client = Client(fragile.url, fragile.transport.token, timeout=10)
    client.identity()
    talking = client.submit("for i in $(seq 1 40); do echo line $i; sleep 0.1; done")
    printed: list[str] = []
    reading = threading.Thread(target=lambda: printed.extend(piece.text for piece in talking.follow()))
    reading.start()
    begun = time.monotonic()
    with killing(fragile, 3):
        tasks = []
        while time.monotonic() - begun < 3 or len(tasks) < 30:
            tasks.append(client.submit("true", labels=["submitted"]))
        job = client.sweep("echo {n}", n=range(20), options={"labels": ["swept"]})
        client.files.upload("big", big)
        seen = [task.params["n"] for task in job.as_completed(180)]
        client.wait(tasks, 180)
    reading.join(120)
    assert sorted(seen) == list(range(20))
    assert client.count_tasks(labels=["submitted"]) == len(tasks) == len({task.uuid for task in tasks})
    assert client.count_tasks(labels=["swept"]) == 20
    assert client.count_tasks(labels=["submitted"], state=["completed"]) == len(tasks)
    assert "".join(printed) == "".join(f"line {number}\n" for number in range(1, 41))
    assert client.files.get("big").size_bytes == big.stat().st_size
