"""A stack for the whole run, and what several tests need."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from mitosis import Client
from mitosis.local import LocalStack


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    with Client.local(slots=4) as client:
        # No worker serves this group: its tasks stay ready.
        client.admin.create_group("idle")
        yield client


@pytest.fixture
def client(stack: LocalStack) -> Client:
    return Client(stack.url, stack.transport.token)


def eventually(what: str, condition: Callable[[], bool], timeout: float = 60) -> None:
    """Waits for a condition; its name is in the failure."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.05)
