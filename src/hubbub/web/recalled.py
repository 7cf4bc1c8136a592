"""Find what a program refers to by id: a response, or the items that it was given with one."""

import re
from collections.abc import Sequence

from hubbub.app.application import Application
from hubbub.app.responses import turns_of
from hubbub.core.errors import BadParam, NotFound
from hubbub.core.events import Asked
from hubbub.core.identifiers import is_id
from hubbub.core.messages import JsonObject
from hubbub.core.people import Person
from hubbub.web.conversation_items import items_at, output_of
from hubbub.web.dialects.responses import PREFIX
from hubbub.web.dialects.responses_request import items_of

REFERENCE = "item_reference"
_ITEM = re.compile(r"[a-z]+_(?P<answer>[0-9a-z]{26})_(?:in)?[0-9]{1,9}")


async def find(app: Application, person: Person, response_id: str) -> tuple[str, Asked]:
    """Return the id of a response's answer, and what was asked.

    Raises:
        NotFound: there is none for this person, or it is not kept.
    """
    answer_id = answer_id_of(response_id)
    try:
        return answer_id, await app.responses.find(person, answer_id)
    except NotFound as error:
        raise _unknown(response_id) from error


def answer_id_of(response_id: str) -> str:
    """Return the id of the answer that a response is.

    Raises:
        NotFound: it can't be the id of any.
    """
    answer_id = response_id.removeprefix(PREFIX)
    if not (response_id.startswith(PREFIX) and is_id(answer_id)):
        raise _unknown(response_id)
    return answer_id


async def recalled(app: Application, person: Person, items: Sequence[JsonObject]) -> list[JsonObject]:
    """Return items as they were handed out where there were references to them.

    Raises:
        BadParam: there is no such item for this person, or its response is not kept.
    """
    known: dict[str, dict[str, JsonObject]] = {}
    found: list[JsonObject] = []
    for number, item in enumerate(items):
        if not _is_reference(item):
            found.append(item)
            continue
        item_id = item.get("id")
        name = _ITEM.fullmatch(item_id) if isinstance(item_id, str) else None
        if name is not None and name["answer"] not in known:
            known[name["answer"]] = await _items(app, person, name["answer"])
        one = known[name["answer"]].get(name[0]) if name is not None else None
        if one is None:
            raise BadParam(
                f"Item with id '{str(item_id)[:80]}' not found. Items are kept as long as their response, and not "
                "where store is false. Send the item itself.",
                f"input[{number}]",
                code="item_not_found",
            )
        found.append(one)
    return found


def _unknown(response_id: str) -> NotFound:
    return NotFound(f"Response with id '{response_id[:64]}' not found.")


def _is_reference(item: JsonObject) -> bool:
    kind = item.get("type")
    return kind == REFERENCE or (kind is None and "role" not in item and "id" in item)


async def _items(app: Application, person: Person, answer_id: str) -> dict[str, JsonObject]:
    """Return all items of a response and of its input, by their ids; none where it is not there for the person."""
    try:
        asked = await app.responses.find(person, answer_id)
    except NotFound:
        return await _items_of_page(app, person, answer_id)
    items = (*items_of(answer_id, turns_of(asked)), *await output_of(app, answer_id))
    return {str(item["id"]): item for item in items}


async def _items_of_page(app: Application, person: Person, message_id: str) -> dict[str, JsonObject]:
    """Return the items of what was asked, or answered, on the page: conversations tell of them as well."""
    try:
        message = await app.access.message(person, message_id)
        await app.access.chat(person, message.chat_id)
    except NotFound:
        return {}
    return {str(item["id"]): item for item in await items_at(app, message)}
