"""How an answer's events are sent: whatever has come already is not looked for a second time."""

import asyncio
from collections.abc import Collection, Sequence

from starlette.responses import Response
from starlette.types import Message

from hubbub.answers.base import Found, Record
from hubbub.answers.log import Log
from hubbub.answers.memory import MemoryAnswers
from hubbub.core.events import Done, Text
from hubbub.web.dialects import simple_chat
from hubbub.web.streams import EventStream, WholeReply, events_of


class Watched(MemoryAnswers):
    """Answers in memory, which notes what is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    async def find(self, answer_ids: Collection[str]) -> list[Found]:
        self.asked.append("find")
        return await super().find(answer_ids)

    async def read(self, answer_id: str, after: int = 0, *, limit: int = 1000) -> list[Record]:
        self.asked.append(f"read after {after}")
        return await super().read(answer_id, after, limit=limit)


async def sent(stream: Response) -> Sequence[Message]:
    messages: list[Message] = []

    async def receive() -> Message:
        await there.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        messages.append(message)

    there = asyncio.Event()
    await stream({"type": "http"}, receive, send)
    return messages


async def test_an_answer_that_is_all_there_is_looked_for_once() -> None:
    store = Watched()
    async with Log(store) as log:
        await log.open("one", "ann")
        log.append("one", Text("Yes."))
        await log.end("one", Done("stop"))
    async with Log(store) as log:  # another worker, or this one later
        store.asked.clear()
        messages = await sent(EventStream(log, "one", simple_chat.deltas(), refuse=lambda _: Response(status_code=500)))
    body = b"".join(message.get("body", b"") for message in messages)
    assert b'"content":"Yes."' in body
    assert messages[-1]["more_body"] is False
    assert store.asked == ["find", "read after 0"]


async def test_a_whole_reply_has_all_that_was_stored_in_order_and_nothing_twice() -> None:
    """Short pieces are pushed to it; what is longer than is pushed at once it fetches."""
    told: list[Record] = []

    def render(records: Sequence[Record]) -> Response:
        told.extend(records)
        return Response("".join(event.text for event in events_of(records) if isinstance(event, Text)))

    async with Log(Watched()) as log:
        await log.open("one", "ann")
        replying = asyncio.create_task(sent(WholeReply(log, "one", render)))
        said: list[str] = []
        for number in range(12):
            piece = f"{number} " * (1 if number % 4 else 12_000)
            said.append(piece)
            log.append("one", Text(piece))
            while (await log.reach("one"))[0] < len(said):
                await asyncio.sleep(0.001)
        await log.end("one", Done("stop"))
        messages = await replying
    assert b"".join(message.get("body", b"") for message in messages).decode() == "".join(said)
    assert [record.number for record in told] == list(range(1, len(told) + 1))
