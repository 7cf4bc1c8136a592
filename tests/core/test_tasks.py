"""What goes wrong in tasks keeps its name."""

import asyncio

import pytest

from hubbub.core.errors import HubbubError, NotFound, StoreError
from hubbub.core.tasks import Tasks


async def fail(error: Exception, *, ready: asyncio.Event | None = None) -> None:
    if ready is not None:
        await ready.wait()
    raise error


async def test_one_error_is_raised_as_it_is() -> None:
    with pytest.raises(NotFound, match="gone"):
        async with Tasks():
            raise NotFound("gone")
    with pytest.raises(ZeroDivisionError):
        async with Tasks() as group:
            group.create_task(fail(ZeroDivisionError()))
    with pytest.raises(NotFound, match="within"):
        async with Tasks(), Tasks() as group:
            group.create_task(fail(NotFound("within")))


async def test_the_cause_stays() -> None:
    with pytest.raises(StoreError) as caught:
        async with Tasks():
            try:
                raise OSError("the disk")
            except OSError as error:
                raise StoreError("It can't be written.") from error
    assert isinstance(caught.value.__cause__, OSError)


async def test_of_several_with_names_the_first_is_raised_and_no_bug_is_hidden() -> None:
    for other, expected in ((StoreError("full"), HubbubError), (ZeroDivisionError(), ExceptionGroup)):
        ready = asyncio.Event()
        with pytest.raises(expected):
            async with Tasks() as group:
                group.create_task(fail(NotFound("first"), ready=ready))
                group.create_task(fail(other, ready=ready))
                ready.set()


async def test_a_cancellation_passes() -> None:
    async def work() -> None:
        async with Tasks() as group:
            await group.create_task(asyncio.sleep(60))

    working = asyncio.create_task(work())
    await asyncio.sleep(0)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
