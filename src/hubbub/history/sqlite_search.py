"""Keep an index over the words of chats in SQLite, and search it."""

import logging
from collections.abc import Sequence

from hubbub.connections.sqlite import Connection, Sqlite, load_sql
from hubbub.core.errors import StoreError
from hubbub.history.base import Place
from hubbub.history.words import match_of, owner_word, spaced

logger = logging.getLogger(__name__)

_SQL = load_sql("hubbub.history", "history.sql")

AT_ONCE = 100
"""So many texts that were there before the index are taken in in one transaction."""
_LAST = 2**62


def index(connection: Connection, key: str, chat_id: str, owner_id: str, text: str) -> None:
    """Let a text be found: a message's, or the title of a chat, whose `key` is the chat's id. It replaces what it was.

    Part of the transaction that stores the text.
    """
    connection.all(_SQL["searched"], (key, chat_id, owner_id))
    if connection.changes() == 0:
        connection.all(_SQL["delete_words"], (key,))
    row = connection.all(_SQL["row_of"], (key,))[0][0]
    connection.all(_SQL["add_words"], (row, owner_word(owner_id), spaced(text)))


def index_answers(connection: Connection, answers: Sequence[tuple[str, str]]) -> None:
    """Let the texts of answers be found, by their ids; of those alone that stand in chats."""
    for answer_id, text in answers:
        if text and (found := connection.one(_SQL["owner_of_message"], (answer_id,))):
            chat_id, owner_id = found
            index(connection, answer_id, chat_id, owner_id, text)


def find(
    connection: Connection, owner_id: str, words: Sequence[str], limit: int, before: int | None = None
) -> list[Place]:
    """Return places where all words stand, the newest first."""
    if not words:
        return []
    values = (match_of(owner_id, words), owner_id, _LAST if before is None else before, limit)
    return [
        Place(row, chat_id, None if key == chat_id else key)
        for row, key, chat_id in connection.all(_SQL["find"], values)
    ]


async def take_in(database: Sqlite) -> None:
    """Let all be found that was there before the index was."""
    try:
        while await database.write(_take_in):
            pass
    except StoreError as error:
        logger.warning("Older chats can't be found by their words until the next start: %s", error)


def _take_in(connection: Connection) -> int:
    keys = [row[0] for row in connection.all(_SQL["unsearched"], (AT_ONCE,))]
    has_answers = connection.one(_SQL["has_answers"]) is not None
    for key in keys:
        connection.all(_SQL["taken_in"], (key,))
        if connection.one(_SQL["row_of"], (key,)) is not None:
            continue  # it was changed since
        if chat := connection.one(_SQL["chat"], (key,)):
            index(connection, key, key, chat[1], chat[2])
        elif message := connection.one(_SQL["message"], (key,)):
            said = connection.one(_SQL["said"], (key,)) if message[3] == "assistant" and has_answers else None
            text = message[4] if said is None else said[0]
            owner = connection.one(_SQL["owner_of_message"], (key,))
            if text and owner:
                index(connection, key, owner[0], owner[1], text)
    return len(keys)
