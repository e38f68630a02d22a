"""What `AsyncClient` is made of: calls in threads of their own, cancelled with their awaiter."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, TypeVar

from ._cancel import Scope, scoped

T = TypeVar("T")
_END = object()
_twins: dict[type[Any], type[Twin]] = {}


class Twin:
    """The asynchronous side of an object of the synchronous client."""

    of: type[Any]

    def __init__(self, sync: Any) -> None:
        self._sync = sync
        if hasattr(sync, "_is_quiet"):
            sync._is_quiet = True

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "of" in cls.__dict__:
            _twins[cls.of] = cls

    @property
    def sync(self) -> Any:
        """The same object of the synchronous client."""
        return self._sync

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Twin) and bool(self._sync == other._sync)

    def __hash__(self) -> int:
        return hash(self._sync)

    def __repr__(self) -> str:
        return f"<async {self._sync!r}>"


def wrap(value: Any) -> Any:
    """The asynchronous side of what a call has returned."""
    if isinstance(value, list):
        return [wrap(item) for item in value]
    twin = next((_twins[kind] for kind in type(value).__mro__ if kind in _twins), None)
    return twin(value) if twin is not None else value


def unwrap(value: Any) -> Any:
    """The synchronous side of an argument."""
    if isinstance(value, Twin):
        return value._sync
    if isinstance(value, (list, tuple)):
        return type(value)(unwrap(item) for item in value)
    if isinstance(value, Mapping):
        return {name: unwrap(item) for name, item in value.items()}
    return value


async def run(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Calls in a thread. When the awaiter is cancelled, the connection of the call is closed, which ends it."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()
    scope = Scope()
    given = [unwrap(arg) for arg in args]
    named = {name: unwrap(arg) for name, arg in kwargs.items()}

    def tell(outcome: Callable[[], None]) -> None:
        def set_outcome() -> None:
            if not done.done():
                outcome()

        try:
            loop.call_soon_threadsafe(set_outcome)
        except RuntimeError:  # the loop is over: nobody waits
            pass

    def work() -> None:
        try:
            with scoped(scope):
                value = function(*given, **named)
        except BaseException as error:
            failure = error
            tell(lambda: done.set_exception(failure))
        else:
            tell(lambda: done.set_result(value))

    threading.Thread(target=work, daemon=True, name="mitosis-async").start()
    try:
        return wrap(await done)
    except asyncio.CancelledError:
        scope.cancel()
        raise


async def iterate(make: Callable[..., Iterator[Any]], *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
    """The items of an iterator, each awaited."""
    iterator = make(*[unwrap(arg) for arg in args], **{name: unwrap(arg) for name, arg in kwargs.items()})
    while True:
        item = await run(next, iterator, _END)
        if item is _END:
            return
        yield item
