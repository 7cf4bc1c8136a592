"""Ask in the terminal: the answer streams, its sources are listed below it."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

from rich.console import Console

from hubbub.cli.fetching import fetching_shown
from hubbub.cli.logs import logging_to_stderr
from hubbub.cli.terminal import printable
from hubbub.compose import OnFetch, open_asking, prepare_folder
from hubbub.core.documents import Citation, page_name
from hubbub.core.errors import NotFound
from hubbub.core.events import Cited, Event, Failed, FollowUps, Searched, Started, Text, error_of
from hubbub.core.markdown import unescape
from hubbub.core.people import OPERATOR
from hubbub.core.questions import Question
from hubbub.settings import Settings

output = Console(soft_wrap=True, highlight=False)
notes = Console(stderr=True, soft_wrap=True, highlight=False)


def ask(settings: Settings, text: str, collections: Sequence[str], model: str | None, *, is_thorough: bool) -> None:
    """Answer a question in the terminal.

    Raises:
        NotFound: there is no such collection or model.
        HubbubError: the answer failed.
    """
    with logging_to_stderr(settings.server.log_format, "warning"), fetching_shown() as on_fetch:
        prepare_folder(settings.server.data_folder)
        asyncio.run(_ask(settings, text, collections, model, on_fetch, is_thorough=is_thorough))


async def _ask(
    settings: Settings,
    text: str,
    names: Sequence[str],
    model: str | None,
    on_fetch: OnFetch,
    *,
    is_thorough: bool,
) -> None:
    async with open_asking(settings, on_fetch, needs_model=not names) as application:
        known = {collection.name: collection.id for collection in await application.collections.list(OPERATOR)}
        for name in names:
            if name not in known:
                there = ", ".join(sorted(known)) or "none yet"
                raise NotFound(f"There is no collection {name!r}. There is: {there}. Make one with `hubbub ingest`.")
        ids = tuple(known[name] for name in names)
        question = Question(text.strip(), model=model, collection_ids=ids, wait_seconds=0.0, is_thorough=is_thorough)
        answer_id = await application.questions.ask(OPERATOR, question)
        printer = _Printer(tells_searches=is_thorough)
        async with aclosing(application.answers.follow(OPERATOR, answer_id)) as events:
            async for event in events:
                printer.send(event)
        printer.finish()


class _Printer:
    """Prints an answer's events as they come."""

    def __init__(self, *, tells_searches: bool) -> None:
        self._tells_searches = tells_searches
        self._is_quoting = False
        self._citations: list[Citation] = []
        self._follow_ups: tuple[str, ...] = ()

    def send(self, event: Event) -> None:
        match event:
            case Started(way="quotes"):
                self._is_quoting = True
                notes.print(
                    "Quoted from your documents; the embedded model is not trusted to write over them.", style="dim"
                )
            case Searched(query=query) if self._tells_searches:
                notes.print(printable(f"Searched for: {query}"), style="dim", markup=False)
            case Text(text=text):
                # A model's own text is printed as it is: in code a backslash is a backslash.
                output.print(printable(unescape(text) if self._is_quoting else text), end="", markup=False)
            case Cited(citation=citation):
                self._citations.append(citation)
            case FollowUps(questions=questions):
                self._follow_ups = questions
            case Failed():
                raise error_of(event)
            case _:
                pass

    def finish(self) -> None:
        """Print what stands below the answer."""
        output.print()
        if self._citations:
            output.print("\nSources", style="bold")
        for citation in self._citations:
            page = f", {page_name(citation.name, citation.page)}" if citation.page is not None else ""
            heading = f" › {citation.heading}" if citation.heading else ""
            output.print(printable(f"  [{citation.marker}] {citation.name}{heading}{page}"), markup=False)
        for question in self._follow_ups:
            output.print(printable(f"  → {question}"), style="dim", markup=False)
