"""Find what was said before a message, on its branch of a chat."""

from msgspec.structs import replace

from hubbub.answers.log import Log
from hubbub.app.sent_along import SentAlong
from hubbub.core.messages import Message, Turn
from hubbub.core.questions import Question
from hubbub.history.base import History


class Branches:
    """What was said in chats, as models are told it."""

    def __init__(self, history: History, log: Log, along: SentAlong) -> None:
        self._history = history
        self._log = log
        self._along = along

    async def until(self, chat_id: str, message_id: str) -> tuple[Turn, ...]:
        """Return what was said on the branch of a chat that ends with a message."""
        messages = {message.id: message for message in await self._history.messages(chat_id)}
        branch: list[Message] = []
        parent = messages.get(message_id)
        while parent is not None:
            branch.append(parent)
            parent = messages.get(parent.parent_id) if parent.parent_id else None
        branch.reverse()
        answers = await self._log.answers([message.id for message in branch if message.role == "assistant"])
        return tuple([turn for message in branch if (turn := await self._along.turn(message, answers)).text])

    async def asked(self, answer_id: str) -> Question | None:
        """Return the question of an answer in a chat, with what was said before; None where it is gone."""
        answer = await self._history.message(answer_id)
        stored = await self._history.message(answer.parent_id) if answer and answer.parent_id else None
        if answer is None or stored is None:
            return None
        asked = await self._along.restored(replace(stored, model=answer.model, collections=answer.collections))
        if stored.parent_id is None:
            return asked
        return replace(asked, turns=await self.until(stored.chat_id, stored.parent_id))
