"""Answer a question: the straight line from history to query, search, prompt, text and citations."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol, TypeAlias

from msgspec.structs import replace

from hubbub.conversation.again import Again
from hubbub.conversation.citations import CitedStream, cite
from hubbub.conversation.coalescing import Coalescing
from hubbub.conversation.estimate import Estimate, estimate
from hubbub.conversation.finding import find
from hubbub.conversation.joining import joined
from hubbub.conversation.portions import PORTION_CHARACTERS, UNREAD_AT_ONCE, UNREAD_CHARACTERS, Portions
from hubbub.conversation.prompt import (
    Fitted,
    fit,
    fit_since,
    fit_sources,
    instructed,
    prompt_text,
    shortened,
    with_pictures,
    with_sources,
)
from hubbub.conversation.query import stand_alone, write_query
from hubbub.conversation.quoted import CLOSEST, is_sure, neighbours, quoted
from hubbub.conversation.quoting import READ_HITS, choose_by_meaning, choose_in_turns
from hubbub.conversation.reading import Unread, nothing_found, until_read
from hubbub.conversation.room import less, prompt_tokens, wish_of
from hubbub.conversation.searches import Searches
from hubbub.conversation.summaries import AHEAD, SUMMARY_TOKENS, Summaries, Summary, fit_after
from hubbub.conversation.thorough import Budget, Thorough
from hubbub.conversation.times import Said, Scope, Times
from hubbub.conversation.tokens import Rates
from hubbub.conversation.turns import spoken, well_formed
from hubbub.core.documents import Hit
from hubbub.core.embedding import Embedder
from hubbub.core.errors import ModelError, ModelTooLong
from hubbub.core.events import (
    Cited,
    Declined,
    Done,
    Event,
    FollowUps,
    LeftOut,
    LimitedBy,
    Prompted,
    Purpose,
    Reclassified,
    Searched,
    Started,
    StillReading,
    Text,
    ToolCall,
    Usage,
)
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation, Question
from hubbub.core.tracing import current, step
from hubbub.models.base import Completion, Model, Piece
from hubbub.models.catalog import Catalog
from hubbub.search.base import Personal, Search


class Plan(Protocol):
    """Makes a prompt of so many tokens, the summary in the place of the turns that it stands for."""

    def __call__(self, budget_tokens: int, summary: Summary | None = None, /) -> Fitted: ...


Send: TypeAlias = Callable[[Event], None]
"""Takes the next event, in order, and returns at once."""


TEMPERATURE = 0.2
"""How freely an answer over documents is written, unless the question says."""
DEADLINE = "deadline"
"""The finish reason of an answer for which the time was up: it is as far as it has come."""

SOURCES_SHARE = 0.75
"""How much of a prompt the sources may take; the rest is for what was said before."""
PICTURES_SHARE = 0.5
"""How much of a prompt is kept free for the question's pictures, at most."""
QUESTION_SHARE = 0.25
"""How much of it a question over documents may take."""
SINCE_SHARE = 0.5
"""How much of it the results of the tools may take that were called for such a question."""

LENGTH = "length"
"""The finish reason of an answer that has come to a limit of length."""


