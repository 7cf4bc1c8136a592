"""Fill a data folder with chats, so that the page is measured as somebody sees it who has used it for years."""

import asyncio
import time
from pathlib import Path

from hubbub.answers.sqlite import SqliteAnswers
from hubbub.connections.sqlite import Sqlite
from hubbub.core.answer import Answer
from hubbub.core.identifiers import new_id
from hubbub.core.messages import Chat, Message
from hubbub.history.sqlite import SqliteHistory

AT_ONCE = 200
PARAGRAPH = "A queue keeps what waits **in order**, and `append` adds to its end. It is fair by its nature. "
TEXT = f"{PARAGRAPH * 4}\n\n- one\n- two\n\n```python\nfor item in queue:\n    print(item)\n```\n"


class Seed:
    """Puts chats of one person into a folder whose server does not run."""

    def __init__(self, history: SqliteHistory, answers: SqliteAnswers, person_id: str) -> None:
        self._history = history
        self._answers = answers
        self._person_id = person_id

    async def chat(self, title: str, messages: int, age_seconds: float = 0.0) -> str:
        """Store a chat of so many messages, questions and answers by turns; returns its id."""
        at = time.time() - age_seconds
        chat = Chat(new_id(), self._person_id, title, at, at)
        await self._history.create(chat)
        parent: str | None = None
        for number in range(messages // 2):
            question = Message(new_id(), chat.id, parent, "user", f"Question {number}?", at)
            answer = Message(new_id(), chat.id, question.id, "assistant", created_at=at, model="up")
            adding = self._history.adding([question, answer])
            await self._answers.open(answer.id, self._person_id, beside=adding)
            said = Answer(answer.id, number=3, state="done", text=TEXT, model="up", finish_reason="stop")
            await self._answers.append([], [said])
            parent = answer.id
        return chat.id


async def seed(folder: Path, person_id: str, *, chats: int, opened: int, messages: int) -> tuple[str, list[str]]:
    """Store many chats, some with a few messages and one with many; returns the ids of that one and of those."""
    async with (
        Sqlite(folder / "hubbub.db") as database,
        SqliteHistory(database) as history,
        SqliteAnswers(database) as answers,
    ):
        one = Seed(history, answers, person_id)
        for first in range(0, chats, AT_ONCE):
            more = range(first, min(first + AT_ONCE, chats))
            await asyncio.gather(*(one.chat(f"A chat of long ago, number {n}", 0, 86_400 + n * 60) for n in more))
        few = [await one.chat(f"To be opened {number}", 12, 3_600 + number) for number in range(opened)]
        return await one.chat("The long one", messages), few
