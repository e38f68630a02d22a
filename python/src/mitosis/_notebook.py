"""In a notebook: a live table of jobs, and cells that run on a worker."""

from __future__ import annotations

import argparse
import importlib
import shlex
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from ._errors import invalid_field
from ._rich import has_rich, rich_display
from ._table import html_of_job, html_of_rows

if TYPE_CHECKING:
    from ._job import Job

Show = Callable[[str, str], None]
ROWS_MAX = 20


def in_notebook() -> bool:
    shell = sys.modules.get("IPython")
    found = shell.get_ipython() if shell is not None and hasattr(shell, "get_ipython") else None
    return found is not None and getattr(found, "kernel", None) is not None


def watch(jobs: list[Job], interval: float = 1.0) -> None:
    """Shows jobs until they are over: in a notebook, and in a terminal with rich, as one table that changes in its
    place, else as lines.

    It works in the thread that calls it, so the table stays in its cell and ends with it.
    """
    if interval <= 0:
        raise invalid_field("interval", "must be more than 0 seconds")
    if not in_notebook() and sys.stderr.isatty() and has_rich():
        show = None
        show_views, end = rich_display()
    else:
        show = _notebook_display() if in_notebook() else _terminal_display()
        show_views, end = partial(_show_plainly, show), lambda: None
    try:
        while True:
            views = [job.refresh().view for job in jobs]
            show_views(views)
            if all(view.state in ("completed", "failed", "cancelled") for view in views):
                break
            time.sleep(interval)
    except KeyboardInterrupt:
        end()
        running = " ".join(job.uuid for job in jobs)
        print(
            f"mitosis: interrupted. The jobs still run. Cancel them with: mito jobs cancel {running}", file=sys.stderr
        )
        raise
    finally:
        end()
    if show is not None:
        tables = "".join(html_of_job(job.view) + html_of_rows(job.results("list"), ROWS_MAX) for job in jobs)
        show(tables, _line([job.view for job in jobs]))


def _show_plainly(show: Show, views: list[Any]) -> None:
    show("".join(html_of_job(view) for view in views), _line(views))


def _line(views: list[Any]) -> str:
    return "; ".join(
        f"{view.uuid} {view.state}: "
        + ", ".join(f"{count} {state}" for state, count in dict(view["counts"]).items() if count)
        for view in views
    )


def _notebook_display() -> Show:
    """One handle, found again by its id: a stored notebook keeps one table."""
    shown: Any = importlib.import_module("IPython.display")
    handle = shown.display(shown.HTML(""), display_id=True)

    def show(table: str, _: str) -> None:
        handle.update(shown.HTML(table))

    return show


def _terminal_display() -> Show:
    last = [""]

    def show(_: str, line: str) -> None:
        if line != last[0]:
            print(line, file=sys.stderr)
            last[0] = line

    return show


def _arguments(line: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="%%mito", add_help=False, exit_on_error=False)
    parser.add_argument("--python", action="store_true", help="the cell is Python, not shell")
    parser.add_argument("--tag", action="append", default=[], help="a tag that the worker must have")
    parser.add_argument("--label", action="append", default=[], help="a label of the task")
    parser.add_argument("--input", action="append", default=[], metavar="NAME=FILE", help="a local file")
    parser.add_argument("--timeout", help="for example 2h")
    parser.add_argument("--group", help="the group of the task")
    parser.add_argument("--as", dest="name", default="task", help="the variable that the task is kept in")
    try:
        found, rest = parser.parse_known_args(shlex.split(line))
    except (argparse.ArgumentError, ValueError) as error:
        raise invalid_field("%%mito", str(error)) from error
    if rest:
        raise invalid_field("%%mito", f"{rest[0]} is not one of its options:\n{parser.format_help()}")
    return found


def run_cell(line: str, cell: str, namespace: dict[str, Any]) -> None:
    """`%%mito [--python] [--tag T] [--input NAME=FILE] [--timeout 2h] [--as NAME]`: the cell runs on a worker."""
    from ._client import Client

    options = _arguments(line)
    client = next((value for value in namespace.values() if isinstance(value, Client)), None) or Client()
    python = client.default_python or "python3"
    given = {"tags": options.tag, "labels": options.label, "timeout": options.timeout, "group": options.group}
    pairs = [text.partition("=") for text in options.input]
    task = client.submit(
        [python, "-"] if options.python else ["/bin/sh", "-s"],
        stdin=cell,
        name="notebook cell",
        inputs={name: file or name for name, _, file in pairs},
        **{name: value for name, value in given.items() if value},
    )
    namespace[options.name] = task
    try:
        for piece in task.follow():
            print(piece.text, end="", file=sys.stderr if piece.stream == "stderr" else sys.stdout, flush=True)
    except KeyboardInterrupt:
        print(f"mitosis: interrupted. The task still runs. Cancel it with: {options.name}.cancel()", file=sys.stderr)
        raise
    task.refresh().check()


def load(ipython: Any) -> None:
    def mito(line: str, cell: str) -> None:
        run_cell(line, cell, ipython.user_ns)

    ipython.register_magic_function(mito, magic_kind="cell", magic_name="mito")
