"""List what was said in a conversation as items: by the ids that responses handed them out with."""

from collections.abc import Collection, Sequence

import msgspec

from hubbub.app.application import Application
from hubbub.app.conversations import branch_of
from hubbub.app.messages import Able
from hubbub.app.responses import kept_with, turns_of
from hubbub.core.events import Asked
from hubbub.core.messages import Chat, JsonObject, Message, Turn
from hubbub.web.dialects.responses import echo_of, response_of
from hubbub.web.dialects.responses_request import items_of, read_input


async def items_in(
    app: Application, chat: Chat, last_id: str | None, include: Collection[str] = ()
) -> list[JsonObject]:
    """Return all items up to an answer of a chat, in the order in which they were said."""
    found: list[JsonObject] = []
    for message in await branch_of(app, chat, last_id):
        found += await items_at(app, message, include)
    return found


async def items_at(app: Application, message: Message, include: Collection[str] = ()) -> list[JsonObject]:
    """Return the items that came with a message of a chat: a question that was asked on the page, or an answer.

    With the answer to a program come those that it sent.
    """
    if message.role == "user":
        return items_of(message.id, (Turn("user", message.text),)) if message.text else []
    output = await output_of(app, message.id, include)
    first = await app.log.first(message.id)
    if not isinstance(first, Asked) or not kept_with(first).store:
        return output
    turns = turns_of(first)
    before = items_of(message.id, turns[: len(turns) - echo_of(first).new_turns])
    return [*items_of(message.id, turns)[len(before) :], *output]


async def output_of(app: Application, answer_id: str, include: Collection[str] = ()) -> list[JsonObject]:
    """Return what an answer says, as the items of a response."""
    output = response_of(answer_id, await app.log.records(answer_id), include)["output"]
    return msgspec.json.decode(msgspec.json.encode(output), type=list[dict[str, object]])


def turns_in(items: Sequence[JsonObject]) -> tuple[Turn, ...]:
    """Return items that were handed out as turns again."""
    everything = Able("The conversation", reads_images=True, calls_tools=True)
    return read_input(items, everything)
