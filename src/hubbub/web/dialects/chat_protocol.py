"""The AI Chat Protocol as the chat and search sample has spoken it since April 2026."""

from collections.abc import Sequence

import msgspec
from starlette.responses import Response

from hubbub.core.events import Event
from hubbub.web.bodies import Json
from hubbub.web.dialects.context_stream import ContextStream
from hubbub.web.dialects.sample_errors import refusal_of
from hubbub.web.dialects.thoughts import Context, Plan, Telling, text_of


class Beside(msgspec.Struct, frozen=True, tag_field="type", tag="response.context"):
    """What stands beside the text, so far."""

    context: Context
    session_state: object


class Whole(msgspec.Struct, frozen=True):
    """A whole answer."""

    output_text: str
    context: Context
    session_state: object


def stream(plan: Plan, session_state: object) -> ContextStream:
    """Return the dialect of a stream: `response.context` and `response.output_text.delta`."""
    return ContextStream(
        plan,
        before=b'{"type":"response.output_text.delta","delta":',
        after=b"}",
        beside=lambda context: Beside(context, session_state),
    )


def whole(plan: Plan, session_state: object, events: Sequence[Event]) -> Response:
    """Return the answer that these events make, or why there is none."""
    if (refusal := refusal_of(events)) is not None:
        return refusal
    telling = Telling(plan)
    text = text_of(telling, events)
    return Json(Whole(text, telling.context(has_follow_ups=True), session_state))
