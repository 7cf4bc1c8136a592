"""Keep answers that programs come back to, and go on from them."""

from collections.abc import Sequence

import msgspec

from hubbub.answers.log import Log
from hubbub.app.access import Access
from hubbub.app.limits import RequestLimits
from hubbub.app.messages import THOUGHT, check_sizes
from hubbub.app.questions import Questions
from hubbub.conversation.tokens import estimate_tokens
from hubbub.core.answer import attached_of, fold
from hubbub.core.errors import Conflict, NotFound, TooLarge
from hubbub.core.events import Asked, Event, decode
from hubbub.core.messages import Message, Turn
from hubbub.core.people import Person
from hubbub.core.questions import Generation, JsonObject, Question
from hubbub.models.base import ModelCard

UNKEPT_SECONDS = 600.0
"""How long a response is kept that is not to be stored: as long as somebody may still be reading it."""


class Kept(msgspec.Struct, frozen=True):
    """What matters here of all that is kept with a question."""

    store: bool = False
    """Whether it can be come back to."""
    instructions: str | None = None
    """What held for this response alone."""


class Responses:
    """Answers that are kept for programs, which may come back to them and go on from them."""

    def __init__(self, access: Access, questions: Questions, log: Log, limits: RequestLimits) -> None:
        self._access = access
        self._questions = questions
        self._log = log
        self._limits = limits

    async def ask(
        self,
        person: Person,
        question: Question,
        *,
        is_kept: bool,
        is_told: bool,
        echo: JsonObject,
        within: tuple[Message, Message] | None = None,
    ) -> str:
        """Start a response and return the id of its answer.

        It stops when its reader leaves, unless it is kept and the reader is told its id, to come again.

        Raises:
            HubbubError: as `Questions.ask` does.
        """
        return await self._questions.ask(
            person,
            question,
            grace_seconds=None if is_kept and is_told else 0.0,
            keep_seconds=self._limits.kept_seconds if is_kept else UNKEPT_SECONDS,
            echo=echo,
            within=within,
        )

    async def find(self, person: Person, answer_id: str) -> Asked:
        """Return what was asked for a response.

        Raises:
            NotFound: there is none for this person, or it is not kept.
        """
        await self._access.check_answer(person, answer_id)
        asked = await self._log.first(answer_id)
        if not isinstance(asked, Asked) or not kept_with(asked).store:
            raise NotFound("There is no such response.")
        return asked

    async def said_until(self, person: Person, answer_id: str) -> tuple[Turn, ...]:
        """Return what was said up to a response, and in it.

        Raises:
            NotFound: as `find` does.
            Conflict: it is not complete yet.
        """
        asked = await self.find(person, answer_id)
        if (await self._log.reach(answer_id))[1]:
            raise Conflict("The response is not complete yet. Go on when it is.")
        records = await self._log.records(answer_id)
        return (*turns_of(asked), *_said(answer_id, [decode(record.data) for record in records]))

    def check_length(self, turns: Sequence[Turn]) -> None:
        """Check that a conversation is not too long.

        Raises:
            TooLarge: it is.
        """
        limits = self._limits
        if len(turns) > limits.chat_messages:
            raise TooLarge(f"This conversation has {len(turns):,} turns; {limits.chat_messages:,} is the limit.")
        check_sizes(turns, body_bytes=limits.body_bytes, picture_bytes=limits.picture_bytes)


def kept_with(asked: Asked) -> Kept:
    """Return what was kept with a question."""
    return msgspec.convert(asked.echo, Kept)


def turns_of(asked: Asked) -> tuple[Turn, ...]:
    """Return what was said up to the response, without the instructions, which hold for it alone."""
    question, instructions = asked.question, kept_with(asked).instructions
    if question.is_verbatim:
        return question.turns[1:] if instructions else question.turns
    told = question.instructions.text if question.instructions else ""
    told = told.removeprefix(instructions or "").lstrip("\n")
    system = (Turn("system", told),) if told else ()
    return (*system, *question.turns, Turn("user", question.text), *question.since)


def _said(answer_id: str, events: Sequence[Event]) -> tuple[Turn, ...]:
    """Return what an answer says, with what the model's server wants back with it."""
    answer = fold(answer_id, events)
    calls = answer.calls if answer.state == "done" else ()  # else the last one may be cut off
    extra = attached_of(events)
    if answer.reasoning and calls:
        extra[THOUGHT] = answer.reasoning
    return (Turn("assistant", answer.text, calls=calls, extra=extra),) if answer.text or calls else ()


def shortened(turns: tuple[Turn, ...], card: ModelCard, how: Generation, instructions: str) -> tuple[Turn, ...]:
    """Return as many of the last turns as the model can read, from a user's on; the system's all stay."""
    expected = min(how.max_tokens or card.context_tokens // 4, card.context_tokens // 2)
    left = card.context_tokens - expected - estimate_tokens(instructions)
    left -= sum(estimate_tokens(turn.text) for turn in turns if turn.role == "system")
    begin = len(turns)
    for place in range(len(turns) - 1, -1, -1):
        if left < 0 and begin < len(turns):
            break
        turn = turns[place]
        if turn.role != "system":
            left -= estimate_tokens(turn.text) + sum(estimate_tokens(call.arguments) for call in turn.calls)
        if turn.role == "user" and (left >= 0 or begin == len(turns)):
            begin = place
    if begin == len(turns):
        return turns
    return (*(turn for turn in turns[:begin] if turn.role == "system"), *turns[begin:])
