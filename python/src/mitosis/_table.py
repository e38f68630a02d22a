"""Tables of results: pandas, polars, plain Python, HTML."""

from __future__ import annotations

import html
import importlib.util
from typing import Any

from ._errors import invalid_field
from ._generated.models import JobView

COLOURS = {
    "completed": "#2e7d32",
    "running": "#1565c0",
    "failed": "#c62828",
    "cancelled": "#757575",
    "ready": "#bdbdbd",
    "pending": "#e0e0e0",
}


def as_frame(rows: list[dict[str, Any]], kind: str = "auto") -> Any:
    """Rows as a table of the library that is there."""
    if kind == "auto":
        kind = next((name for name in ("pandas", "polars") if importlib.util.find_spec(name)), "list")
    columns = list(dict.fromkeys(name for row in rows for name in row))
    full = [{name: row.get(name) for name in columns} for row in rows]
    if kind == "list":
        return full
    if kind == "pandas":
        import pandas

        return pandas.DataFrame(full, columns=columns)
    if kind == "polars":
        import polars

        return polars.DataFrame(full, schema=columns or None, infer_schema_length=None, strict=False)
    raise invalid_field("kind", f'"{kind}" is none of auto, pandas, polars, list')


def html_of_job(view: JobView | None, trouble: str | None = None) -> str:
    """A job as a bar and a line of counts. Everything that people have named is escaped."""
    note = f'<div style="color:#c62828">{html.escape(trouble)}</div>' if trouble else ""
    if view is None:
        return note
    counts: dict[str, int] = dict(view["counts"])
    total = max(1, sum(counts.values()), view.expected_tasks or 0)
    bar = "".join(
        f'<span style="display:inline-block;height:10px;width:{100 * counts.get(state, 0) / total:.2f}%;'
        f'background:{colour}" title="{state}: {counts.get(state, 0)}"></span>'
        for state, colour in COLOURS.items()
        if counts.get(state, 0)
    )
    cells = "".join(f"<td>{state} {count}</td>" for state, count in counts.items() if count)
    return (
        f'<div class="mitosis-job"><b>{html.escape(view.name)}</b> {html.escape(view.state)} '
        f"<code>{html.escape(view.uuid)}</code>"
        f'<div style="width:100%;background:#eee;line-height:0">{bar}</div>'
        f"<table><tr>{cells}</tr></table>{note}</div>"
    )


def html_of_rows(rows: list[dict[str, Any]], limit: int) -> str:
    """The first rows of a table of results."""
    if not rows:
        return ""
    names = [name for name in rows[0] if name not in ("task", "name", "user_cpu_ms", "system_cpu_ms", "peak_rss_bytes")]
    head = "".join(f"<th>{html.escape(str(name))}</th>" for name in names)
    body = "".join(
        f"<tr>{''.join(f'<td>{html.escape(_short(row.get(name)))}</td>' for name in names)}</tr>"
        for row in rows[:limit]
    )
    more = f"<div>and {len(rows) - limit} more</div>" if len(rows) > limit else ""
    return f"<table><tr>{head}</tr>{body}</table>{more}"


def _short(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
