"""Search in several steps: take a question apart, search, read what was found, and search again for what is missing."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import msgspec

from hubbub.conversation.asides import written
from hubbub.conversation.prompt import fit_sources, prompt_text, with_sources
from hubbub.conversation.query import MAX_QUERY_CHARACTERS
from hubbub.conversation.tokens import Rates
from hubbub.core.documents import Hit
from hubbub.core.errors import HubbubError
from hubbub.core.events import Searched
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation
from hubbub.models.base import Model

Find: TypeAlias = Callable[[str], Awaitable[Sequence[Hit]]]
"""Returns what is found for a query, best first."""
Tell: TypeAlias = Callable[[Sequence[Turn]], None]
"""Takes what a model is told."""

MOST_QUERIES = 4
"""So many queries a model may write at a time."""
ROUNDS = 3
"""So often it reads and searches on, unless the budget says otherwise."""
QUERIES = Generation(max_tokens=200, temperature=0.0)
ENOUGH = "enough"
_MARK = re.compile(r"^\s*(?:[-*•]|\(?\d{1,2}[.)])\s+")


class Budget(msgspec.Struct, frozen=True):
    """What a search in several steps may take."""

    seconds: float = 30.0
    """When these are over, the answer is written from what was found by then."""
    tokens: int = 12_000
    """About how many tokens the model may be given and may write for it."""
    searches: int = 1 + ROUNDS * MOST_QUERIES
    """How often the documents are searched, the first time included."""
    rounds: int = ROUNDS
    """How often it may ask for further searches, the first time included."""
    hits: int = 16
    """How many passages are kept of all searches together, at most, or as many as the question wishes for."""


class Thorough:
    """One search in several steps. Each search that it makes is sent as an event, with what that one found."""

    def __init__(
        self,
        model: Model,
        find: Find,
        send: Callable[[Searched], None],
        *,
        budget: Budget,
        rates: Rates,
        prompt_tokens: int,
        tell: Tell | None = None,
    ) -> None:
        """Take what writes queries, what searches, where steps go, and what all that may cost.

        `prompt_tokens` is how much the model may read at once.
        """
        self._model = model
        self._find = find
        self._send = send
        self._budget = budget
        self._rates = rates
        self._prompt_tokens = prompt_tokens
        self._tell = tell
        self._tokens = 0
        self._found: dict[str, Sequence[Hit]] = {}
        """What each query has found, by the query in lower case."""

    async def search(self, query: str, *, limit: int) -> list[Hit]:
        """Return the best of what all searches found, best first, at most `limit`; what the model fails at is left out.

        Raises:
            SearchError: the first search failed.
        """
        await self._search(query)
        if self._budget.searches <= 1:
            return self._merged(limit)
        try:
            async with asyncio.timeout(self._budget.seconds):
                await self._go_on(query, limit)
        except TimeoutError:
            pass
        return self._merged(limit)

    async def _go_on(self, question: str, limit: int) -> None:
        asked = Turn("user", f"Question: {question}")
        prompt = [Turn("system", prompt_text("queries").format(most=MOST_QUERIES)), asked]
        for _ in range(self._budget.rounds):
            queries = await self._queries(prompt)
            if not queries:
                return
            for query in queries:
                if len(self._found) >= self._budget.searches:
                    return
                try:
                    await self._search(query)
                except HubbubError:
                    return  # what was found before still helps
            if len(self._found) >= self._budget.searches:
                return
            system = prompt_text("more_queries").format(most=MOST_QUERIES)
            done = "\n".join(f"- {query}" for query in self._found)
            prompt = [
                Turn("system", system),
                Turn("user", f"{self._read(question, limit)}\n\nSearched so far:\n{done}"),
            ]

    def _read(self, question: str, limit: int) -> str:
        room = min(self._prompt_tokens // 2, self._budget.tokens // self._budget.rounds)
        return with_sources(question, fit_sources(self._merged(limit), budget_tokens=room, rates=self._rates))

    async def _search(self, query: str) -> None:
        found = await self._find(query)
        self._found[query.casefold()] = found
        self._send(Searched(query, tuple(found), is_step=True))

    async def _queries(self, prompt: Sequence[Turn]) -> list[str]:
        """Return the queries that a model writes and that were not searched yet; none where the budget is used up."""
        cost = sum(self._rates.tokens(turn.text) for turn in prompt) + (QUERIES.max_tokens or 0)
        if self._tokens + cost > self._budget.tokens:
            return []
        self._tokens += cost
        if self._tell is not None:
            self._tell(prompt)
        try:
            text = await written(self._model, prompt, QUERIES, MOST_QUERIES * MAX_QUERY_CHARACTERS)
        except HubbubError:
            return []
        lines = [" ".join(_MARK.sub("", line).split()).strip("\"'“”") for line in text.splitlines()]
        queries = [line for line in lines if 0 < len(line) <= MAX_QUERY_CHARACTERS]
        if any(line.casefold().strip(".! ") == ENOUGH for line in queries):
            return []
        new = {line.casefold(): line for line in queries if line.casefold() not in self._found}
        return list(new.values())[:MOST_QUERIES]

    def _merged(self, limit: int) -> list[Hit]:
        """Return hits in turns: the best of each search, then the second of each, none twice.

        A passage for one part of a question would otherwise stand behind all those for another part.
        """
        merged: dict[str, Hit] = {}
        for place in range(max(map(len, self._found.values()), default=0)):
            for hits in self._found.values():
                if place < len(hits):
                    merged.setdefault(hits[place].passage_id, hits[place])
        return list(merged.values())[:limit]
