"""Own tasks, and raise what goes wrong in them by its name."""

import asyncio
from types import TracebackType

from hubbub.core.errors import HubbubError


class Tasks(asyncio.TaskGroup):
    """A task group that raises a single error as it is, as code without tasks does.

    Where several errors with names meet, the first is raised. Bugs that meet others stay in their group.
    """

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await super().__aexit__(kind, error, trace)
        except BaseExceptionGroup as group:
            several = list(group.exceptions)
            if len(several) > 1 and not all(isinstance(one, HubbubError) for one in several):
                raise
            raise several[0] from several[0].__cause__
