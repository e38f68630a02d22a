"""Functions as tasks: `map`, `executor`, and what comes back."""

from __future__ import annotations

import concurrent.futures
import itertools
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest

import mitosis
from conftest import eventually
from mitosis import Client, ConflictError, InvalidError, RemoteError
from mitosis._outcomes import fetch_outcomes
from mitosis._remote import Caller
from mitosis.local import LocalStack

pytestmark = pytest.mark.full


class TwoValues(Exception):
    """Pickles, and does not unpickle."""

    def __init__(self, one: int, other: int) -> None:
        super().__init__(f"{one} and {other}")


class Plain(Exception):
    pass


def square(number: int) -> int:
    return number * number


def awkward(number: int) -> Any:
    if number == 1:
        raise Plain("one")
    if number == 2:
        raise TwoValues(1, 2)
    if number == 3:
        return threading.Lock()
    if number == 4:
        return (each for each in range(3))
    if number == 5:
        os._exit(9)
    if number == 6:
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 7:
        import no_such_module  # type: ignore[import-not-found]  # noqa: F401
    if number == 8:

        class Inner(Exception):
            pass

        raise Inner("defined in the function")
    return number


@pytest.fixture
def client(stack: LocalStack) -> Client:
    own = Client(stack.url, stack.transport.token)
    own.default_python = sys.executable
    return own


def test_map_keeps_the_order_and_a_bad_item_loses_only_itself(client: Client) -> None:
    results = client.map(awkward, range(10), chunksize=5).results(return_exceptions=True)
    assert [results[0], results[9]] == [0, 9]
    assert isinstance(results[1], Plain) and str(results[1]) == "one"
    assert isinstance(results[1].__cause__, RemoteError) and "in awkward" in results[1].__cause__.traceback
    assert isinstance(results[2], RemoteError) and results[2].type.endswith("TwoValues")
    assert "1 and 2" in str(results[2]) and results[2].host and results[2].task
    for place in (3, 4):
        assert isinstance(results[place], RemoteError) and "can't be pickled" in str(results[place])
    assert "exit code 9" in str(results[5])
    assert "signal 9" in str(results[6])
    assert all(word in str(results[7]) for word in ("no_such_module", results[7].host, "modules=", "Install it"))
    assert str(results[8]) == "defined in the function"


def test_iterating_goes_on_behind_a_bad_item(client: Client) -> None:
    job = client.map(awkward, [0, 1, 9])
    assert next(job) == 0
    with pytest.raises(Plain):
        next(job)
    assert next(job) == 9
    with pytest.raises(StopIteration):
        next(job)


def test_endless_input_is_read_a_bounded_number_ahead(client: Client) -> None:
    read = itertools.count()
    job = client.map(square, read, chunksize=10)
    assert [next(job) for _ in range(5)] == [0, 1, 4, 9, 16]
    assert next(read) < 5_000
    job.cancel("enough")
    assert job.job.wait(60).view.is_open is False


def test_a_list_is_submitted_at_once_whether_or_not_somebody_looks(client: Client) -> None:
    uuid = client.map(square, range(300), group="idle").job.uuid
    job = client.job(uuid)
    assert (sum(job.counts.values()), job.view.is_open) == (300, False)
    job.cancel()


def test_the_executor_is_one_of_the_standard_library(client: Client) -> None:
    with client.executor(labels=["futures"]) as executor:
        futures = [executor.submit(square, number) for number in range(5)]
        done, _ = concurrent.futures.wait(futures, timeout=120)
        assert {future.result() for future in done} == {0, 1, 4, 9, 16}
        assert list(executor.map(square, range(3), chunksize=2)) == [0, 1, 4]
        failing = executor.submit(awkward, 1)
        with pytest.raises(Plain):
            failing.result(120)
        long = executor.submit(awkward, number=0)
        assert long.result(120) == 0
        assert executor.submit(lambda text: text + "!", "x" * 400_000).result(120).endswith("x!")
    with pytest.raises(RuntimeError):
        executor.submit(square, 1)


def test_a_cancelled_future_cancels_its_task_and_a_dropped_one_does_not(client: Client) -> None:
    executor = client.executor()
    waiting = client.executor(group="idle").submit(square, 1)
    assert waiting.cancel() and waiting.cancelled()
    assert waiting.task.state == "cancelled"
    uuid = executor.submit(square, 7).task.uuid
    del executor
    assert client.task(uuid).wait(120).state == "completed"