class Engine:
    """Makes answers. It holds no state of its own: any number of answers can be made at once."""

    def __init__(
        self,
        catalog: Catalog,
        search: Search,
        *,
        embedder: Embedder | None = None,
        hits: int = 8,
        coalescing: Coalescing | None = None,
        library: Unread | None = None,
        again: Again | None = None,
        summaries: Summaries | None = None,
        budget: Budget | None = None,
    ) -> None:
        """Take what answers, what finds, and what knows which documents are still being read.

        Where there are `coalescing`, identical questions at once share an answer. `again` asks models again that were
        busy. Where there are `summaries`, turns that no longer fit a prompt are summed up.
        `budget` bounds the searches of questions that are to be searched for thoroughly.
        """
        self._budget = budget or Budget()
        self._summaries = summaries
        self._library = library
        self._searches = Searches(library)
        self._again = again or Again()
        self._coalescing = coalescing
        self._catalog = catalog
        self._search = search
        self._embedder = embedder
        self._turn = asyncio.Lock()
        self._rates: dict[str, Rates] = {}
        """What the tokens of each model are, by its name."""
        self.hits = hits
        """How many passages are looked for where a question doesn't say."""

    @property
    def shares_answers(self) -> bool:
        """Whether the same question of different people at once is answered once, if it is asked for anybody."""
        if self._coalescing is None:
            return False
        return not (isinstance(self._search, Personal) and self._search.is_personal)

    def deployment_of(self, question: Question) -> str:
        """Return the name of the model that will answer; empty where none will.

        Raises:
            NotFound: there is no model of that name.
        """
        model = self._model_for(question)
        return "" if model is None else model.card.name

    def estimate(self, question: Question, *, is_whole: bool = False) -> tuple[str, Estimate]:
        """Return the name of the model that will answer (empty where none will), and about how many tokens it costs.

        With `is_whole` that is so even where the model can't read as many.

        Raises:
            NotFound: there is no model of that name.
        """
        model = self._model_for(question)
        rates = Rates() if model is None else self._rates_of(model)
        cost = estimate(question, model, rates, passages=self._shown(question), budget=self._budget, is_whole=is_whole)
        return "" if model is None else model.card.name, cost

    async def answer(self, question: Question, send: Send) -> Done:
        """Send what happens to the answer, in order, and return how it ended.

        Raises:
            NotFound: there is no model of that name.
            ModelError, SearchError: what was sent before stands.
        """
        if self._coalescing is None:
            return await self._answer(question, send)
        return await self._coalescing.answer(question, partial(self._answer, question), send)

    async def _answer(self, question: Question, send: Send) -> Done:
        if not question.collection_ids:
            return await self._chat(question, send)
        times = Times(question.within_seconds)
        writer = self._model_for(question)
        current().set("hubbub.way", "grounded" if writer else "quotes")
        send(Started(writer.card.name if writer else "", "grounded" if writer else "quotes"))
        begun = question.continues or await self._searches.kept(question)
        reading = None if begun else await self._until_read(question, times, send)
        query = begun.query if begun else await self._query(writer, question, times, send)
        if writer is None:
            return await self._quote(query, question, times.for_search(), send, reading)
        if question.is_thorough and not begun:
            hits = await self._thoroughly(writer, query, question, times, send)
        else:
            hits = begun.hits if begun else await self._find(query, question, times.for_search(), self._shown(question))
        self._searches.keep(question, query, hits)
        send(Searched(query, tuple(hits)))
        if not hits:
            send(Text(nothing_found(reading, is_plain=question.is_plain)))
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
        return await self._quote(query, question, times.for_all(), send, reading)

    def _rates_of(self, model: Model) -> Rates:
        card = model.card
        return self._rates.setdefault(card.name, Rates(reads_images=card.reads_images))

    def _shown(self, question: Question) -> int:
        return question.hits or self.hits

    async def _until_read(self, question: Question, times: Times, send: Send) -> StillReading | None:
        if self._library is None:
            return None
        told: list[StillReading] = []

        def tell(event: Event) -> None:
            if isinstance(event, StillReading):
                told.append(event)
            send(event)

        try:
            async with times.for_query():
                return await until_read(self._library, question, tell)
        except TimeoutError:
            return told[-1] if told else None

    async def _query(self, writer: Model | None, question: Question, times: Times, send: Send) -> str:
        with step("query"), contextlib.suppress(TimeoutError):
            async with times.for_query():
                telling = _telling(question, "query", writer, send)
                return await write_query(writer, question.text, spoken(question.turns), telling)
        return stand_alone(question.text, spoken(question.turns))

    async def _find(self, query: str, question: Question, scope: Scope, limit: int) -> list[Hit]:
        return await find(self._search, query, question, scope, limit)

    async def _thoroughly(self, model: Model, query: str, question: Question, times: Times, send: Send) -> list[Hit]:
        wished = self._shown(question)
        search = Thorough(
            model,
            lambda one: self._find(one, question, times.for_search(), wished),
            send,
            budget=times.within_search(self._budget),
            rates=self._rates_of(model),
            prompt_tokens=prompt_tokens(model),
            tell=_telling(question, "query", model, send),
        )
        return await search.search(query, limit=max(wished, self._budget.hits))

    def _model_for(self, question: Question) -> Model | None:
        """Return what answers; None where passages are quoted, or where there is no model at all."""
        if question.quotes_only:
            return None
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
        current().set("hubbub.way", "chat")
        send(Started(model.card.name, "chat"))
        system = instructed("chat", question.instructions)
        turns, asked = _going_on(question)
        rates = self._rates_of(model)

        def plan(budget_tokens: int, summary: Summary | None = None) -> Fitted:
            if question.is_verbatim:
                return Fitted(list(question.turns))

            def fit_rest(said: Sequence[Turn], tokens: int) -> Fitted:
                return fit(system, said, asked, budget_tokens=tokens, rates=rates)

            return fit_after(summary, turns, fit_rest, budget_tokens=budget_tokens, rates=rates)

        def take(piece: Piece) -> None:
            send(Text(piece) if isinstance(piece, str) else piece)

        await self._repeat(question, take)
        times = Times(question.within_seconds)
        return await self._complete(model, question, plan, question.generation, times, send, joined(question, take))

    async def _write(self, model: Model, question: Question, hits: Sequence[Hit], times: Times, send: Send) -> Done:
        rates = self._rates_of(model)
        system = instructed("grounded", question.instructions)
        if question.has_follow_ups is not False:
            system = f"{system}\n\n{prompt_text('follow_ups')}"
        turns, asked = _going_on(question)
        stream = CitedStream(hits)

        def plan(budget_tokens: int, summary: Summary | None = None) -> Fitted:
            nonlocal stream
            since = fit_since(question.since, budget_tokens=int(SINCE_SHARE * budget_tokens), rates=rates)
            budget_tokens -= sum(map(rates.of_turn, since))
            text = shortened(question.text, int(QUESTION_SHARE * budget_tokens), rates)
            rest = budget_tokens - rates.tokens(system) - rates.tokens(text)
            sources = fit_sources(hits, budget_tokens=min(int(SOURCES_SHARE * budget_tokens), rest), rates=rates)
            if not question.continues:
                stream = CitedStream(sources)
            below = with_sources(text, sources)

            def fit_rest(said: Sequence[Turn], tokens: int) -> Fitted:
                if not question.continues:
                    return fit(system, said, text, budget_tokens=tokens, rates=rates, asked=below)
                return fit(system, said, asked, budget_tokens=tokens, rates=rates)

            said = turns
            if question.continues:
                said = [*question.turns, Turn("user", below), Turn("assistant", question.continues.text)]
            fitted = fit_after(summary, said, fit_rest, budget_tokens=budget_tokens, rates=rates)
            if since:
                fitted = fitted._replace(turns=[*fitted.turns, *since])
            if text == question.text:
                return fitted
            known = fitted.left_out or LeftOut()
            return fitted._replace(left_out=replace(known, shortened=known.shortened + 1))

        def take(piece: Piece) -> None:
            if isinstance(piece, Reclassified):
                for event in stream.begin_again():
                    send(event)
            elif isinstance(piece, (ToolCall, Declined)):
                for event in stream.pause():
                    send(event)
            for event in stream.feed(piece) if isinstance(piece, str) else (piece,):
                send(event)

        def finish() -> None:
            for event in stream.finish():
                send(event)

        await self._repeat(question, take)
        temperature = TEMPERATURE if question.generation.temperature is None else question.generation.temperature
        how = replace(question.generation, temperature=temperature)
        return await self._complete(model, question, plan, how, times, send, joined(question, take), finish)

    async def _repeat(self, question: Question, take: Callable[[Piece], None]) -> None:
        """Say once more what the answer said that is continued."""
        if question.continues:
            async with Portions(take, self._turn) as portions:
                portions.add(question.continues.text)

    async def _complete(
        self,
        model: Model,
        question: Question,
        plan: Plan,
        how: Generation,
        times: Times,
        send: Send,
        pass_on: Callable[[Piece], None],
        finish: Callable[[], None] = lambda: None,
    ) -> Done:
        """Let the model write what `plan` says, in so many tokens, and send what it used once it has.

        What is too long for it is tried once more, with less.
        """
        if question.collection_ids:
            portions_of = partial(Portions, pass_on, self._turn, characters=PORTION_CHARACTERS)
        else:
            portions_of = partial(Portions, pass_on, self._turn, characters=UNREAD_CHARACTERS, at_once=UNREAD_AT_ONCE)
        wished, limit = wish_of(model, how)
        if not question.is_verbatim:
            how = replace(how, max_tokens=wished)
        rates = self._rates_of(model)
        room = prompt_tokens(model, how)
        budget_tokens = room - min(rates.of_pictures(len(question.images)), int(PICTURES_SHARE * room))
        is_again = question.is_verbatim
        tell = _telling(question, "answer", model, send)
        started = Started(model.card.name, "grounded" if question.collection_ids else "chat")
        while True:
            fitted = plan(budget_tokens)
            if self._summaries is not None and fitted.left_out is not None and fitted.left_out.turns:
                fitted = await self._summed_up(self._summaries, model, question, plan, budget_tokens, times, send)
            fitted = with_pictures(fitted, question, reads_images=model.card.reads_images)
            if fitted.left_out is not None:
                send(fitted.left_out)
            if tell:
                tell(fitted.turns)
            portions = portions_of()
            try:
                async with times.for_all(), portions:
                    completion = await self._again.complete(
                        model, fitted.turns, portions.add, how, tell=send, started=started
                    )
            except TimeoutError:
                finish()
                return Done(DEADLINE)
            except ModelError as error:
                if is_again or portions.has_begun or not isinstance(error, ModelTooLong):
                    finish()  # what was said before stands
                    raise
                is_again = True
                budget_tokens = less(budget_tokens, error, fitted.turns, rates)
            else:
                finish()
                if not how.tools:
                    rates.learn(fitted.turns, completion.prompt_tokens)
                return _finish(completion, limit, send)

    async def _summed_up(
        self,
        summaries: Summaries,
        model: Model,
        question: Question,
        plan: Plan,
        budget_tokens: int,
        times: Times,
        send: Send,
    ) -> Fitted:
        """Return the prompt with a summary of what does not fit; without one where there is no time or none comes."""
        said = well_formed(question.turns)
        summary = summaries.known(said)
        room_tokens = budget_tokens - SUMMARY_TOKENS
        if summary is None or summary.turns < _missing(plan(room_tokens)):
            first = said[: _missing(plan(int(AHEAD * room_tokens)))]
            rates = self._rates_of(model)
            tell = _telling(question, "summary", model, send)
            with contextlib.suppress(TimeoutError, ModelError):  # what was said last is answered all the same
                async with times.for_query():
                    summary = await summaries.write(model, first, room_tokens=budget_tokens, rates=rates, tell=tell)
        return plan(budget_tokens, summary)

    async def _quote(
        self,
        query: str,
        question: Question,
        scope: Scope,
        send: Send,
        reading: StillReading | None,
    ) -> Done:
        shown_hits = self._shown(question)
        hits = await self._find(query, question, scope, max(shown_hits, READ_HITS))
        if self._embedder is None:
            quotes = await choose_in_turns(query, hits)
        else:
            quotes = await choose_by_meaning(query, hits, self._embedder)
        cited = {quote.hit.passage_id for quote in quotes}
        # More is read than a person is shown; but what is quoted is always among the hits.
        shown = [hit for place, hit in enumerate(hits) if place < shown_hits or hit.passage_id in cited]
        send(Searched(query, tuple(shown)))
        if quotes and not is_sure(quotes):
            send(Text(CLOSEST))
        for marker, quote in enumerate(quotes, start=1):
            citation = replace(cite(hits, hits.index(quote.hit) + 1, quote.text), marker=marker)
            send(Cited(citation))
            send(Text(quoted(quote, marker, query, is_plain=question.is_plain)))
        if not quotes:
            send(Text(nothing_found(reading, is_plain=question.is_plain)))
        if question.has_follow_ups is not False and (questions := neighbours(query, hits, quotes)):
            send(FollowUps(questions))
        if not quotes:
            return Done("nothing_found")
        return Done("stop" if is_sure(quotes) else "closest")


def _telling(
    question: Question, purpose: Purpose, model: Model | None, send: Send
) -> Callable[[Sequence[Turn]], None] | None:
    """Return what makes a prompt known, where the question wants that."""
    if not question.tells_prompts or model is None:
        return None
    name = model.card.name
    return lambda prompt: send(Prompted(purpose, name, tuple(prompt)))


def _finish(completion: Completion, limit: LimitedBy, send: Send) -> Done:
    if completion.prompt_tokens or completion.completion_tokens:
        counted = completion.prompt_tokens, completion.completion_tokens, completion.reasoning_tokens
        send(Usage(*counted, completion.cached_tokens))
    if completion.finish_reason == LENGTH:
        return Done(LENGTH, limit)
    return Done(completion.finish_reason)


def _missing(fitted: Fitted) -> int:
    return fitted.left_out.turns if fitted.left_out is not None else 0


def _going_on(question: Question) -> tuple[Sequence[Turn], str]:
    """Return what was said before, and what is asked now: to go on, where an answer is continued."""
    if question.continues is None:
        return question.turns, question.text
    begun = Turn("assistant", question.continues.text)
    return (*question.turns, Turn("user", question.text), begun), prompt_text("continue")
