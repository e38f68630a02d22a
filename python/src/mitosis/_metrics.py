"""What a task has measured: the rows of its `metrics.jsonl`, by column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

#: What JSON has no numbers for, as the coordinator writes it.
_NUMBERS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def plain(value: Any) -> Any:
    return _NUMBERS.get(value, value) if isinstance(value, str) else value


class Column(list[Any]):
    """The values of one metric, in the order in which they were reported."""

    def min(self) -> Any:
        return min(self)

    def max(self) -> Any:
        return max(self)

    def mean(self) -> float:
        return float(sum(self)) / len(self)

    @property
    def last(self) -> Any:
        return self[-1]


class Metrics(Mapping[str, Column]):
    """Rows of metrics: `metrics["loss"].min()`, `metrics.rows`, `metrics.last`."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self.rows: list[dict[str, Any]] = [{name: plain(value) for name, value in row.items()} for row in rows]

    @property
    def last(self) -> dict[str, Any]:
        """The last value of each."""
        last: dict[str, Any] = {}
        for row in self.rows:
            last.update(row)
        return last

    def __getitem__(self, name: str) -> Column:
        column = Column(row[name] for row in self.rows if name in row)
        if not column:
            known = ", ".join(self.last) or "none; the task writes them with mitosis.report(loss=0.2)"
            raise KeyError(f"there is no metric {name!r}; there is {known}")
        return column

    def __iter__(self) -> Iterator[str]:
        return iter(self.last)

    def __len__(self) -> int:
        return len(self.last)

    def __repr__(self) -> str:
        return f"Metrics({self.last!r})"
