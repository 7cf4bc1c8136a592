"""Answers: read them, follow their events, stop them."""

from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from hubbub.core.answer import Answer
from hubbub.core.errors import Malformed
from hubbub.web.access import Asker, Hub, check_answer
from hubbub.web.bodies import Json, sends
from hubbub.web.streams import EventStream

router = APIRouter(prefix="/api/answers", tags=["answers"])


@router.get("/{answer_id}", responses=sends(Answer))
async def show_answer(answer_id: str, hub: Hub, person: Asker) -> Response:
    """Show what an answer is now; `number` is that of the last event in it."""
    await check_answer(hub, person, answer_id)
    return Json(await hub.log.answer(answer_id))


@router.get(
    "/{answer_id}/events",
    response_class=Response,
    responses={
        200: {"description": "The events as they come, until the ending", "content": {"text/event-stream": {}}},
        204: {"description": "The answer has ended and there is nothing after this number"},
    },
)
async def follow_answer(
    answer_id: str,
    hub: Hub,
    person: Asker,
    after: Annotated[str | None, Query(description="Begin behind the event of this number")] = None,
    last_event_id: Annotated[str | None, Header(description="The same; sent by browsers that come again")] = None,
) -> Response:
    """Follow an answer's events from any number on, as often as you like. Leaving does not stop it."""
    await check_answer(hub, person, answer_id)
    number = _number(last_event_id if last_event_id is not None else after)
    last, is_open = await hub.log.reach(answer_id)
    if number > last:
        raise Malformed(f"The answer has {last} events so far; there is nothing to follow after {number}.")
    if not is_open and number == last:
        return Response(status_code=204)
    return EventStream(hub.log, answer_id, number)


@router.post("/{answer_id}/stop", status_code=202, responses=sends(Answer, 202))
async def stop_answer(answer_id: str, hub: Hub, person: Asker) -> Response:
    """Stop an answer; what it said so far stays. Nothing happens to one that has ended."""
    await check_answer(hub, person, answer_id)
    await hub.desk.stop(answer_id)
    return Json(await hub.log.answer(answer_id), status_code=202)


def _number(text: str | None) -> int:
    if text is None or text == "":
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Malformed("The number of an event is a whole number, 0 or more.")
    return int(text)
