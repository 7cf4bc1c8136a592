"""Add documents by URL for people who may."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from typing import Literal, TypeAlias

from hubbub.app.documents import Documents
from hubbub.connections.guarded import Guarded
from hubbub.core.documents import Document
from hubbub.core.errors import NotAllowed, TooBusy
from hubbub.core.people import Person
from hubbub.core.reasons import because
from hubbub.ingest.urls import document_name, document_pieces

Fetchers: TypeAlias = Literal["nobody", "operators", "signed-in", "everybody"]
"""Who may add documents by URL."""

AT_ONCE = 8
AT_ONCE_EACH = 2
BUSY_SECONDS = 5.0


class ByUrl:
    """Fetches documents into the collections that people may write to."""

    def __init__(self, fetcher: Guarded, fetchers: Fetchers, most_bytes: int) -> None:
        """Take what fetches, who may, and how large a document may be."""
        self._fetcher = fetcher
        self._fetchers = fetchers
        self._most_bytes = most_bytes
        self._running: Counter[str] = Counter()

    def may_add(self, person: Person) -> bool:
        """Tell whether a person may add documents by URL at all."""
        if self._fetchers == "signed-in":
            return person.is_operator or person.known_by in ("account", "key")
        return self._fetchers == "everybody" or (self._fetchers == "operators" and person.is_operator)

    async def add(
        self, documents: Documents, person: Person, collection_id: str, url: str, *, payer: str = ""
    ) -> Document:
        """Fetch a document and add it, or replace the one that has its name.

        Raises:
            NotAllowed: the person may not, or the URL leads where nothing is fetched from.
            TooBusy: too much is being fetched, by them or in all.
            Invalid, NotFound, Unsupported, TooLarge: it can't be fetched, or not be read.
            StoreFull: the disk is full, or nearly.
        """
        await documents.check_may_add(person, collection_id)
        if not self.may_add(person):
            raise NotAllowed(because("urls_not_allowed"))
        with self._place(payer or person.id):
            async with self._fetcher.get(url) as arrived:
                name = document_name(arrived)
                pieces = document_pieces(arrived, self._most_bytes)
                return await documents.add(person, collection_id, name, pieces, payer=payer)

    @contextmanager
    def _place(self, payer: str) -> Generator[None]:
        if self._running[payer] >= AT_ONCE_EACH or self._running.total() >= AT_ONCE:
            raise TooBusy(because("urls_busy"), retry_after_seconds=BUSY_SECONDS)
        self._running[payer] += 1
        try:
            yield
        finally:
            self._running -= Counter([payer])
