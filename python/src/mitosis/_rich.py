"""Jobs in a terminal, drawn by rich where it is installed."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from typing import Any

from ._table import COLOURS

#: States in the order of the bar, with the colours of rich.
STYLES = {
    "completed": "green",
    "running": "blue",
    "failed": "red",
    "cancelled": "bright_black",
    "ready": "white",
    "pending": "bright_black",
}
_BAR = 30


def has_rich() -> bool:
    return importlib.util.find_spec("rich") is not None


def job_table(views: list[Any]) -> Any:
    """A table with a row for each job: its name, its state, a bar, how far it is, and its counts. Names of people are
    shown as they are: markup of rich in them is text."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for head in ("job", "state", "", "done", "tasks"):
        table.add_column(head, overflow="fold", justify="right" if head == "done" else "left")
    for view in views:
        counts = {state: count for state, count in dict(view["counts"]).items() if count}
        table.add_row(
            Text(_plain(view.name)),
            Text(view.state, style=STYLES.get(view.state, "")),
            _bar(counts, max(1, sum(counts.values()), view.expected_tasks or 0)),
            f"{view.progress:.0%}",
            _counts(counts),
        )
    return table


def _counts(counts: dict[str, int]) -> Any:
    from rich.text import Text

    text = Text()
    for state, count in counts.items():
        text.append(f"{count} {state} ", style=STYLES.get(state, ""))
    return text


def _plain(text: str) -> str:
    """Without control characters, which would move the cursor."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def _bar(counts: dict[str, int], total: int) -> Any:
    from rich.text import Text

    bar, drawn, seen = Text(), 0, 0
    for state in COLOURS:
        seen += counts.get(state, 0)
        width = round(_BAR * seen / total) - drawn
        bar.append("━" * width, style=STYLES[state])
        drawn += width
    bar.append(" " * (_BAR - drawn))
    return bar


def rich_display(file: Any = None) -> tuple[Callable[[list[Any]], None], Callable[[], None]]:
    """What shows jobs in their place in the terminal, and what ends it; the last table stays."""
    from rich.console import Console
    from rich.live import Live

    live = Live(console=Console(file=file or sys.stderr), auto_refresh=False)
    live.start()

    def show(views: list[Any]) -> None:
        live.update(job_table(views), refresh=True)

    return show, live.stop
