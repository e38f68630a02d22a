"""Durations and sizes as people write them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Union

from ._errors import invalid_field

Duration = Union[str, int, float, timedelta]
_UNITS_MS = {"ms": 1.0, "s": 1e3, "m": 6e4, "min": 6e4, "h": 3.6e6, "d": 8.64e7, "w": 6.048e8}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|min|s|m|h|d|w)")


def duration_ms(value: Duration, field: str) -> int:
    """Milliseconds of `"2h"`, `"1h30m"`, a `timedelta`, or seconds as a number."""
    if isinstance(value, timedelta):
        ms = value.total_seconds() * 1e3
    elif isinstance(value, bool):
        raise invalid_field(field, f"{value} is not a duration; write for example 500ms, 10s, 1h30m or 7d")
    elif isinstance(value, (int, float)):
        ms = value * 1e3
    else:
        parts = _PART.findall(value)
        if not parts or "".join(number + unit for number, unit in parts) != value.strip():
            raise invalid_field(field, f'"{value}" is not a duration; write for example 500ms, 10s, 1h30m or 7d')
        ms = sum(float(number) * _UNITS_MS[unit] for number, unit in parts)
    if not 0 < ms < 2**53:
        raise invalid_field(field, f"{value!r} is not a duration: it must be longer than zero")
    return max(1, round(ms))


_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?", re.I)


def size_bytes(value: str | int, field: str) -> int:
    """Bytes of `"16GiB"`, `"512MB"`, or a whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        number = float(value)
    else:
        match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None:
            raise invalid_field(field, f"{value!r} is not a size; write for example 512MB or 16GiB")
        number = float(match[1]) * (1024 if match[3] else 1000) ** " KMGT".index(match[2].upper() or " ")
    if not 0 <= number < 2**53:
        raise invalid_field(field, f"{value!r} is not a size")
    return round(number)


def time_text(value: str | datetime) -> str:
    """A time as the API takes it. A `datetime` without a time zone is one of this machine's."""
    return value.astimezone(timezone.utc).isoformat() if isinstance(value, datetime) else value


def moment_text(value: str | datetime | timedelta | int | float, field: str) -> str:
    """A time in the past: a `datetime`, ISO 8601, or how long ago (`"7d"`, a `timedelta`)."""
    if isinstance(value, datetime) or (isinstance(value, str) and "-" in value):
        return time_text(value)
    ago = timedelta(milliseconds=duration_ms(value, field))
    return time_text(datetime.now(timezone.utc) - ago)
