"""Find what a program refers to by id: a response, or the items that it was given with one."""

import re
from collections.abc import Sequence

import msgspec

from hubbub.app.application import Application
from hubbub.app.responses import turns_of
from hubbub.core.errors import BadParam, NotFound
from hubbub.core.events import Asked
from hubbub.core.identifiers import is_id
from hubbub.core.messages import JsonObject
from hubbub.core.people import Person
from hubbub.web.dialects.responses import PREFIX, response_of
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
        return {}
    response = response_of(answer_id, await app.log.records(answer_id))
    output = msgspec.json.decode(msgspec.json.encode(response["output"]), type=list[dict[str, object]])
    return {str(item["id"]): item for item in (*items_of(answer_id, turns_of(asked)), *output)}
