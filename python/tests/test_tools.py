"""Notebooks, joblib and Snakemake, with the real things."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mitosis import Client, InvalidError
from mitosis._table import as_frame, html_of_job, html_of_rows
from mitosis.local import LocalStack

pytestmark = pytest.mark.full
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ROWS = [{"index": 0, "lr": 0.1, "loss": 2.5, "note": None}, {"index": 1, "lr": 0.2, "loss": 1.5, "note": "x"}]


def environment(stack: LocalStack) -> dict[str, str]:
    return {**os.environ, "MITO_COORDINATOR_ADDR": stack.url, "MITO_TOKEN": stack.transport.token or ""}


def test_results_are_a_table_of_pandas_or_polars() -> None:
    frame = as_frame(ROWS, "pandas")
    assert list(frame.columns) == ["index", "lr", "loss", "note"]
    assert frame["loss"].min() == 1.5
    assert as_frame(ROWS, "polars")["loss"].to_list() == [2.5, 1.5]
    assert type(as_frame(ROWS)).__module__.startswith("pandas")
    assert as_frame([{"a": 1}, {"b": 2}], "list") == [{"a": 1, "b": None}, {"a": None, "b": 2}]
    assert len(as_frame([], "polars")) == len(as_frame([], "pandas")) == 0
    with pytest.raises(InvalidError):
        as_frame(ROWS, "numpy")


def test_what_people_have_named_is_escaped(client: Client) -> None:
    evil = "<img src=x onerror=alert(1)>"
    job = client.submit_job([client.spec("true", name=evil)], name=evil).wait(60)
    assert evil not in job._repr_html_() and "&lt;img" in job._repr_html_()
    assert evil not in html_of_rows([{evil: evil}], 5)
    assert evil not in html_of_job(None, evil)


def test_a_terminal_with_rich_shows_jobs_in_their_place(stack: LocalStack, client: Client, tmp_path: Path) -> None:
    import pty

    job = client.sweep("sleep 0.5; exit {n}", n=[0, 1], options={"name": "[red]no markup[/red]"})
    program = f"from mitosis import Client; Client().job({job.uuid!r}).watch(0.1); print('over', flush=True)"
    ours, theirs = pty.openpty()
    env = {**environment(stack), "TERM": "xterm-256color", "COLUMNS": "100"}
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=theirs, env=env)
    os.close(theirs)
    assert child.communicate(timeout=120)[0] == b"over\n" and child.returncode == 0
    shown = b""
    while piece := read_terminal(ours):
        shown += piece
    os.close(ours)
    assert b"[red]no markup[/red]" in shown and "━".encode() in shown and b"1 failed" in shown
    assert b"\x1b[?25h" in shown, "the cursor is there again"
    assert len(job.__rich__().rows) == 1


def read_terminal(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65_536)
    except OSError:  # its other side is closed
        return b""


def run_notebook(cells: Any, env: dict[str, str], folder: Path) -> Any:
    import nbformat
    from nbclient import NotebookClient

    notebook = cells
    if isinstance(cells, list):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    own = NotebookClient(notebook, timeout=180, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    own.execute(env=env)
    return notebook


def test_the_example_goes_from_a_sweep_to_a_plot(stack: LocalStack, tmp_path: Path) -> None:
    import nbformat

    env = {**os.environ, "IPYTHONDIR": str(tmp_path), "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    notebook = run_notebook(nbformat.read(EXAMPLES / "sweep.ipynb", 4), env, tmp_path)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert any("hello from a task" in output.get("text", "") for output in outputs)
    tables = [output for output in outputs if "mitosis-job" in output.get("data", {}).get("text/html", "")]
    assert len(tables) == 1, "a stored notebook keeps one table"


def test_a_live_table_a_cell_and_a_running_loop(stack: LocalStack, tmp_path: Path) -> None:
    cells = [
        "from mitosis import Client, watch\nclient = Client()\n%load_ext mitosis",
        'one = client.sweep("sleep 0.3; echo {a}", a=[1, 2])\ntwo = client.sweep("echo {b}", b=[1])\nwatch(one, two)',
        "%%mito --python --label x\nimport os\nprint('task', len(os.environ['MITO_TASK_UUID']))",
        "async def inside():\n    return client.submit('true').wait().state\nawait inside()",
        "one",
    ]
    env = {**environment(stack), "IPYTHONDIR": str(tmp_path)}
    first, second, third, fourth, last = run_notebook(cells, env, tmp_path).cells
    assert first.outputs == []
    assert len(second.outputs) == 1 and "completed" in second.outputs[0].data["text/html"]
    assert "task 36" in third.outputs[0].text
    assert fourth.outputs[0].data["text/plain"] == "'completed'"
    assert "mitosis-job" in last.outputs[0].data["text/html"]


def test_joblib_calls_functions_in_tasks(client: Client) -> None:
    import joblib

    from mitosis import joblib_backend

    joblib_backend.register(client, python=sys.executable)

    def half(number: int) -> float:
        if number == 13:
            raise ValueError("thirteen")
        return number / 2

    with joblib.parallel_config(backend="mitosis", n_jobs=4):
        assert joblib.Parallel()(joblib.delayed(half)(number) for number in range(6)) == [0, 0.5, 1, 1.5, 2, 2.5]
        with pytest.raises(ValueError, match="thirteen"):
            joblib.Parallel()(joblib.delayed(half)(number) for number in (1, 13))


SNAKEFILE = """
rule all:
    input: "sum.txt"
rule part:
    output: "part{n}.txt"
    shell: "echo {wildcards.n} > {output}"
rule sum:
    input: expand("part{n}.txt", n=range(2))
    output: "sum.txt"
    shell: "cat {input} > {output}"
rule bad:
    output: "bad.txt"
    shell: "echo a word of its own; exit 3"
"""


def snakemake(stack: LocalStack, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "Snakefile").write_text(SNAKEFILE)
    options = ["--executor", "mitosis", "--jobs", "4", "--seconds-between-status-checks", "1"]
    command = [sys.executable, "-m", "snakemake", *options, "--latency-wait", "30", *words]
    env = {**environment(stack), "HOME": str(folder)}
    return subprocess.run(
        command,
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )


def test_snakemake_runs_a_workflow_and_says_why_a_job_failed(stack: LocalStack, client: Client, tmp_path: Path) -> None:
    done = snakemake(stack, tmp_path)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "sum.txt").read_text() == "0\n1\n"
    assert client.count_tasks(labels=["snakemake"], state=["completed"]) == 3
    failed = snakemake(stack, tmp_path, "bad.txt")
    assert failed.returncode != 0
    assert "a word of its own" in failed.stdout


def test_a_cancelled_workflow_cancels_each_job_by_itself(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo

    from snakemake_executor_plugin_mitosis import Executor

    over = client.submit("true").wait(60)
    waiting = client.submit_job([client.spec("true", group="idle", labels=["flow"])] * 1200, group="idle")
    uuids = [task.uuid for task in waiting.tasks()]
    gone = "00000000-0000-7000-8000-000000000000"
    plugin = Executor.__new__(Executor)
    plugin._client = client
    plugin.cancel_jobs([SubmittedJobInfo(None, uuid) for uuid in [over.uuid, *uuids, gone]])
    assert client.count_tasks(labels=["flow"], state=["cancelled"]) == 1200
    plugin._client = Client("http://127.0.0.1:9", "none", patience=0)
    plugin.cancel_jobs([SubmittedJobInfo(None, gone)])
    assert f"mito tasks cancel {gone}" in capsys.readouterr().err
