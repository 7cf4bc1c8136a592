"""Keep an index over the words of chats in SQLite, and search it.

A transaction that stores a text only notes that it is to be indexed: many together cost a fraction of each alone.
A search takes in what was noted before it looks.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence

import msgspec

from hubbub.connections.sqlite import Connection, Sqlite, load_sql
from hubbub.core.errors import StoreError
from hubbub.core.lasting import Lasting
from hubbub.history.base import Place
from hubbub.history.words import LONGEST, match_of, owner_word, spaced

logger = logging.getLogger(__name__)

_SQL = load_sql("hubbub.history", "history.sql")

AT_ONCE = 200
"""So many texts are taken in in one transaction, or fewer long ones."""
SHORT = 1_000
GATHER_SECONDS = 5.0
MOST_ROUNDS = 6
"""So many transactions a search waits for. Only what was there before the index was takes more."""
_LAST = 2**62


def note(connection: Connection, *keys: str) -> None:
    """Note that texts are to be found, or found anew: a message's, or a chat's title, whose `key` is the chat's id.

    Part of the transaction that stores the texts.
    """
    for key in keys:
        connection.all(_SQL["note"], (key,))


def note_answers(connection: Connection, answers: Sequence[tuple[str, str]]) -> None:
    """Note the texts of answers that have ended, by their ids; of those alone that stand in chats."""
    is_kept_here = _has_answers(connection)
    for answer_id, text in answers:
        if text:
            # To find a short one again in what is kept of its answer would cost more than to keep it here for a moment.
            connection.all(_SQL["note_message"], (None if is_kept_here and len(text) > SHORT else text, answer_id))


class _Answers:
    """Whether answers are kept in this file, as far as is known."""

    are_here = False


def _has_answers(connection: Connection) -> bool:
    known = connection.known(_Answers)
    known.are_here = known.are_here or connection.one(_SQL["has_answers"]) is not None
    return known.are_here


class ChatIndex:
    """Takes in what was noted, now and then and before each search. It works while it is entered."""

    def __init__(self, database: Sqlite) -> None:
        self._database = database
        self._noted = asyncio.Event()
        self._noted.set()  # an earlier run may have left something
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to take in what is noted."""
        self._task = asyncio.create_task(self._keep_taking_in(), name="index over chats")

    async def stop(self) -> None:
        """End. What is still noted is taken in by the next search, or after the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def wake(self) -> None:
        """Say that a text is being noted."""
        self._noted.set()

    async def find(self, owner_id: str, words: Sequence[str], limit: int, before: int | None) -> list[Place]:
        """Return places where all words stand, the newest first.

        Raises:
            StoreError: the database can't be read.
        """
        if not words:
            return []
        rounds = 0
        while rounds < MOST_ROUNDS and await self._database.read(Connection.one, _SQL["has_noted"]):
            try:
                await self._database.write(_take_in)
            except StoreError as error:  # reading goes on where nothing can be written
                logger.warning("what was said last in chats is not found by its words: %s", error.for_operators)
                break
            rounds += 1
        return await self._database.read(_find, owner_id, words, limit, before)

    async def _keep_taking_in(self) -> None:
        waits = Lasting(logger)
        while True:
            await self._noted.wait()
            self._noted.clear()
            try:
                while await self._database.write(_take_in):
                    pass
                waits.over()
            except StoreError as error:
                waits.met("chats are not indexed for their words until something is stored again", error.for_operators)
            await asyncio.sleep(GATHER_SECONDS)


def _find(connection: Connection, owner_id: str, words: Sequence[str], limit: int, before: int | None) -> list[Place]:
    values = (match_of(owner_id, words), owner_id, _LAST if before is None else before, limit)
    return [
        Place(row, chat_id, None if key == chat_id else key)
        for row, key, chat_id in connection.all(_SQL["find"], values)
    ]


def _take_in(connection: Connection) -> bool:
    """Index some of what was noted; return whether there may be more."""
    noted = connection.all(_SQL["noted"], (AT_ONCE,))
    if not noted:
        return False
    has_answers = _has_answers(connection)
    texts: dict[str, tuple[str, str, str]] = {}  # one may have been noted twice
    characters, last = 0, 0
    for place, key, given, chat_id, role, said, title, owner_id in noted:
        last = place
        text = title if role is None else given or said
        if role == "assistant" and given is None and has_answers and (found := connection.one(_SQL["said"], (key,))):
            text = found[0]
        if not text or owner_id is None:
            continue  # it was deleted
        texts[key] = (chat_id, owner_id, spaced(text))
        characters += len(text)
        if characters >= LONGEST:
            break
    _index(connection, texts)
    connection.all(_SQL["taken_in"], (last,))
    return len(noted) == AT_ONCE or last != noted[-1][0]


def _index(connection: Connection, texts: Mapping[str, tuple[str, str, str]]) -> None:
    """Put the words of texts in place of those that they had. With each: its chat, and whose it is."""
    rows = dict(connection.all(_SQL["rows_of"], (msgspec.json.encode(list(texts)).decode(),)))
    connection.many(_SQL["delete_words"], [(key,) for key in rows])
    (last_row,) = connection.all(_SQL["last_row"])[0]
    new = {key: row for row, key in enumerate((key for key in texts if key not in rows), last_row + 1)}
    connection.many(_SQL["searched"], [(row, key, *texts[key][:2]) for key, row in new.items()])
    rows |= new
    connection.many(_SQL["add_words"], [(rows[key], owner_word(who), text) for key, (_, who, text) in texts.items()])
