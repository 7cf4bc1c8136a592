"""Ask in the terminal: the answer streams, its sources are listed below it."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

from rich.console import Console

from hubbub.app.collections import TOLD_NAMES
from hubbub.cli.fetching import fetching_shown
from hubbub.cli.logs import logging_to_stderr
from hubbub.cli.terminal import printable
from hubbub.compose import OnFetch, open_asking, prepare_folder
from hubbub.core.documents import Citation, page_name
from hubbub.core.events import (
    Cited,
    Done,
    Event,
    Failed,
    FollowUps,
    LeftOut,
    Searched,
    Started,
    StillReading,
    Stopped,
    Text,
    error_of,
)
from hubbub.core.markdown import unescape
from hubbub.core.people import OPERATOR
from hubbub.core.questions import Question
from hubbub.settings import Settings

output = Console(soft_wrap=True, highlight=False)
notes = Console(stderr=True, soft_wrap=True, highlight=False)

_LIMITS = {
    "model": "The answer reached the model's own limit of length: it is cut off here.",
    "setting": "The answer reached the limit of length that is set for this model: it is cut off here.",
    "question": "The answer reached the length that was asked for: it is cut off here.",
}
_ENDINGS = {
    "deadline": "The time was up: this is as far as it came.",
    "refusal": "The model declined to answer this.",
    "tool_calls": "The model asked for a tool, which it can't have here.",
    "content_filter": "The model's filter ended the answer here.",
}


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
        ids = await application.collections.ids(OPERATOR, names)
        unasked = [] if names else [one.name for one in await application.collections.named(OPERATOR)]
        question = Question(text.strip(), model=model, collection_ids=ids, wait_seconds=0.0, is_thorough=is_thorough)
        answer_id = await application.questions.ask(OPERATOR, question)
        printer = _Printer(tells_searches=is_thorough)
        async with aclosing(application.answers.follow(OPERATOR, answer_id)) as events:
            async for event in events:
                printer.send(event)
        printer.finish(unasked)


class _Printer:
    """Prints an answer's events as they come."""

    def __init__(self, *, tells_searches: bool) -> None:
        self._tells_searches = tells_searches
        self._is_quoting = False
        self._has_text = False
        self._citations: list[Citation] = []
        self._follow_ups: tuple[str, ...] = ()
        self._unread = ""
        self._ending = "The model had nothing to say."

    def send(self, event: Event) -> None:
        match event:
            case Started(way=way, reason=reason):
                self._is_quoting = way == "quotes"
                why = "Quoted from your documents; the embedded model is not trusted to write over them."
                self._note(reason or (why if self._is_quoting else ""))
            case Searched(query=query) if self._tells_searches:
                self._note(f"Searched for: {query}")
            case StillReading(names=names, has_more=has_more):
                self._unread = f"{', '.join(names)}{' and more' if has_more else ''}" if names else ""
            case LeftOut(shortened=shortened) if shortened:
                self._note("The question is longer than this model can read: it was given the beginning and the end.")
            case Text(text=text):
                self._has_text = True
                # A model's own text is printed as it is: in code a backslash is a backslash.
                output.print(printable(unescape(text) if self._is_quoting else text), end="", markup=False)
            case Cited(citation=citation):
                self._citations.append(citation)
            case FollowUps(questions=questions):
                self._follow_ups = questions
            case Done(finish_reason=reason, limited_by=limited_by):
                self._ending = (
                    _LIMITS.get(limited_by or "model", "") if reason == "length" else _ENDINGS.get(reason, "")
                )
            case Stopped():
                self._ending = "Stopped before the end."
            case Failed():
                raise error_of(event)
            case _:
                pass

    def finish(self, unasked: Sequence[str]) -> None:
        """Print what stands below the answer, and what was not done: these collections were not asked."""
        output.print()
        self._note(self._ending)
        if self._unread:
            self._note(f"Still being read, and so not searched: {self._unread}. Ask again later.")
        if unasked:
            more = ", …" if len(unasked) > TOLD_NAMES else ""
            there = ", ".join(map(repr, unasked[:TOLD_NAMES]))
            self._note(f"No documents were searched. To ask them, add --collection and a name: {there}{more}")
        if self._citations:
            output.print("\nSources", style="bold")
        for citation in self._citations:
            page = f", {page_name(citation.name, citation.page)}" if citation.page is not None else ""
            heading = f" › {citation.heading}" if citation.heading else ""
            output.print(printable(f"  [{citation.marker}] {citation.name}{heading}{page}"), markup=False)
        for question in self._follow_ups:
            output.print(printable(f"  → {question}"), style="dim", markup=False)

    @staticmethod
    def _note(text: str) -> None:
        if text:
            notes.print(printable(text), style="dim", markup=False)
