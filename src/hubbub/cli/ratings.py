"""Export what people said of answers, while the server runs or not."""

import asyncio
import sys

import msgspec

from hubbub.app.ratings import rated_answers
from hubbub.compose import open_rated, prepare_folder
from hubbub.settings import Settings

AT_ONCE = 200


def export(settings: Settings) -> None:
    """Print the ratings as JSON, one a line, the newest first."""
    prepare_folder(settings.server.data_folder)
    asyncio.run(_export(settings))


async def _export(settings: Settings) -> None:
    async with open_rated(settings) as (history, records, log):
        after: tuple[float, str] | None = None
        while found := await rated_answers(history, records, log, limit=AT_ONCE, after=after):
            for one in found:
                sys.stdout.write(msgspec.json.encode(one).decode() + "\n")
            after = found[-1].rated_at, found[-1].answer_id
