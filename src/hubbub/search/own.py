"""Search with a back end of somebody's own, and keep beside it which passages there are.

What it finds counts if it stands here, too: so rights and counts hold whatever it does, what was removed is not found
from that moment on, and an index that is new or was lost is filled from here.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence, Set
from contextlib import asynccontextmanager
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from hubbub.connections.sqlite import Sqlite
from hubbub.core.documents import Document, Hit, Passage, Retrieval
from hubbub.core.errors import HubbubError, ModelError, SearchError
from hubbub.core.people import Reader
from hubbub.search.azure_ledger import Ledger
from hubbub.search.base import EmbedsLater, Narrowing, Personal, Search, tuned_by
from hubbub.search.document_readers_sqlite import closed_now
from hubbub.search.permissions_sqlite import usable_now

T = TypeVar("T")

CATCH_UP = 250
"""How many passages that the index lacks are looked up at a time."""

MOST_ASKED = 1_000
"""So many passages a search is asked for at most where some of them are of documents that are restricted to others."""

_log = logging.getLogger(__name__)


class OwnSearch:
    """A search of somebody's own, as the others are. Enter it before use."""

    def __init__(self, search: Search, database: Sqlite, place: str) -> None:
        """Take the search, which is open, and a name for its index: where it is another one, that is filled anew."""
        self._search = search
        self._database = database
        self._place = place
        self._ledger = Ledger(database)
        self._changing = asyncio.Lock()
        self._changes = 0

    async def __aenter__(self) -> Self:
        await self._ledger.open(self._place, None)
        try:
            await self._catch_up()
        except SearchError as error:
            _log.warning("The search lacks documents until the next start: %s", error.for_operators)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The search and the database belong to whoever opened them."""

    @property
    def is_personal(self) -> bool:
        return isinstance(self._search, Personal) and self._search.is_personal

    @property
    def tunes(self) -> frozenset[str]:
        return tuned_by(self._search)

    async def find(
        self,
        query: str,
        collection_ids: Sequence[str],
        *,
        limit: int = 8,
        retrieval: Retrieval | None = None,
        reader: Reader | None = None,
    ) -> list[Hit]:
        usable = await self._usable(query, collection_ids, limit, reader)
        if not usable:
            return []
        closed = frozenset(await closed_now(self._database, reader, usable))
        reader = reader if self.is_personal else None  # what they may use is known by now
        asked = limit
        while True:
            look = partial(self._search.find, query, usable, limit=asked, retrieval=retrieval, reader=reader)
            hits, found = await self._looked(look, usable, closed)
            # A search can't be told which documents are closed: it is asked for more until enough of the others come.
            if len(hits) >= limit or not closed or found < asked or asked >= MOST_ASKED:
                return hits[:limit]
            asked = min(4 * asked, MOST_ASKED)

    async def put(self, document: Document, passages: Sequence[Passage]) -> None:
        async with self._change():
            await self._ledger.announce(document.id, passages)
            await _named(self._search.put(document, passages))
            await self._ledger.put(document, passages)

    async def remove(self, document_id: str) -> None:
        async with self._change():
            ids = await self._ledger.remove(document_id)
            await _named(self._search.remove(document_id))
            await self._ledger.gone(ids)

    async def passages(self, document_id: str) -> list[Passage]:
        return await self._ledger.passages(document_id)

    async def counts(self) -> dict[str, tuple[int, int]]:
        """Return for each document how many passages it has, and how many of these have a vector."""
        return await self._ledger.counts()

    @asynccontextmanager
    async def _change(self) -> AsyncGenerator[None]:
        """Change the index and what stands here of it: one after the other, and whoever looks meanwhile can tell."""
        async with self._changing:
            self._changes += 1
            yield

    async def _usable(
        self, query: str, collection_ids: Sequence[str], limit: int, reader: Reader | None
    ) -> Sequence[str]:
        if limit < 1 or not query.strip():
            return []
        return await usable_now(self._database, reader, list(dict.fromkeys(collection_ids)))

    async def _looked(
        self,
        look: Callable[[], Awaitable[Sequence[Hit]]],
        collection_ids: Sequence[str],
        closed: Set[str],
    ) -> tuple[list[Hit], int]:
        """Return of what is found what is here and not closed, none twice, and how much was found.

        Where it is just being replaced, look again.
        """
        changes, is_changing = self._changes, self._changing.locked()
        found = await _named(look())
        hits = await self._counting(found, collection_ids)
        if len(hits) < len(found) and (is_changing or changes != self._changes):
            async with self._changing:  # nothing is replaced meanwhile
                found = await _named(look())
                hits = await self._counting(found, collection_ids)
        return [hit for hit in hits if hit.document_id not in closed], len(found)

    async def _counting(self, found: Sequence[Hit], collection_ids: Sequence[str]) -> list[Hit]:
        """Return hits that are here, as they stand here."""
        scores: dict[str, float] = {}
        for hit in found:
            scores.setdefault(hit.passage_id, hit.score)
        known = (await self._ledger.known(list(scores))).hits
        hits: list[Hit] = []
        for passage_id, score in scores.items():
            if passage_id in known and known[passage_id][1] in collection_ids:
                hits.append(Hit(passage_id, *known[passage_id], score=score))
        return hits

    async def _catch_up(self) -> None:
        """Put into the index what is here and not there, and take out what is there and not here."""
        while strays := await self._ledger.strays((), CATCH_UP):
            for document_id in await self._ledger.documents_of(strays):
                await _named(self._search.remove(document_id))
                await self._ledger.unsettle(document_id)
            await self._ledger.gone(strays)
        while missing := await self._ledger.missing(CATCH_UP):
            for document in {document.id: document for document, _ in missing}.values():
                passages = await self._ledger.passages(document.id)
                await _named(self._search.put(document, passages))
                await self._ledger.arrived(passages)


class _Narrows(OwnSearch):
    """One that can keep to some documents."""

    async def find_among(
        self,
        query: str,
        collection_ids: Sequence[str],
        document_ids: Sequence[str],
        *,
        limit: int = 8,
        retrieval: Retrieval | None = None,
        reader: Reader | None = None,
    ) -> list[Hit]:
        usable = await self._usable(query, collection_ids, limit, reader)
        if not usable:
            return []
        search = cast(Narrowing, self._search)
        closed = frozenset(await closed_now(self._database, reader, usable))
        ids = [one for one in document_ids if one not in closed]
        reader = reader if self.is_personal else None
        look = partial(search.find_among, query, usable, ids, limit=limit, retrieval=retrieval, reader=reader)
        hits, _ = await self._looked(look, usable, closed)
        return [hit for hit in hits if hit.document_id in set(ids)][:limit]


class _Embeds(OwnSearch):
    """One that makes its vectors later."""

    async def embed_next(self, limit: int = 16) -> Sequence[str]:
        done = await _named(cast(EmbedsLater, self._search).embed_next(limit))
        async with self._changing:  # what was just put stands here by then
            await self._ledger.embedded_of(Counter(done))
        return done


class _NarrowsAndEmbeds(_Narrows, _Embeds):
    """One that does both."""


def own_search(search: Search, database: Sqlite, place: str) -> OwnSearch:
    """Return a search of somebody's own as the others are. It may name its index by a `place` of its own."""
    own_place: Any = getattr(search, "place", "")
    embeds = hasattr(search, "embed_next")
    narrows = isinstance(search, Narrowing)
    kind = _NarrowsAndEmbeds if narrows and embeds else _Narrows if narrows else _Embeds if embeds else OwnSearch
    return kind(search, database, f"{place} {own_place}")


async def _named(asked: Awaitable[T]) -> T:
    """Return what a search returns; whatever it raises has a name.

    Raises:
        SearchError: it failed.
        ModelError: the embedder did.
    """
    try:
        return await asked
    except (SearchError, ModelError):
        raise
    except HubbubError as error:
        raise SearchError("The search could not be done. Try again.", detail=error.for_operators) from error
    except Exception as error:  # whatever the code of others raises
        raise SearchError(
            "The search could not be done. Try again.", detail=f"the search raised {type(error).__name__}: {error}"
        ) from error
