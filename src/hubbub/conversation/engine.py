"""Answer a question: the straight line from history to query, search, prompt, text and citations."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

from msgspec.structs import replace

from hubbub.conversation.citations import MAX_FOLLOW_UPS, CitedStream, cite
from hubbub.conversation.flights import Flights
from hubbub.conversation.prompt import estimate_tokens, fit, fit_sources, instructed, prompt_text, with_sources
from hubbub.conversation.query import stand_alone, write_query
from hubbub.conversation.quoting import READ_HITS, Quote, choose, choose_by_meaning
from hubbub.conversation.times import Said, Times
from hubbub.core.documents import Hit
from hubbub.core.embedding import Embedder
from hubbub.core.errors import ModelError, SearchError
from hubbub.core.events import (
    Cited,
    Done,
    Event,
    FollowUps,
    Prompted,
    Purpose,
    Reclassified,
    Searched,
    Started,
    Text,
    Usage,
)
from hubbub.core.markdown import escape
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation, Question
from hubbub.models.base import Completion, Model, Piece
from hubbub.models.catalog import Catalog
from hubbub.search.base import Search

Send: TypeAlias = Callable[[Event], None]
"""Takes the next event, in order, and returns at once."""

ANSWER_TOKENS = 1024
NOTHING_FOUND = "I did not find an answer to this in these documents."

TEMPERATURE = 0.2
"""How freely an answer over documents is written, unless the question says."""
EXPECTED_TOKENS = 256
"""What an answer is counted as before it is known how long it is."""

DEADLINE = "deadline"
"""The finish reason of an answer for which the time was up: it is as far as it has come."""

SOURCES_SHARE = 0.75
"""How much of a prompt the sources may take; the rest is for what was said before."""


class Engine:
    """Makes answers. It holds no state of its own: any number of answers can be made at once."""

    def __init__(
        self,
        catalog: Catalog,
        search: Search,
        *,
        embedder: Embedder | None = None,
        hits: int = 8,
        flights: Flights | None = None,
    ) -> None:
        """Take what answers, and what finds. Where there are `flights`, identical questions at once share an answer."""
        self._flights = flights
        self._catalog = catalog
        self._search = search
        self._embedder = embedder
        self.hits = hits
        """How many passages are looked for where a question doesn't say."""

    def weigh(self, question: Question) -> tuple[str, int]:
        """Return the name of the model that will answer (empty where none will), and about how many tokens it costs.

        Raises:
            NotFound: there is no model of that name.
        """
        model = self._model_for(question)
        said = [turn.text for turn in question.turns]
        tokens = sum(map(estimate_tokens, said if question.is_verbatim and said else [question.text, *said]))
        if model is None:
            return "", tokens
        expected = min(EXPECTED_TOKENS, _answer_tokens(model, question.generation))
        return model.card.name, min(tokens, _prompt_tokens(model)) + expected

    async def answer(self, question: Question, send: Send) -> Done:
        """Send what happens to the answer, in order, and return how it ended.

        Raises:
            NotFound: there is no model of that name.
            ModelError, SearchError: what was sent before stands.
        """
        if self._flights is None:
            return await self._answer(question, send)
        return await self._flights.answer(question, partial(self._answer, question), send)

    async def _answer(self, question: Question, send: Send) -> Done:
        if not question.collection_ids:
            return await self._chat(question, send)
        times = Times(question.within_seconds)
        writer = self._model_for(question)
        send(Started(writer.card.name if writer else "", "grounded" if writer else "quotes"))
        query = await self._query(writer, question, times, send)
        if writer is None:
            return await self._quote(query, question, times.for_search(), send)
        hits = await self._find(query, question, times.for_search(), self._shown(question))
        send(Searched(query, tuple(hits)))
        if not hits:
            send(Text(NOTHING_FOUND))
            return Done("nothing_found")
        first = times.for_first_word()
        said = Said(send, first)
        try:
            async with first:
                return await self._write(writer, question, hits, times, said.send)
        except TimeoutError:
            reason = f"{writer.card.name} had not begun to write when the time was nearly up."
        except ModelError as error:
            if said.is_anything or not error.is_of_deployment:
                raise
            reason = error.message
        send(Started("", "quotes", reason))  # what was found still helps
        return await self._quote(query, question, times.for_all(), send)

    def _shown(self, question: Question) -> int:
        return question.hits or self.hits

    async def _query(self, writer: Model | None, question: Question, times: Times, send: Send) -> str:
        try:
            async with times.for_query():
                telling = _telling(question, "query", writer, send)
                return await write_query(writer, question.text, question.turns, telling)
        except TimeoutError:
            return stand_alone(question.text, question.turns)

    async def _find(self, query: str, question: Question, scope: asyncio.Timeout, limit: int) -> list[Hit]:
        try:
            async with scope:
                found = self._search.find(query, question.collection_ids, limit=limit, retrieval=question.retrieval)
                return await found
        except TimeoutError as error:
            raise SearchError(
                "The search took too long for the time that this answer was given. Give it more, or ask again.",
                code="too_late",
            ) from error

    def _model_for(self, question: Question) -> Model | None:
        """Return what answers; None where passages are quoted, or where there is no model at all."""
        if question.model:
            model = self._catalog.get(question.model)
        else:
            model = self._catalog.writer() if question.collection_ids else self._catalog.default
        return model if model is None or model.card.can_ground or not question.collection_ids else None

    async def _chat(self, question: Question, send: Send) -> Done:
        model = self._model_for(question)
        if model is None:
            raise ModelError(
                "There is no model to chat with. Set one up (see `hubbub check`), or choose documents to ask.",
                code="no_model",
                retryable=False,
            )
        send(Started(model.card.name, "chat"))
        how = question.generation
        if question.is_verbatim:
            prompt: Sequence[Turn] = question.turns
        else:
            prompt = fit(
                instructed("chat", question.instructions),
                question.turns,
                question.text,
                budget_tokens=_prompt_tokens(model, how),
            )
            how = replace(how, max_tokens=_answer_tokens(model, how))
        times = Times(question.within_seconds)
        return await self._complete(model, question, prompt, how, times, send, _passing_on(send))

    async def _write(self, model: Model, question: Question, hits: Sequence[Hit], times: Times, send: Send) -> Done:
        how = question.generation
        budget_tokens = _prompt_tokens(model, how)
        sources = fit_sources(hits, budget_tokens=int(SOURCES_SHARE * budget_tokens))
        stream = CitedStream(sources)
        system = instructed("grounded", question.instructions)
        if question.has_follow_ups is not False:
            system = f"{system}\n\n{prompt_text('follow_ups')}"
        asked = with_sources(question.text, sources)
        prompt = fit(system, question.turns, asked, budget_tokens=budget_tokens)
        temperature = TEMPERATURE if how.temperature is None else how.temperature
        how = replace(how, max_tokens=_answer_tokens(model, how), temperature=temperature)

        def pass_on(piece: Piece) -> None:
            nonlocal stream
            if isinstance(piece, Reclassified):
                stream = CitedStream(sources)  # the text begins anew
            for event in stream.feed(piece) if isinstance(piece, str) else (piece,):
                send(event)

        def finish() -> None:
            for event in stream.finish():
                send(event)

        return await self._complete(model, question, prompt, how, times, send, pass_on, finish)

    async def _complete(
        self,
        model: Model,
        question: Question,
        prompt: Sequence[Turn],
        how: Generation,
        times: Times,
        send: Send,
        pass_on: Callable[[Piece], None],
        finish: Callable[[], None] = lambda: None,
    ) -> Done:
        """Let the model write, and send what it used once it has."""
        if tell := _telling(question, "answer", model, send):
            tell(prompt)
        try:
            async with times.for_all():
                completion = await model.complete(prompt, pass_on, how)
        except TimeoutError:
            finish()
            return Done(DEADLINE)
        finish()
        return _finish(completion, send)

    async def _quote(self, query: str, question: Question, scope: asyncio.Timeout, send: Send) -> Done:
        shown_hits = self._shown(question)
        hits = await self._find(query, question, scope, max(shown_hits, READ_HITS))
        quotes = choose(query, hits) if self._embedder is None else await choose_by_meaning(query, hits, self._embedder)
        quoted = {quote.hit.passage_id for quote in quotes}
        # More is read than a person is shown; but what is quoted is always among the hits.
        shown = [hit for place, hit in enumerate(hits) if place < shown_hits or hit.passage_id in quoted]
        send(Searched(query, tuple(shown)))
        for marker, quote in enumerate(_in_reading_order(quotes), start=1):
            citation = replace(cite(hits, hits.index(quote.hit) + 1, quote.text), marker=marker)
            send(Cited(citation))
            send(Text(f"> {escape(quote.text)} [{marker}]\n\n"))
        if not quotes:
            send(Text(NOTHING_FOUND))
        if question.has_follow_ups is not False and (questions := _neighbours(hits, quotes)):
            send(FollowUps(questions))
        return Done("stop" if quotes else "nothing_found")


