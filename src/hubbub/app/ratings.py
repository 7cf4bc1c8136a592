"""Keep what people say of answers, for them and for who runs the server."""

import time
from collections.abc import Sequence

import msgspec

from hubbub.answers.log import Log
from hubbub.app.access import Access
from hubbub.core.errors import Conflict, Invalid, NotFound
from hubbub.core.messages import Message
from hubbub.core.people import Person
from hubbub.core.reasons import because
from hubbub.history.base import History, Record, Records

RATING = "rating"
COMMENT_CHARACTERS = 4_000


class Rating(msgspec.Struct, frozen=True):
    """What a person says of an answer."""

    is_good: bool
    comment: str = ""


class RatedAnswer(msgspec.Struct, frozen=True):
    """A rating with what was rated, for who runs the server."""

    answer_id: str
    person_id: str
    rated_at: float
    is_good: bool
    comment: str
    question: str
    answer: str
    model: str
    way: str
    """"chat", "grounded" or "quotes"."""
    cited: tuple[str, ...]
    """The documents that the answer cites."""


class Ratings:
    """Ratings of answers in chats. They are deleted with the chat."""

    def __init__(self, access: Access, history: History, records: Records, log: Log) -> None:
        self._access = access
        self._history = history
        self._records = records
        self._log = log

    async def put(self, person: Person, answer_id: str, is_good: bool, comment: str = "") -> Rating:
        """Say what a person thinks of an answer, in place of what they said before.

        Raises:
            NotFound: there is no such answer in a chat of this person's.
            Conflict: it is still being written, or its chat is temporary.
            Invalid: the comment is too long.
        """
        answer = await self._answer(person, answer_id)
        if len(comment := comment.strip()) > COMMENT_CHARACTERS:
            raise Invalid(because("comment", most=COMMENT_CHARACTERS))
        chat = await self._access.chat(person, answer.chat_id)
        if chat.is_temporary:
            raise Conflict(because("chat_temporary"))
        if (await self._log.answer(answer_id)).state == "open":
            raise Conflict(because("answer_not_rated"))
        rating = Rating(is_good, comment)
        about = msgspec.json.encode(rating).decode()
        await self._records.put(Record(RATING, answer_id, chat.owner_id, chat.id, time.time(), about))
        return rating

    async def remove(self, person: Person, answer_id: str) -> None:
        """Take a rating back. Nothing happens where there is none.

        Raises:
            NotFound: there is no such answer in a chat of this person's.
        """
        await self._answer(person, answer_id)
        await self._records.delete(RATING, answer_id)

    async def of_chat(self, chat_id: str) -> dict[str, Rating]:
        """Return the ratings in a chat, by the ids of the answers."""
        return {one.id: _rating(one) for one in await self._records.of_chat(RATING, chat_id)}

    async def all(self, *, limit: int, after: tuple[float, str] | None = None) -> Sequence[RatedAnswer]:
        """Return what people said of answers, the newest first: behind one, by its time and id. For operators."""
        return await rated_answers(self._history, self._records, self._log, limit=limit, after=after)

    async def _answer(self, person: Person, answer_id: str) -> Message:
        try:
            message = await self._access.message(person, answer_id)
        except NotFound as error:
            raise NotFound("There is no such answer in a chat.") from error
        if message.role != "assistant":
            raise NotFound("There is no such answer in a chat.")
        return message


async def rated_answers(
    history: History, records: Records, log: Log, *, limit: int, after: tuple[float, str] | None = None
) -> Sequence[RatedAnswer]:
    """Return ratings with what was rated, the newest first: behind one, by its time and id."""
    listed = await records.listed(RATING, limit=limit, after=after)
    answers = await log.answers([one.id for one in listed])
    rated: list[RatedAnswer] = []
    for record in listed:
        rating, answer = _rating(record), answers.get(record.id)
        message = await history.message(record.id)
        asked = await history.message(message.parent_id) if message and message.parent_id else None
        rated.append(
            RatedAnswer(
                record.id,
                record.owner_id,
                record.updated_at,
                rating.is_good,
                rating.comment,
                "" if asked is None else asked.text,
                "" if answer is None else answer.text,
                "" if answer is None else answer.model,
                "" if answer is None else answer.way,
                () if answer is None else tuple(dict.fromkeys(one.name for one in answer.citations)),
            )
        )
    return rated


def _rating(record: Record) -> Rating:
    return msgspec.json.decode(record.about, type=Rating)
