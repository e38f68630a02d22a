"""The coordinator is killed in the middle of everything: nothing is lost, nothing is submitted twice."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

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


#: `TEST_SUBMISSIONS=1000` for a long look.
SUBMISSIONS = int(os.environ.get("TEST_SUBMISSIONS", "100"))


@contextmanager
def losing_answers(stack: LocalStack) -> Iterator[tuple[str, list[int]]]:
    """A proxy that forwards every request and loses every second answer of each kind; and how many it has lost."""
    target = urlsplit(stack.url)
    lost, lock = [0], threading.Lock()
    calls: Counter[str] = Counter()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            connection = HTTPConnection(target.hostname or "", target.port)
            connection.request(self.command, self.path, body, dict(self.headers))
            answer = connection.getresponse()
            data = answer.read()
            connection.close()
            with lock:
                kind = f"{self.command} {self.path.partition('?')[0]}"
                calls[kind] += 1
                is_lost = calls[kind] % 2 == 1
                lost[0] += is_lost
            if is_lost:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = forward

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_address[1]}", lost
        listening.shutdown()


def test_every_second_answer_is_lost_and_nothing_is_there_twice(
    stack: LocalStack, client: Client, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(os.urandom(200_000))
    with losing_answers(stack) as (url, lost):
        through = Client(url, stack.transport.token)
        through.identity()

        def submit(number: int) -> str:
            return through.submit("true", group="idle", labels=["lost"]).uuid

        with ThreadPoolExecutor(8) as pool:
            uuids = list(pool.map(submit, range(SUBMISSIONS)))
        job = through.sweep("true {n}", n=range(20), options={"group": "idle", "labels": ["swept lost"]})
        added = through.submit_job([through.spec("true", group="idle", labels=["in parts"])] * 1001, group="idle")
        through.files.upload("lost/file", tmp_path / "file")
        answer = through.cancel(uuids[: SUBMISSIONS // 2])
        job.cancel()
        added.cancel()
    assert lost[0] > SUBMISSIONS
    assert client.count_tasks(labels=["lost"]) == len(set(uuids)) == SUBMISSIONS
    assert client.count_tasks(labels=["swept lost"]) == 20
    assert client.count_tasks(labels=["in parts"]) == 1001
    assert client.files.read("lost/file") == (tmp_path / "file").read_bytes()
    assert client.count_tasks(labels=["lost"], state=["cancelled"]) == SUBMISSIONS // 2
    assert {each.result for each in answer.results or []} <= {"cancelled", "ended"}
    client.cancel(uuids[SUBMISSIONS // 2 :])
