"""One Ctrl-C ends the waiting, not the work: it says what still runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def saying_what_runs(what: Callable[[], str]) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        print(f"mitosis: interrupted. {what()}", file=sys.stderr)
        raise
