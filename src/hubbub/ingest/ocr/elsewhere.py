"""Read pictures that a sandbox drew somewhere else: collect them there, send them here, hand back what they say."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Mapping, Sequence

import msgspec

from hubbub.core.errors import ModelError
from hubbub.core.tasks import Tasks
from hubbub.ingest.ocr.base import NAMES, Picture, PictureReader, Plan, Recognised
from hubbub.ingest.png import png

MOST_BYTES = 40 * 1024 * 1024
"""The size of the pictures of one file, which is part of what a child may return."""
AT_ONCE = 3
COSTLY = frozenset(("too_long", "too_large", "silent", "broke_off", "unknown_ending", "bad_answer"))
"""What was tried and broke off was paid for, and would break off again: the document is not tried again and again."""
DAY_SECONDS = 86400.0

_log = logging.getLogger(__name__)


class Drawn(msgspec.Struct, frozen=True):
    """A picture that is to be read."""

    digest: str
    png: bytes


class Drawing:
    """Collects pictures in the sandbox, and reads none."""

    def __init__(self, most: int) -> None:
        self.drawn: dict[str, Drawn] = {}
        self._most = most
        self._size = 0

    @property
    def is_full(self) -> bool:
        """Whether no further one is taken."""
        return len(self.drawn) >= self._most or self._size >= MOST_BYTES

    def read(self, picture: Picture, *, most_seconds: float) -> Recognised | None:
        key = digest_of(picture)
        if key not in self.drawn and not self.is_full:
            data = png(picture.pixels, picture.width, picture.height, picture.width, channels=1)
            self._size += len(data)
            if self._size <= MOST_BYTES:
                self.drawn[key] = Drawn(key, data)
        return None


class Answered:
    """Says in the sandbox what was read elsewhere."""

    def __init__(self, answers: Mapping[str, Recognised]) -> None:
        self._answers = answers

    def read(self, picture: Picture, *, most_seconds: float) -> Recognised | None:
        return self._answers.get(digest_of(picture))


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


def digest_of(picture: Picture) -> str:
    """Return what tells a picture from others: pages are drawn alike each time."""
    size = f"{picture.width} {picture.height} ".encode()
    return hashlib.sha256(size + picture.pixels).hexdigest()
