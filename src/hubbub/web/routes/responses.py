"""OpenAI's Responses: make them, come back to them, stop and delete them."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from hubbub.answers.base import Record, party_of
from hubbub.app.application import Application
from hubbub.app.responses import turns_of
from hubbub.core.errors import BadParam, NotFound
from hubbub.core.events import Failed, decode
from hubbub.core.questions import JsonObject
from hubbub.web.asker import App, Asker, application_of, person_of
from hubbub.web.bodies import Json, sends, takes
from hubbub.web.dialects.openai import FAULTS, headers_of_answer, read_body, refused
from hubbub.web.dialects.responses import ENCRYPTED, FAR, RESULTS, ResponseEvents, echo_of, response_of
from hubbub.web.dialects.responses_request import NewResponse, items_of
from hubbub.web.quick import QuickRoute
from hubbub.web.recalled import find
from hubbub.web.responding import count, respond
from hubbub.web.streams import EventStream, WholeReply

router = APIRouter(prefix="/v1/responses", tags=["OpenAI"], responses=FAULTS)
quick = APIRouter(prefix="/v1/responses", tags=["OpenAI"], responses=FAULTS, route_class=QuickRoute)

ITEMS = 20
MOST_ITEMS = 100
SLICE = 2000
"""So many records are looked through at once: about 2 ms."""

_Order: TypeAlias = Literal["asc", "desc"]
_NUMBER = re.compile(r"[0-9]{1,18}")
_RESPONSE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The response; with `stream` its events as they come, as `text/event-stream`",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


def _included(
    plain: Annotated[list[str] | None, Query(alias="include")] = None,
    bracketed: Annotated[
        list[str] | None, Query(alias="include[]", description=f"What is told besides: {RESULTS}, {ENCRYPTED}")
    ] = None,
) -> frozenset[str]:
    """Return what a reader wants to be told besides; OpenAI's own clients write lists with brackets."""
    return frozenset((*(plain or ()), *(bracketed or ())))


Included: TypeAlias = Annotated[frozenset[str], Depends(_included)]


class Items(msgspec.Struct):
    """A part of the items that a response was made from."""

    object: str
    data: list[dict[str, Any]]
    first_id: str | None
    last_id: str | None
    has_more: bool


class Deleted(msgspec.Struct):
    """That a response is there no more."""

    id: str
    object: str = "response"
    deleted: bool = True


class InputTokens(msgspec.Struct):
    """About how many tokens a model would be given to read."""

    input_tokens: int
    object: str = "response.input_tokens"


@quick.post("", response_class=Response, openapi_extra=takes(NewResponse), responses=_RESPONSE)
async def create_response(request: Request) -> Response:
    """Ask for a response: all at once, as a stream of events, or in the background."""
    app, person = application_of(request), await person_of(request)
    new = await read_body(request, NewResponse)
    answer_id, left_out = await respond(app, person, new, await request.body())
    headers = headers_of_answer(answer_id, app.runner.room_of(party_of(person)), left_out)
    if new.stream:
        # What is stored begins at once with its id, by which it can be come back to; what is not can still be refused.
        refuse = refused if new.store is False else None
        events = EventStream(app.log, answer_id, ResponseEvents(answer_id), refuse=refuse)
        events.headers.update(headers)
        return events
    if new.background:
        return Json(await _acknowledged(app, answer_id), headers=headers)
    return WholeReply(app.log, answer_id, lambda records: _whole(answer_id, records, headers))


@quick.post("/input_tokens", openapi_extra=takes(NewResponse), responses=sends(InputTokens))
async def count_input_tokens(request: Request) -> Response:
    """Estimate how many tokens a response would give its model to read. The body is that of a response; none is made.

    Passages that a search would find are counted at a usual length.
    """
    app, person = application_of(request), await person_of(request)
    new = await read_body(request, NewResponse)
    return Json(InputTokens(await count(app, person, new, await request.body())))


