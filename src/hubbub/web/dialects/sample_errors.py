"""Tell an error in the form of the Azure samples: `{"error": …}`, with a status or as the last line of a stream."""

from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.responses import Response

from hubbub.core.errors import STATUSES, HubbubError, Overloaded, Unsupported
from hubbub.core.events import Done, Event, Failed, Stopped
from hubbub.web.bodies import Json, headers_of, sends

NOT_JSON = "request must be json"
"""What the samples say to any body that is no JSON; their clients compare it."""
FILTERED = "Your message contains content that was flagged by the OpenAI content filter."
TOO_LONG = (
    "Your message exceeded the context length limit for this OpenAI model. "
    "Please shorten your message or change your settings to retrieve fewer search results."
)
"""These two are the samples' words as well."""
STOPPED = "The answer was stopped before it was complete."
RETRY_SECONDS = 5.0

_WORDS = {"content_filter": FILTERED, "context_too_long": TOO_LONG}
_TOLD = ("content_filter", "context_too_long", "not_found", "internal")
"""The failures whose status the samples tell; all others are 500, or 503 where asking again may help."""


class SampleError(msgspec.Struct, frozen=True):
    """What went wrong, fit for a person; `code` is ours and stable."""

    error: str
    code: str


FAULTS: dict[int | str, dict[str, Any]] = {"default": sends(SampleError, description="What went wrong")[200]}
"""For the `responses` of routes whose clients are those of the samples, for OpenAPI."""


def in_words(code: str, message: str) -> SampleError:
    """Return an error of this code in the samples' words, where they have some for it."""
    return SampleError(_WORDS.get(code, message), code)


def sample_error(error: HubbubError) -> Response:
    """Return the response that tells an error to a client of the samples."""
    text = NOT_JSON if isinstance(error, Unsupported) else error.message
    return Json(SampleError(text, error.code), status_code=error.status, headers=headers_of(error))


def sample_failure(failed: Failed) -> Response:
    """Return the response to a request whose answer failed before it said anything."""
    content = in_words(failed.code, failed.message)
    if failed.is_retryable and failed.code not in _TOLD:
        wait = RETRY_SECONDS if failed.retry_after_seconds is None else failed.retry_after_seconds
        return sample_error(Overloaded(content.error, retry_after_seconds=wait, code=content.code))
    return Json(content, status_code=_status_of(failed.code))


def fault_of(ending: Event) -> SampleError | None:
    """Return what has to be told of an ending; None where the answer is complete, or where it is none."""
    match ending:
        case Done(finish_reason="content_filter"):
            return in_words("content_filter", "")
        case Failed(code=code, message=message):
            return in_words(code, message)
        case Stopped():
            return SampleError(STOPPED, "stopped")
        case _:
            return None


def refusal_of(events: Sequence[Event]) -> Response | None:
    """Return the response that tells why these events make no whole answer; None where they make one."""
    ending = events[-1]
    if isinstance(ending, Failed):
        return sample_failure(ending)
    fault = fault_of(ending)
    return None if fault is None else Json(fault, status_code=_status_of(fault.code))


def _status_of(code: str) -> int:
    return STATUSES[code] if code in _TOLD else 500
