"""`AsyncClient`, and the synchronous client inside a running event loop."""

from __future__ import annotations

import asyncio
import inspect

import pytest

from mitosis import AsyncClient, Client, NotFoundError
from mitosis._generated import aio


def test_the_asynchronous_client_does_what_the_other_does(client: Client) -> None:
    async def work() -> None:
        async with AsyncClient(client.url, client.transport.token) as own:
            task = await own.submit("echo hi")
            with pytest.raises(RuntimeError, match="await"):
                _ = task.state
            await task.wait()
            assert (task.state, await task.logs()) == ("completed", "hi\n")
            job = await own.sweep("echo {a}", a=[1, 2, 3])
            assert {task.params["a"] async for task in job.as_completed()} == {1, 2, 3}
            printed = [piece.text async for piece in (await own.submit("echo a; echo b")).follow()]
            assert "".join(printed) == "a\nb\n"
            with pytest.raises(NotFoundError):
                await own.task("00000000-0000-7000-8000-000000000000").refresh()
            many = await asyncio.gather(*[own.submit("true") for _ in range(10)])
            await own.wait(many)
            await own.files.upload_bytes("async", b"1")
            assert [file.key async for file in own.files.list("async")] == ["async"]

    asyncio.run(work())


def test_a_cancelled_wait_ends_at_once_and_cancels_nothing(client: Client) -> None:
    async def work() -> None:
        own = AsyncClient(client.url, client.transport.token)
        task = await own.submit("true", group="idle")
        waiting = asyncio.create_task(task.wait())
        await asyncio.sleep(0.2)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert (await task.refresh()).state == "ready"
        await task.cancel()

    asyncio.run(work())


def test_the_synchronous_client_works_inside_a_running_loop(client: Client) -> None:
    async def work() -> str:
        return client.submit("true").wait(60).state

    assert asyncio.run(work()) == "completed"


def test_both_clients_have_the_same_names() -> None:
    left_out = {"local", "ensure_bytes", "group"}
    for name, twin in inspect.getmembers(aio, inspect.isclass):
        sync = twin.__dict__.get("of")
        if not name.startswith("Async") or sync is None:
            continue
        wanted = {each for each in dir(sync) if not each.startswith("_")} - left_out
        assert wanted <= set(dir(twin)), name
