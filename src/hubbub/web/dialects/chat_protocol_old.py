"""The AI Chat Protocol as it was before April 2026, and as its client library still speaks it: lines of deltas."""

from collections.abc import Sequence

from starlette.responses import Response

from hubbub.core.events import Event
from hubbub.web.bodies import Json
from hubbub.web.dialects.context_stream import ContextStream
from hubbub.web.dialects.sample_errors import refusal_of
from hubbub.web.dialects.thoughts import Context, Plan, Telling, text_of

SESSION = "session_state"
SESSION_IN_LIBRARY = "sessionState"
"""How the client library spells it."""


def stream(plan: Plan, session_state: object, session_names: Sequence[str] = (SESSION,)) -> ContextStream:
    """Return the dialect of a stream; the session's state stands under each of the names."""
    session = dict.fromkeys(session_names, session_state)

    def beside(context: Context) -> object:
        return {"delta": {"role": "assistant"}, "context": context, **session}

    return ContextStream(plan, before=b'{"delta":{"content":', after=b',"role":"assistant"}}', beside=beside)


def whole(plan: Plan, session_state: object, session_names: Sequence[str], events: Sequence[Event]) -> Response:
    """Return the answer that these events make, or why there is none."""
    if (refusal := refusal_of(events)) is not None:
        return refusal
    telling = Telling(plan)
    message = {"content": text_of(telling, events), "role": "assistant"}
    context = telling.context(has_follow_ups=True)
    return Json({"message": message, "context": context, **dict.fromkeys(session_names, session_state)})
