"""The client against a real stack."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from conftest import eventually
from mitosis import Client, InvalidError, NotFoundError, Task, TaskFailed
from mitosis.local import LocalStack


def test_submit_wait_look_and_collect(client: Client, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a,b\n1,2\n")
    command = (
        'cat "$MITO_RESOURCE_DIR/in/data.csv"; echo "$GREETING" >&2; echo kept > "$MITO_RESULT_DIR/kept.txt"; exit 3'
    )
    task = client.submit(
        command,
        name="ünï",
        labels=["py"],
        env={"GREETING": 5},
        inputs={"in/data.csv": tmp_path / "data.csv"},
        timeout="2h",
    )
    task.wait(120)
    assert (task.state, task.exit_code, task.name) == ("failed", 3, "ünï")
    assert task.logs(stream="stdout") == "a,b\n1,2\n"
    assert task.logs(stream="stderr") == "5\n"
    assert task.view.timeout_ms == 7_200_000
    task.artifacts.download("result", tmp_path / "out")
    assert (tmp_path / "out" / "kept.txt").read_text() == "kept\n"
    assert task.artifacts.read("result", "kept.txt") == b"kept\n"
    with pytest.raises(NotFoundError):
        task.artifacts.read("result", "other.txt")
    with pytest.raises(TaskFailed, match="exit code 3"):
        task.check()


def test_what_a_task_needs_is_submitted(client: Client) -> None:
    task = client.submit("true", cpus=1, mem="1MiB", group="idle")
    assert task.view["needs"][0]["mem_bytes"] == 2**20
    task.cancel()
    with pytest.raises(InvalidError):
        client.submit("true", cpus=1, needs=[{"cpus": 2}])


def test_output_and_events_are_iterators(client: Client) -> None:
    task = client.submit(["sh", "-c", "for i in 1 2 3; do echo $i; done"])
    assert "".join(piece.text for piece in task.follow()) == "1\n2\n3\n"
    later = client.submit("sleep 0.1", after=[task])
    for change in client.events(task=later.uuid):
        assert (change.type, change.task) == ("task", later.uuid)
        if change.state == "completed":
            break


def test_a_sweep_is_a_job_with_a_table(client: Client) -> None:
    line = 'printf \'{"product": %s}\' $(({a} * {b})) > "$MITO_RESULT_DIR/metrics.jsonl"'
    job = client.sweep(line, a=[1, 2, 3], b=[10, 20], options={"name": "s {a}", "labels": ["sweep"]})
    seen = {(task.params["a"], task.params["b"]): task.metrics["product"].last for task in job.as_completed(120)}
    assert seen == {(a, b): a * b for a in (1, 2, 3) for b in (10, 20)}
    rows = job.wait(60).results("list")
    assert [row["product"] for row in rows] == [10, 20, 20, 40, 30, 60]
    assert rows[0]["name"] == "s 1"
    assert job.counts["completed"] == 6
    assert list(rows[0])[:4] == ["index", "a", "b", "product"]
    assert "completed 6" in job._repr_html_()


def test_many_tasks_are_one_job_over_several_requests(client: Client) -> None:
    specs = [client.spec(["true"], group="idle") for _ in range(1001)]
    job = client.submit_job(specs, name="many", group="idle", key="key-of-many")
    again = client.submit_job(specs, name="many", group="idle", key="key-of-many")
    assert again.uuid == job.uuid
    assert sum(job.counts.values()) == 1001
    job.cancel("enough")
    assert job.wait(60).state == "cancelled"
    assert len(list(job.tasks())) == 1001


def test_a_bad_task_of_a_job_leaves_nothing(client: Client) -> None:
    before = len(list(client.jobs()))
    with pytest.raises(InvalidError, match=r"tasks\.1\.args"):
        client.submit_job([{"args": ["true"]}, {"args": []}])
    assert len(list(client.jobs())) == before


def test_bad_arguments_name_the_field(client: Client) -> None:
    for call in (
        lambda: client.submit([]),
        lambda: client.submit(" "),
        lambda: client.submit(["a", 5]),  # type: ignore[list-item]
        lambda: client.submit("true", timeout="soon"),
        lambda: client.submit("true", no_such_field=1),
        lambda: client.submit("true", priority=10**9),
        lambda: client.submit("true", env={"A": "\0"}),
        lambda: client.submit("true", labels=["a,b"]),
        lambda: client.sweep("echo {b}", a=[1]),
        lambda: client.sweep("echo"),
        lambda: client.submit("true", inputs={"../x": b"1"}),
        lambda: client.submit("true", inputs={"x": "/no/such/file"}),
        lambda: client.submit("true", retry_delay=float("nan")),
        lambda: client.submit("true", priority=float("nan")),
    ):
        with pytest.raises(InvalidError):
            call()
    with pytest.raises(NotFoundError):
        client.task("00000000-0000-7000-8000-000000000000").refresh()


def test_cancel_many_judges_each_alone(client: Client) -> None:
    over = client.submit("true").wait(60)
    open_tasks = [client.submit("true", group="idle") for _ in range(3)]
    answer = client.cancel([over, *open_tasks, "00000000-0000-7000-8000-000000000000"], reason="tidy")
    assert [each.result for each in answer.results or []] == ["ended", *["cancelled"] * 3, "not_found"]
    assert open_tasks[0].view.cancel_reason == "tidy"
    with pytest.raises(InvalidError):
        client.cancel()
    with pytest.raises(InvalidError):
        client.cancel(filter={})


def test_files_travel_in_parts_and_go_on_after_an_interruption(client: Client, tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(os.urandom(1_000_003) * 70)

    class Stop(Exception):
        pass

    sent = [0]

    def interrupt(count: int) -> None:
        sent[0] += count
        if sent[0] > 69_500_000:
            raise Stop

    with pytest.raises(Stop):
        client.files.upload("a/big", big, progress=interrupt)
    again = [0]
    client.files.upload("a/big", big, progress=lambda count: again.__setitem__(0, again[0] + count))
    assert again[0] < big.stat().st_size
    assert client.files.download("a/big", f"{tmp_path}/out/").read_bytes() == big.read_bytes()
    assert [file.key for file in client.files.list("a/")] == ["a/big"]
    client.files.delete("a/big")
    with pytest.raises(NotFoundError):
        client.files.get("a/big")
    client.files.upload_bytes("empty", b"")
    assert client.files.read("empty") == b""
    client.files.upload_bytes("empty", b"other")
    assert client.files.read("empty") == b"other"


def test_users_groups_workers_and_tokens(stack: LocalStack, client: Client) -> None:
    admin = client.admin
    admin.create_user("bob", "a long password of bob")
    bob = Client(client.url, user="bob", password="a long password of bob")
    assert bob.group == "bob"
    admin.create_group("lab")
    admin.update_members("lab", {"bob": "write"})
    assert {group.name for group in bob.admin.groups()} == {"bob", "lab"}
    assert [worker.state for worker in admin.workers()] == ["active"]
    token = bob.admin.create_token("mine", scope="read", expires="1d")
    assert Client(client.url, token.token).identity().username == "bob"
    bob.admin.revoke_token("mine")
    with pytest.raises(NotFoundError):
        bob.admin.group("mitosis_admin")
    assert any(entry.action.startswith("users") for entry in admin.audit())
    assert client.metrics().workers


@pytest.mark.parametrize("waiting", ["task.wait()", "list(job.as_completed())", "job.wait()", "client.wait([task])"])
def test_one_interrupt_ends_the_waiting_and_says_what_runs(client: Client, waiting: str) -> None:
    task = client.submit_job([client.spec("true", group="idle")], group="idle")
    (member,) = task.tasks()
    program = textwrap.dedent(f"""
        from mitosis import Client
        client = Client({client.url!r}, {client.transport.token!r})
        task, job = client.task({member.uuid!r}), client.job({task.uuid!r})
        send = client.transport.connections.send

        def told(*given):
            print("waiting", flush=True)
            return send(*given)

        client.transport.connections.send = told
        {waiting}
    """)
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout is not None and child.stdout.readline() == "waiting\n"
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=30)
    assert child.returncode != 0
    wanted = f"mito jobs cancel {task.uuid}" if "job" in waiting else f"mito tasks cancel {member.uuid}"
    assert wanted in said
    assert member.refresh().state == "ready"
    task.cancel()


def test_an_interrupted_upload_ends_at_once_and_can_be_continued(client: Client, tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(os.urandom(1_000_003) * 70)
    program = textwrap.dedent(f"""
        import time
        from mitosis import Client

        def progress(count):
            print("sending", flush=True)
            time.sleep(0.2)

        Client({client.url!r}, {client.transport.token!r}).files.upload("c/big", {str(big)!r}, progress=progress)
    """)
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout is not None and child.stdout.readline() == "sending\n"
    child.send_signal(signal.SIGINT)
    begun = time.monotonic()
    _, said = child.communicate(timeout=60)
    assert child.returncode != 0 and "KeyboardInterrupt" in said
    assert time.monotonic() - begun < 10, "one second on a machine that has time"
    assert "c/big" in said, "it says how to continue"
    client.files.upload("c/big", big)
    assert client.files.get("c/big").size_bytes == big.stat().st_size


def test_the_stack_ends_with_its_program_however_that_ends(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import json, time
        from mitosis import Client
        client = Client.local(slots=1)
        print(json.dumps({"pid": client.pid, **client.ready}), flush=True)
        time.sleep(600)
    """)
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    ready = json.loads(child.stdout.readline())
    child.kill()
    child.wait()
    pids = [ready["pid"], ready["pids"]["postgres"], ready["pids"]["coordinator"], *ready["pids"]["workers"]]
    eventually("every process of the stack has ended", lambda: not any(is_alive(pid) for pid in pids))
    eventually("its folder is gone", lambda: not Path(ready["data_dir"]).exists())


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_task_is_its_uuid(client: Client) -> None:
    assert Task(client, "a") == Task(client, "a")
    assert len({Task(client, "a"), Task(client, "a")}) == 1
