"""Read pictures that a sandbox drew somewhere else."""

import asyncio
import logging
import time
from collections.abc import Sequence

from hubbub.core.errors import ModelError
from hubbub.core.tasks import Tasks
from hubbub.ingest.ocr.base import NAMES, PictureReader, Plan, Recognised
from hubbub.ingest.ocr.drawing import Drawn

AT_ONCE = 3
COSTLY = frozenset(("too_long", "too_large", "silent", "broke_off", "unknown_ending", "bad_answer"))
"""What was tried and broke off was paid for, and would break off again: the document is not tried again and again."""
DAY_SECONDS = 86400.0

_log = logging.getLogger(__name__)


class Elsewhere:
    """Sends pictures to where they are read, a few at once, within what a document and a day may cost."""

    def __init__(self, reader: PictureReader, plan: Plan, *, per_day: int) -> None:
        """Take who reads; `per_day` counts from when the server started, and anew each day."""
        self._reader = reader
        self._plan = plan
        self._per_day = per_day
        self._left = per_day
        self._day_ends = time.monotonic() + DAY_SECONDS

    async def read_all(self, pictures: Sequence[Drawn]) -> dict[str, Recognised]:
        """Return what pictures say, by their digests, as far as that could be told in time.

        Raises:
            ModelError: nothing could be read, and that may be another time.
        """
        answers: dict[str, Recognised] = {}
        failed: list[ModelError] = []
        left = list(reversed(pictures))

        async def work() -> None:
            while left and not (failed and not answers):  # where the first one fails, the others would as well
                drawn = left.pop()
                if not self._may():
                    answers[drawn.digest] = Recognised("", trouble="over what may be read a day")
                    continue
                try:
                    answers[drawn.digest] = await self._reader.read(drawn.png)
                except ModelError as error:
                    failed.append(error)
                    answers_of_failed[drawn.digest] = Recognised("", trouble=f"{name} failed")

        name = NAMES[self._plan.way]
        answers_of_failed: dict[str, Recognised] = {}
        try:
            async with asyncio.timeout(self._plan.wall_seconds), Tasks() as group:
                for _ in range(min(AT_ONCE, len(left))):
                    group.create_task(work())
        except TimeoutError:
            _log.warning("%d pictures could not be read by %s in time", len(pictures) - len(answers), name)
        if failed:
            _log.warning("%d pictures could not be read by %s: %s", len(failed), name, failed[0].for_operators)
            if not answers and all(one.retryable and one.code not in COSTLY for one in failed):
                raise failed[0]
        for drawn in left:
            if failed and not answers:
                answers_of_failed[drawn.digest] = Recognised("", trouble=f"{name} failed")
        return answers_of_failed | answers

    def _may(self) -> bool:
        now = time.monotonic()
        if now >= self._day_ends:
            self._left, self._day_ends = self._per_day, now + DAY_SECONDS
        self._left -= 1
        return self._left >= 0
