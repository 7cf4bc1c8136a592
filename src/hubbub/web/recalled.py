"""Find what a program refers to: a response, what was said up to it, and the items that it was given."""

import re
from collections.abc import Sequence

import msgspec

from hubbub.core.answer import attached_of, fold
from hubbub.core.errors import NotFound
from hubbub.core.events import Asked, decode
from hubbub.core.identifiers import is_id
from hubbub.core.messages import JsonObject, Turn
from hubbub.core.people import Person
from hubbub.web.access import check_answer
from hubbub.web.dialects.openai import BadParam
from hubbub.web.dialects.responses import PREFIX, echo_of, response_of
from hubbub.web.dialects.responses_opaque import THOUGHT
from hubbub.web.dialects.responses_request import items_of
from hubbub.web.services import Services

PREVIOUS = "previous_response_id"
REFERENCE = "item_reference"
_ITEM = re.compile(r"[a-z]+_(?P<answer>[0-9a-z]{26})_(?:in)?[0-9]{1,9}")


async def find(services: Services, person: Person, response_id: str) -> tuple[str, Asked]:
    """Return the id of a response's answer, and what was asked.

    Raises:
        NotFound: there is none for this person, or it is not kept.
    """
    answer_id = response_id.removeprefix(PREFIX)
    unknown = NotFound(f"Response with id '{response_id[:64]}' not found.")
    if not (response_id.startswith(PREFIX) and is_id(answer_id)):
        raise unknown
    try:
        await check_answer(services, person, answer_id)
    except NotFound as error:
        raise unknown from error
    asked = await services.log.first(answer_id)
    if not isinstance(asked, Asked) or not echo_of(asked).store:
        raise unknown
    return answer_id, asked


def turns_of(asked: Asked) -> tuple[Turn, ...]:
    """Return what was said up to the response, without the instructions, which hold for it alone."""
    question, instructions = asked.question, echo_of(asked).instructions
    if question.is_verbatim:
        return question.turns[1:] if instructions else question.turns
    told = question.instructions.text if question.instructions else ""
    told = told.removeprefix(instructions or "").lstrip("\n")
    system = (Turn("system", told),) if told else ()
    return (*system, *question.turns, Turn("user", question.text), *question.since)


async def said_before(services: Services, person: Person, response_id: str | None) -> tuple[Turn, ...]:
    """Return what was said up to a response, and in it.

    Raises:
        BadParam: there is none for this person, or it is not complete yet.
    """
    if response_id is None:
        return ()
    try:
        answer_id, asked = await find(services, person, response_id)
    except NotFound as error:
        message = f"Previous response with id '{response_id[:64]}' not found."
        raise BadParam(message, PREVIOUS, code="previous_response_not_found") from error
    if (await services.log.reach(answer_id))[1]:
        message = f"The response '{response_id}' is not complete yet. Go on when it is."
        raise BadParam(message, PREVIOUS, code="previous_response_in_progress")
    events = [decode(record.data) for record in await services.log.records(answer_id)]
    answer = fold(answer_id, events)
    calls = answer.calls if answer.state == "done" else ()  # else the last one may be cut off
    if not (answer.text or calls):
        return turns_of(asked)
    extra = attached_of(events)
    if answer.reasoning and calls:
        extra[THOUGHT] = answer.reasoning
    return (*turns_of(asked), Turn("assistant", answer.text, calls=calls, extra=extra))


async def recalled(services: Services, person: Person, items: Sequence[JsonObject]) -> list[JsonObject]:
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
        item_id, where = item.get("id"), f"input[{number}]"
        name = _ITEM.fullmatch(item_id) if isinstance(item_id, str) else None
        if name is not None and name["answer"] not in known:
            known[name["answer"]] = await _items(services, person, name["answer"])
        one = known[name["answer"]].get(name[0]) if name is not None else None
        if one is None:
            raise BadParam(
                f"Item with id '{str(item_id)[:80]}' not found. Items are kept as long as their response, and not "
                "where store is false. Send the item itself.",
                where,
                code="item_not_found",
            )
        found.append(one)
    return found


def _is_reference(item: JsonObject) -> bool:
    kind = item.get("type")
    return kind == REFERENCE or (kind is None and "role" not in item and "id" in item)


async def _items(services: Services, person: Person, answer_id: str) -> dict[str, JsonObject]:
    """Return all items of a response and of its input, by their ids; none where it is not there for the person."""
    try:
        _, asked = await find(services, person, PREFIX + answer_id)
    except NotFound:
        return {}
    response = response_of(answer_id, await services.log.records(answer_id))
    output = msgspec.json.decode(msgspec.json.encode(response["output"]), type=list[dict[str, object]])
    return {str(item["id"]): item for item in (*items_of(answer_id, turns_of(asked)), *output)}
