"""Puts the parameters of a sweep in place of `{name}`, with the same rules as `mito tasks submit --sweep`."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Callable, Union

from ._errors import invalid_field

Param = Union[str, int, float, bool]
Params = Mapping[str, Param]
SWEEP_MAX = 1_000_000
_NAME = re.compile(r"(?!__proto__$)[A-Za-z_][A-Za-z0-9_]{0,63}")
_PLACEHOLDER = re.compile(r"(?<!\$)\{(?:\{([A-Za-z_][A-Za-z0-9_]{0,63})\}|([A-Za-z_][A-Za-z0-9_]{0,63}))\}")
_HARMLESS = re.compile(r"[A-Za-z0-9_.,:/@%+-]+")
_SHELL = re.compile(r"(?:.*/)?(?:r?bash|sh|dash|ash|ksh\d*|mksh|zsh)")


def param_text(value: Param) -> str:
    """A value as the `mito` command writes it: `true`, `0.1`, `5`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)


def param_value(name: str, value: Any) -> Param:
    """A value that the API takes; numbers of NumPy become plain ones, what JSON can't carry becomes text."""
    if hasattr(value, "item") and not isinstance(value, (str, bytes)) and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    raise invalid_field(name, f"{value!r} can't be a parameter: use text, numbers or booleans")


def combinations(axes: Mapping[str, Iterable[Any]]) -> list[dict[str, Param]]:
    """Every combination, the last axis changing fastest."""
    lists: dict[str, list[Param]] = {}
    for name, values in axes.items():
        check_name(name)
        if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
            values = [values]
        lists[name] = [param_value(name, value) for value in itertools.islice(values, SWEEP_MAX + 1)]
        if not lists[name]:
            raise invalid_field(name, "has no values")
        if len({(type(value) is bool, value) for value in lists[name]}) < len(lists[name]):
            raise invalid_field(name, "has the same value twice")
    _check_cases(lists)
    total = math.prod(len(values) for values in lists.values())
    if total > SWEEP_MAX:
        raise invalid_field("sweep", f"{total} tasks; a submission may have up to {SWEEP_MAX}")
    return [dict(zip(lists, values, strict=True)) for values in itertools.product(*lists.values())]


def check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise invalid_field(name, 'is not the name of a parameter: use letters, digits and "_", not a digit first')


def _check_cases(names: Iterable[str]) -> None:
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.upper(), name)
        if other != name:
            raise invalid_field(name, f"differs from {other} only in case: both would be MITO_PARAM_{name.upper()}")


def fill(text: str, params: Params, field: str) -> str:
    """The text with parameters in place of `{name}`; `{{name}}` stands for `{name}` itself."""
    return _fill(text, params, field, lambda name, at: param_text(params[name]))


def fill_args(args: Sequence[str], params: Params) -> list[str]:
    """A command line; in the line of a shell a value is passed on as one word, whatever is in it."""
    line = _place_of_line(args)
    return [
        fill_shell(arg, params) if place == line else fill(arg, params, "the command") for place, arg in enumerate(args)
    ]


def fill_shell(line: str, params: Params) -> str:
    """A harmless value is put there as it is; in place of another stands its variable, quoted for its place."""
    quotes = _ShellQuotes(line)

    def value(name: str, at: int) -> str:
        quoted = quotes.quote(at, f"${{MITO_PARAM_{name.upper()}}}")
        text = param_text(params[name])
        return text if _HARMLESS.fullmatch(text) else quoted

    return _fill(line, params, "the shell line", value)


def _fill(text: str, params: Params, field: str, value: Callable[[str, int], str]) -> str:
    def replace(match: re.Match[str]) -> str:
        literal, name = match.groups()
        if literal is not None:
            return f"{{{literal}}}"
        if name not in params:
            known = ", ".join(f"{{{each}}}" for each in params) or "none"
            raise invalid_field(
                field, f"{{{name}}} is not a parameter: there is {known}. Write {{{{{name}}}}} for the text {{{name}}}"
            )
        return value(name, match.start())

    return _PLACEHOLDER.sub(replace, text)


def _place_of_line(args: Sequence[str]) -> int | None:
    """Where the line of `sh -c LINE` stands."""
    if not args or not _SHELL.fullmatch(args[0]):
        return None
    for place in range(1, len(args)):
        if not args[place].startswith("-"):
            return None
        if re.match(r"-[a-zA-Z]*c", args[place]):
            return place + 1
    return None


class _ShellQuotes:
    """Follows the quotes of a line of POSIX shell from its beginning (as `placeholders.ts` of libs/domain)."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._at = 0
        self._stack: list[str] = []

    def quote(self, place: int, variable: str) -> str:
        while self._at < place:
            self._at += self._step()
        context = self._stack[-1] if self._stack else "plain"
        return {"plain": f'"{variable}"', "single": f"'\"{variable}\"'"}.get(context, variable)

    def _step(self) -> int:
        rest = self._line[self._at : self._at + 3]
        context = self._stack[-1] if self._stack else "plain"
        if context == "single":
            return self._end("'", rest)
        if rest.startswith("\\"):
            return 2
        if rest == "$((":
            return self._begin("arithmetic", 3)
        if rest.startswith("$("):
            return self._begin("plain", 2)
        if context == "arithmetic":
            return self._end("))", rest)
        if context == "double":
            return self._end('"', rest)
        for mark, name in (('"', "double"), ("'", "single"), ("(", "plain")):
            if rest.startswith(mark):
                return self._begin(name, 1)
        if rest.startswith("#") and (self._at == 0 or self._line[self._at - 1] in " \t\n;&|()"):
            end = self._line.find("\n", self._at)
            return (len(self._line) if end == -1 else end) - self._at
        return self._end(")", rest)

    def _begin(self, context: str, length: int) -> int:
        self._stack.append(context)
        return length

    def _end(self, mark: str, rest: str) -> int:
        if not rest.startswith(mark):
            return 1
        if self._stack:
            self._stack.pop()
        return len(mark)


def batches(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for at in range(0, len(items), size):
        yield items[at : at + size]
