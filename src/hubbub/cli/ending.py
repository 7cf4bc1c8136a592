"""Say how far a server is to end: drain, leave its port to a successor, end now."""

import asyncio


class Ending:
    """The wish that a server ends. A wish stays; the later ones include that it drains."""

    def __init__(self) -> None:
        self.is_wished = asyncio.Event()
        """It is to drain: begin nothing more, and let what is open go on to its end."""
        self.is_heir_expected = asyncio.Event()
        """Another process is being started in its place: it takes what is asked meanwhile."""
        self.is_succeeded = asyncio.Event()
        """Another process serves on its port: it is to take no more connections."""
        self.is_now = asyncio.Event()
        """It is to end what is still open."""
        self.waits_for_others = False
        """Whether it goes on serving when nothing is open here any more, since others on its port still drain."""

    def drain(self, *, waits_for_others: bool = False) -> None:
        """Let it drain, and take connections meanwhile: nobody else does."""
        self.waits_for_others = waits_for_others
        self.is_wished.set()

    def succeed(self) -> None:
        """Let it drain and end; another process serves on its port."""
        self.waits_for_others = False
        self.is_heir_expected.set()
        self.is_succeeded.set()
        self.is_wished.set()

    def end_now(self) -> None:
        """Let it end what is open, in order and in bounded time."""
        self.is_now.set()
        self.is_wished.set()