def _passing_on(send: Send) -> Callable[[Piece], None]:
    def pass_on(piece: Piece) -> None:
        send(Text(piece) if isinstance(piece, str) else piece)

    return pass_on


def _telling(
    question: Question, purpose: Purpose, model: Model | None, send: Send
) -> Callable[[Sequence[Turn]], None] | None:
    """Return what makes a prompt known, where the question wants that."""
    if not question.tells_prompts or model is None:
        return None
    name = model.card.name
    return lambda prompt: send(Prompted(purpose, name, tuple(prompt)))


def _finish(completion: Completion, send: Send) -> Done:
    if completion.prompt_tokens or completion.completion_tokens:
        send(Usage(completion.prompt_tokens, completion.completion_tokens, completion.reasoning_tokens))
    return Done(completion.finish_reason)


def _answer_tokens(model: Model, how: Generation = Generation()) -> int:  # noqa: B008 # frozen
    return min(how.max_tokens or ANSWER_TOKENS, model.card.context_tokens // 3)


def _prompt_tokens(model: Model, how: Generation = Generation()) -> int:  # noqa: B008 # frozen
    return model.card.prompt_tokens or model.card.context_tokens - _answer_tokens(model, how)


def _in_reading_order(quotes: Sequence[Quote]) -> list[Quote]:
    """Return the quotes passage by passage, the best passage first, each from its top to its end."""
    passages = list(dict.fromkeys(quote.hit.passage_id for quote in quotes))
    return sorted(quotes, key=lambda quote: (passages.index(quote.hit.passage_id), quote.start))


def _neighbours(hits: Sequence[Hit], quotes: Sequence[Quote]) -> tuple[str, ...]:
    """Return questions for what was found beside the quotes: the headings of the other hits."""
    quoted = {quote.hit.heading for quote in quotes}
    headings = dict.fromkeys(hit.heading for hit in hits if hit.heading and hit.heading not in quoted)
    lasts = [heading.split(" › ")[-1] for heading in headings][:MAX_FOLLOW_UPS]
    return tuple(last if last.endswith("?") else f"What about “{last}”?" for last in lasts)