@router.get("/{response_id}", response_class=Response, responses=_RESPONSE)
async def show_response(
    response_id: str,
    app: App,
    person: Asker,
    include: Included,
    stream: bool = False,
    starting_after: Annotated[
        str | None, Query(description="With `stream`: begin behind the event of this sequence number")
    ] = None,
) -> Response:
    """Show what a response is now, or follow its events from any number on, as often as you like."""
    answer_id, _ = await find(app, person, response_id)
    after = _starting_after(starting_after)
    events = await _replayed(app, answer_id, include)
    if not stream:
        return Json(events.response())
    if after >= events.next_number:
        message = f"starting_after is {after}; the last event so far has the number {events.next_number - 1}."
        raise BadParam(message, "starting_after", code="invalid_starting_after")
    return EventStream(app.log, answer_id, ResponseEvents(answer_id, after, include))


@router.post("/{response_id}/cancel", response_class=Response, responses=_RESPONSE)
async def cancel_response(response_id: str, app: App, person: Asker) -> Response:
    """Stop a response that is made in the background; what it said so far stays. One that has ended stays as it is."""
    answer_id, asked = await find(app, person, response_id)
    if not echo_of(asked).background:
        raise BadParam("Cannot cancel a synchronous response.", "response_id", code="not_in_background")
    await app.runner.stop(answer_id)
    return Json((await _replayed(app, answer_id)).response())


@router.delete("/{response_id}", responses=sends(Deleted))
async def delete_response(response_id: str, app: App, person: Asker) -> Response:
    """Delete a response. If it is being made it is stopped; those that went on with it stay."""
    answer_id, _ = await find(app, person, response_id)
    await app.runner.stop(answer_id, reason="deleted")
    await app.log.forget([answer_id])
    return Json(Deleted(response_id))


@router.get("/{response_id}/input_items", responses=sends(Items))
async def list_input_items(
    response_id: str,
    app: App,
    person: Asker,
    order: _Order = "desc",
    limit: Annotated[int, Query(ge=1, le=MOST_ITEMS)] = ITEMS,
    after: str | None = None,
) -> Response:
    """List what a response was made from, with what was said before, the last first unless asked otherwise."""
    answer_id, asked = await find(app, person, response_id)
    return Json(page_of(items_of(answer_id, turns_of(asked)), order, limit, after))


def page_of(items: list[JsonObject], order: _Order, limit: int, after: str | None) -> Items:
    """Return a part of items, which are given in the order in which they were said.

    Raises:
        BadParam: there is no item of the id that it is to come after.
    """
    if order == "desc":
        items = items[::-1]
    if after is not None:
        places = [place for place, item in enumerate(items) if item["id"] == after]
        if not places:
            raise BadParam(f"There is no item {after[:64]!r} here.", "after")
        items = items[places[0] + 1 :]
    page = items[:limit]
    ids = [str(item["id"]) for item in page] or [None]
    return Items("list", page, ids[0], ids[-1], len(items) > limit)


async def _acknowledged(app: Application, answer_id: str) -> JsonObject:
    """Return what a response is once its first event is stored.

    Raises:
        StoreError: it can't be stored now.
    """
    async with aclosing(app.log.follow(answer_id)) as following:
        async for records in following:
            if records:
                return response_of(answer_id, records)
    raise NotFound("The response was deleted at once.")


async def _replayed(app: Application, answer_id: str, include: frozenset[str] = frozenset()) -> ResponseEvents:
    """Return all events of a response that are stored by now, none of which is sent."""
    events = ResponseEvents(answer_id, FAR, include)
    records = await app.log.records(answer_id)
    for begin in range(0, len(records), SLICE):
        events.frames(records[begin : begin + SLICE])
        await asyncio.sleep(0)  # others have their turn on the loop
    return events


def _whole(answer_id: str, records: Sequence[Record], headers: Mapping[str, str]) -> Response:
    if isinstance(failed := decode(records[-1].data), Failed):
        return refused(failed)
    return Json(response_of(answer_id, records), headers=headers)


def _starting_after(text: str | None) -> int:
    if text is None:
        return -1
    if not _NUMBER.fullmatch(text):
        raise BadParam("starting_after has to be a whole number, 0 or more.", "starting_after")
    return int(text)
