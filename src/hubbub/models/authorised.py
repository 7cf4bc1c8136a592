"""Send a request with what its server is to be shown."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol, TypeVar

from hubbub.models.address import Authorization


class Replied(Protocol):
    """A reply, of which the status is known."""

    @property
    def status(self) -> int: ...


R = TypeVar("R", bound=Replied)
R_co = TypeVar("R_co", bound=Replied, covariant=True)


class Request(Protocol[R_co]):
    """Makes a request, all but its headers being settled."""

    def __call__(self, *, headers: Mapping[str, str]) -> AbstractAsyncContextManager[R_co]: ...


@asynccontextmanager
async def authorised(
    authorization: Authorization, request: Request[R], headers: Mapping[str, str]
) -> AsyncGenerator[R]:
    """Give the reply to a request that is made with these headers and those of the authorization.

    One that is refused with 401 is made once more, where the authorization has something new to show.

    Raises:
        ModelError: there is nothing to show.
        Exception: whatever the request raises.
    """
    shown = await authorization.headers()
    async with request(headers={**headers, **shown}) as reply:
        if reply.status != 401 or not authorization.refused(shown):
            yield reply
            return
    async with request(headers={**headers, **await authorization.headers()}) as reply:
        yield reply
