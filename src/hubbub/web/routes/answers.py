"""Answers: read them, follow their events, stop them."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from hubbub.core.answer import Answer
from hubbub.core.errors import Malformed
from hubbub.web.asker import App, Asker, application_of, person_of
from hubbub.web.bodies import Json, sends
from hubbub.web.dialects.hubbub import HubbubEvents
from hubbub.web.quick import QuickRoute
from hubbub.web.streams import EventStream

router = APIRouter(prefix="/api/answers", tags=["answers"])
quick = APIRouter(prefix="/api/answers", tags=["answers"], route_class=QuickRoute)

_ANSWER_ID = {"name": "answer_id", "in": "path", "required": True, "schema": {"type": "string"}}
_AFTER = {
    "name": "after",
    "in": "query",
    "description": "Begin behind the event of this number",
    "schema": {"type": "integer", "minimum": 0},
}
_LAST_EVENT_ID = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "The same; sent by browsers that come again",
    "schema": {"type": "integer", "minimum": 0},
}


@router.get("/{answer_id}", responses=sends(Answer))
async def show_answer(answer_id: str, app: App, person: Asker) -> Response:
    """Show what an answer is now; `number` is that of the last event in it."""
    return Json(await app.answers.show(person, answer_id))


@quick.get(
    "/{answer_id}/events",
    response_class=Response,
    openapi_extra={"parameters": [_ANSWER_ID, _AFTER, _LAST_EVENT_ID]},
    responses={
        200: {"description": "The events as they come, until the ending", "content": {"text/event-stream": {}}},
        204: {"description": "The answer has ended and there is nothing after this number"},
    },
)
async def follow_answer(request: Request) -> Response:
    """Follow an answer's events from any number on, as often as you like. Leaving does not stop it."""
    app, person, answer_id = application_of(request), await person_of(request), str(request.path_params["answer_id"])
    await app.answers.check(person, answer_id)
    last_event_id = request.headers.get("last-event-id")
    number = _number(last_event_id if last_event_id is not None else request.query_params.get("after"))
    last, is_open = await app.log.reach(answer_id, number)
    if number > last:
        raise Malformed(f"The answer has {last} events so far; there is nothing to follow after {number}.")
    if not is_open and number == last:
        return Response(status_code=204)
    return EventStream(app.log, answer_id, HubbubEvents(), number)


@router.post("/{answer_id}/stop", status_code=202, responses=sends(Answer, 202))
async def stop_answer(answer_id: str, app: App, person: Asker) -> Response:
    """Stop an answer; what it said so far stays. Nothing happens to one that has ended."""
    await app.answers.stop(person, answer_id)
    return Json(await app.answers.show(person, answer_id), status_code=202)


def _number(text: str | None) -> int:
    if text is None or text == "":
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Malformed("The number of an event is a whole number, 0 or more.")
    return int(text)