def test_shutdown_with_cancel_futures_ends_what_waits(client: Client) -> None:
    executor = client.executor(group="idle")
    futures = [executor.submit(square, number) for number in range(3)]
    executor.shutdown(cancel_futures=True)
    assert [future.task.state for future in futures] == ["cancelled"] * 3
    with pytest.raises(RemoteError):
        futures[0].result(60)


def test_metrics_are_reported_from_functions_without_the_package_on_the_worker(client: Client) -> None:
    def training(rate: float) -> float:
        for step in range(3):
            mitosis.report(step=step, loss=rate / (step + 1))
        return rate

    job = client.map(training, [0.5, 0.25])
    assert job.results() == [0.5, 0.25]
    assert [row["step"] for row in job.job.wait(60).results("list")] == [2, 2]


def test_what_is_left_for_the_end_is_done_and_threads_are_not_waited_for(client: Client) -> None:
    def leaving() -> int:
        import atexit

        atexit.register(print, "at the end")
        threading.Thread(target=threading.Event().wait).start()
        return 5

    future = client.executor().submit(leaving)
    assert future.result(120) == 5
    assert "at the end" in future.task.logs()


def test_another_python_on_the_worker_is_said_before_anything_is_unpickled(client: Client) -> None:
    caller = Caller(client, square, {})
    resources, order = caller._fixed
    caller._fixed = (resources, {**order, "python": ["CPython", 3, 9]})
    pending = caller.submit([((2,), {})])
    pending.task.wait(120)
    with pytest.raises(RemoteError, match=r"made with CPython 3\.9 and the worker .* has CPython"):
        pending.outcomes()[0].get()


def test_packages_that_differ_are_named_with_the_failure(client: Client) -> None:
    caller = Caller(client, awkward, {})
    resources, order = caller._fixed
    caller._fixed = (resources, {**order, "packages": {"pytest": "1.0", "no-such-package": "2.0"}})
    pending = caller.submit([((2,), {})])
    pending.task.wait(120)
    with pytest.raises(RemoteError) as caught:
        pending.outcomes()[0].get()
    assert "pytest is 1.0 at the submitter" in str(caught.value)
    assert "no-such-package 2.0" in str(caught.value)


def test_a_result_of_a_package_that_is_not_here_says_which_version_made_it(client: Client) -> None:
    def made_there() -> object:
        import sys
        import types

        module = types.ModuleType("onlythere")
        module.__version__ = "2.1"  # type: ignore[attr-defined]
        exec("class Thing: pass", vars(module))
        sys.modules["onlythere"] = module
        return module.Thing()

    with pytest.raises(RemoteError, match=r"can't be loaded here.*onlythere is 2\.1 on the worker and missing here"):
        client.executor().submit(made_there).result(120)


OTHERS = sorted(Path.home().glob(".pyenv/versions/3.1[0-9]*/bin/python3"))
OTHER = next((path for path in OTHERS if f"{sys.version_info[0]}.{sys.version_info[1]}." not in str(path)), None)


@pytest.mark.skipif(OTHER is None, reason="there is no other minor version of Python")
def test_another_minor_version_of_python_is_refused_with_what_to_do(client: Client) -> None:
    with pytest.raises(RemoteError, match=r"The function was made with CPython .* has CPython .*Both need the same"):
        client.executor(python=str(OTHER)).submit(square, 2).result(120)


def test_no_python_on_the_worker_is_said(client: Client) -> None:
    future = client.executor(python="/no/such/python", env={"PATH": "/nowhere"}).submit(square, 1)
    with pytest.raises(RemoteError, match="there is no /no/such/python"):
        future.result(120)


def test_a_result_that_somebody_has_replaced_is_never_unpickled(client: Client, tmp_path: Path) -> None:
    mine = Caller(client, square, {}).submit([((3,), {})])
    other = Caller(client, square, {}).submit([((4,), {})])
    client.wait([mine.task, other.task], 120)
    stolen = other.task.artifacts.download("result", tmp_path / "stolen.tar.gz", unpack=False)
    mine.task.artifacts.delete("result")
    mine.task.artifacts.upload("result", stolen)
    with pytest.raises(ConflictError, match="not signed with the key") as caught:
        fetch_outcomes(mine)
    assert caught.value.code == "result_refused"
    assert fetch_outcomes(other)[0].get() == 16


