"""Answer programs that speak wire formats of somebody's own."""

from collections.abc import Awaitable, Callable, Mapping

import msgspec
from fastapi import APIRouter, Request
from msgspec.structs import replace
from starlette.responses import Response

from hubbub.core.errors import Malformed, SettingsError
from hubbub.web.asker import application_of, person_of
from hubbub.web.dialects.base import WireFormat
from hubbub.web.policies import OWN, POLICIES
from hubbub.web.quick import QuickRoute
from hubbub.web.streams import EventStream

KEEP_SECONDS = 15 * 60.0
"""Longer than any answer takes; then its log is forgotten."""


def router_of(formats: Mapping[str, WireFormat]) -> APIRouter:
    """Return a route for each of these formats. Who may call it and which scope a key needs is as with `/chat`.

    Raises:
        SettingsError: one has a path that is none, or that is taken.
    """
    router = APIRouter(tags=[OWN], route_class=QuickRoute)
    taken = {route.partition(" ")[2] for route in POLICIES}
    for name, one in formats.items():
        if not one.path.startswith("/") or set(one.path) & set("{}?# ") or one.path in taken or one.path == "/":
            raise SettingsError([f"backends.dialects.{name}: the path {one.path!r} can't be used, or is taken already"])
        taken.add(one.path)
        summary = f"Ask in the format {name}"
        router.add_api_route(one.path, _answering(one), methods=["POST"], response_class=Response, summary=summary)
    return router


def _answering(one: WireFormat) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        """Answer a question in a format of somebody's own."""
        app, person = application_of(request), await person_of(request)
        body = await request.body()
        try:
            question = one.read(body)
        except (ValueError, msgspec.MsgspecError) as error:
            raise Malformed(f"The body can't be read: {error}.") from error
        ids = await app.collections.ids(person, question.collection_ids)
        question = replace(question, collection_ids=ids)
        answer_id = await app.questions.ask(person, question, grace_seconds=0, keep_seconds=KEEP_SECONDS)
        return EventStream(app.log, answer_id, one.reply(question, answer_id))

    return answer
