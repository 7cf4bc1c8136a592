"""Say how a question is answered once more, and begin what a request asks for only once."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import msgspec

from hubbub.app.locks import Locks
from hubbub.core.errors import Conflict, Invalid
from hubbub.core.identifiers import is_id, new_id
from hubbub.core.messages import Message
from hubbub.history.base import History

T = TypeVar("T")


class Again(msgspec.Struct, frozen=True):
    """How a question is answered once more. What is None is as it was."""

    model: str | None = None
    collection_ids: Sequence[str] | None = None
    grace_seconds: float | None = None
    max_tokens: int | None = None
    continues: str | None = None
    """An earlier answer that was cut off: the new one begins with its text, and goes on."""
    is_thorough: bool | None = None
    """Whether it is searched for in several steps."""
    beside: str | None = None
    """The answer that this one stands beside, for the person to keep one of them."""


AS_BEFORE = Again()


async def once(
    locks: Locks,
    history: History,
    message_id: str | None,
    begin: Callable[[str], Awaitable[T]],
    known: Callable[[Message], Awaitable[T]],
    *,
    name: str,
) -> T:
    """Begin what stores a message, under its asker's id or a new one; `known` returns what the id began before.

    Raises:
        Invalid: the id has not the form of one; `name` is what the asker calls it.
    """
    if message_id is None:
        return await begin(new_id())
    if not is_id(message_id):
        raise Invalid(f"{name} has to be 26 characters of Crockford's base 32 in lower case, like a ULID.")
    async with locks.of(message_id):
        if (stored := await history.message(message_id)) is not None:
            return await known(stored)
        try:
            return await begin(message_id)
        except Conflict:  # another worker was faster
            if (stored := await history.message(message_id)) is None:
                raise
            return await known(stored)