def test_nobody_who_looks_at_a_task_sees_the_key_of_its_result(client: Client) -> None:
    pending = Caller(client, square, {}).submit([((3,), {})])
    assert pending.key not in str(pending.task.view.to_dict())


@pytest.mark.parametrize("way", ["script", "module"])
def test_modules_of_a_project_travel_with_the_function(client: Client, tmp_path: Path, way: str) -> None:
    (tmp_path / "src" / "pack").mkdir(parents=True)
    (tmp_path / "src" / "pack" / "__init__.py").write_text("")
    (tmp_path / "src" / "pack" / "inner.py").write_text("def double(x):\n    return 2 * x\n")
    (tmp_path / "helpers.py").write_text(
        "from pack.inner import double\nclass Own(Exception):\n    pass\n"
        "def f(x):\n    import late\n    if x == 3:\n        raise Own('three')\n    return double(x) + late.ONE\n"
    )
    (tmp_path / "late.py").write_text("ONE = 1\n")
    (tmp_path / "program.py").write_text(
        textwrap.dedent("""
            import sys
            sys.path.insert(0, "src")
            import late
            from helpers import Own, f
            from mitosis import Client
            client = Client()
            client.default_python = sys.executable
            results = client.map(f, range(4)).results(return_exceptions=True)
            assert results[:3] == [1, 3, 5], results
            assert isinstance(results[3], Own), repr(results[3])
        """)
    )
    env = {"MITO_COORDINATOR_ADDR": client.url, "MITO_TOKEN": client.transport.token or ""}
    arguments = ["program.py"] if way == "script" else ["-m", "program"]
    subprocess.run([sys.executable, *arguments], cwd=tmp_path, env={**os.environ, **env}, check=True, timeout=120)


def test_a_task_that_ends_without_a_result_says_why(client: Client) -> None:
    future = client.executor(timeout="1s").submit(lambda: __import__("time").sleep(300))
    with pytest.raises(RemoteError, match="failed") as caught:
        future.result(120)
    assert caught.value.code == "no_result"


def test_what_can_not_travel_is_refused_before_anything_is_submitted(client: Client) -> None:
    before = client.count_tasks()
    lock = threading.Lock()
    for call in (
        lambda: client.map(lambda: lock, [1]),
        lambda: client.map(square, [lock]),
        lambda: client.map(square, []),
        lambda: client.map(square),
        lambda: client.map(square, [1], chunksize=0),
        lambda: client.map(square, [1], modules="all"),
        lambda: client.map(square, [1], modules=["no_such_module"]),
        lambda: client.map(square, [1], stdin="x"),
        lambda: client.map(5, [1]),  # type: ignore[arg-type]
    ):
        with pytest.raises(InvalidError):
            call()
    assert client.count_tasks() == before


def test_one_interrupt_leaves_a_with_block_and_says_what_runs(client: Client) -> None:
    program = textwrap.dedent("""
        import sys
        from mitosis import Client
        client = Client()
        with client.executor(group="idle") as executor:
            future = executor.submit(pow, 2, 3)
            print(future.task.uuid, flush=True)
            future.result()
    """)
    env = {"MITO_COORDINATOR_ADDR": client.url, "MITO_TOKEN": client.transport.token or ""}
    child = subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    uuid = child.stdout.readline().strip()
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=30)
    assert f"mito tasks cancel {uuid}" in said
    assert client.task(uuid).state == "ready"
    client.task(uuid).cancel()


def test_no_thread_of_a_future_keeps_the_interpreter_alive(client: Client) -> None:
    program = 'from mitosis import Client; Client().executor(group="idle", labels=["left"]).submit(pow, 2, 3)'
    env = {"MITO_COORDINATOR_ADDR": client.url, "MITO_TOKEN": client.transport.token or ""}
    subprocess.run([sys.executable, "-c", program], env={**os.environ, **env}, check=True, timeout=60)
    eventually("the task is there", lambda: client.count_tasks(labels=["left"], state=["ready"]) == 1)
    client.cancel(filter={"labels": ["left"]})
