"""Search in the terminal: the passages that were found, the words of the query marked."""

import asyncio
from collections.abc import Sequence

import msgspec
from rich.console import Console
from rich.text import Text

from hubbub.app.found import Found
from hubbub.cli.fetching import fetching_shown
from hubbub.cli.logs import logging_to_stderr
from hubbub.cli.terminal import printable
from hubbub.compose import OnFetch, open_asking, prepare_folder
from hubbub.core.documents import page_name
from hubbub.core.people import OPERATOR
from hubbub.settings import Settings

output = Console(soft_wrap=True, highlight=False)
notes = Console(stderr=True, soft_wrap=True, highlight=False)


def search(settings: Settings, query: str, collections: Sequence[str], *, limit: int, as_json: bool) -> None:
    """Print the best passages for a query: of these collections, else of all.

    Raises:
        NotFound: there is no such collection.
        SearchError: the search could not answer.
    """
    with logging_to_stderr(settings.server.log_format, "warning"), fetching_shown() as on_fetch:
        prepare_folder(settings.server.data_folder)
        found = asyncio.run(_search(settings, query, collections, limit, on_fetch))
    for number, one in enumerate(found, start=1):
        if as_json:
            output.print(msgspec.json.encode(one).decode(), markup=False)
        else:
            _print(number, one)
    if not found:
        notes.print("Nothing was found.")


async def _search(
    settings: Settings, query: str, names: Sequence[str], limit: int, on_fetch: OnFetch
) -> Sequence[Found]:
    async with open_asking(settings, on_fetch, needs_model=False) as application:
        ids = await application.collections.ids(OPERATOR, names)
        return await application.documents.find_marked(OPERATOR, query, ids, limit=limit)


def _print(number: int, found: Found) -> None:
    hit = found.hit
    page = f", {page_name(hit.name, hit.page)}" if hit.page is not None else ""
    heading = f" › {hit.heading}" if hit.heading else ""
    output.print(printable(f"{number}. {hit.name}{heading}{page}"), style="bold", markup=False)
    line = Text()
    at = 0
    for mark in found.highlights:
        line.append(printable(hit.text[at : mark.start]))
        line.append(printable(hit.text[mark.start : mark.end]), style="bold underline")
        at = mark.end
    line.append(printable(hit.text[at:]))
    output.print(line)
    output.print()
