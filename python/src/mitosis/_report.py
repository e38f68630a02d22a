"""What a task says of itself. Outside of a task nothing happens."""

from __future__ import annotations

import json
import math
import os
from typing import Any

from ._errors import invalid_field


def in_task() -> bool:
    """True inside a task of Mitosis."""
    return "MITO_RESULT_DIR" in os.environ


def report(**values: Any) -> None:
    """Writes a row of metrics: `mitosis.report(step=3, loss=0.21)`. A no-op when the program runs alone."""
    folder = os.environ.get("MITO_RESULT_DIR")
    if folder is None or not values:
        return
    row = {name: _json_value(name, value) for name, value in values.items()}
    _append(os.path.join(folder, "metrics.jsonl"), json.dumps(row, ensure_ascii=True))


def progress(value: float, message: str = "") -> None:
    """Says how far the task is, between 0 and 1. A no-op when the program runs alone."""
    number = float(value)
    if not 0 <= number <= 1:
        raise invalid_field("value", f"{value!r} is not a number from 0 to 1")
    file = os.environ.get("MITO_PROGRESS")
    if file is not None:
        _append(file, f"{number:.6g} {' '.join(str(message).split())}".rstrip())


def _append(file: str, line: str) -> None:
    """One write: lines of several processes do not mix."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, f"{line}\n".encode())
    finally:
        os.close(descriptor)


def _json_value(name: str, value: Any) -> Any:
    """A value of JSON: numbers of NumPy, tensors of one element, lists and dictionaries of them."""
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [_json_value(name, item) for item in value]
    if isinstance(value, dict):
        return {str(key): _json_value(name, item) for key, item in value.items()}
    for method in ("tolist", "item"):
        if hasattr(value, method):
            return _json_value(name, getattr(value, method)())
    raise invalid_field(name, f"{value!r} can't be reported: use numbers, text, lists or dictionaries")
