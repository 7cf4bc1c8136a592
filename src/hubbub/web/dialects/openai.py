"""Tell errors as OpenAI's API does, for all clients that are written for that."""

import re
import time
from http import HTTPStatus
from math import ceil
from typing import Any, TypeVar

import msgspec
from fastapi import Request
from starlette.responses import Response

from hubbub.core.errors import (
    STATUSES,
    BadParam,
    HubbubError,
    Invalid,
    Malformed,
    NotSignedIn,
    OverQuota,
    RefusedForNow,
    TooBusy,
)
from hubbub.core.events import Failed
from hubbub.core.identifiers import new_id
from hubbub.models.base import ModelCard
from hubbub.usage.base import Standing
from hubbub.usage.meter import told as standings
from hubbub.web.bodies import Json, headers_of, sends
from hubbub.web.dialects.unserved import is_served
from hubbub.web.quick import body_as

T = TypeVar("T")

RETRY_SECONDS = 5
"""When to come back where an answer failed for want of room, and nobody said how long."""
LEFT_OUT = "x-assistant-left-out"
"""The header that says which part of an assistant was not asked, as it is not shared with the person."""

_BOUNDS = {
    "questions": ("x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    "tokens": ("x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
}
"""By what is bounded, the names of OpenAI's headers: how much there is, how much is left, when it begins anew."""
LONGEST_WAIT_SECONDS = 60
"""OpenAI's own clients wait no longer than that, and would come back before it helps."""

_CODES = {
    "not_signed_in": "invalid_api_key",
    "too_busy": "rate_limit_exceeded",
    "model_busy": "rate_limit_exceeded",
    "no_credit": "insufficient_quota",
    "context_too_long": "context_length_exceeded",
    "method_not_allowed": "method_not_supported",
    "malformed": "invalid_request",
    "invalid": "invalid_request",
    "not_accepted": "invalid_request",
    "no_model": "model_not_found",
    "busy": "overloaded",
}
"""What OpenAI calls that for which it has a name; all else goes by our own."""
_PARAMS = {
    "model_not_found": "model",
    "no_model": "model",
    "context_too_long": "messages",
}
_PLACE = re.compile(r"(?P<what>.*?) - at (?:`key` in )?`\$\.?(?P<param>[^`]*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<param>[^`]*)`")


LABELS = (
    *("user", "metadata", "client_metadata", "store"),
    *("prompt_cache_key", "prompt_cache_retention", "safety_identifier"),
)
"""Fields by which OpenAI counts and finds requests. They change no answer."""
_raw_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Fault(msgspec.Struct, frozen=True):
    """What went wrong, in OpenAI's words."""

    message: str
    type: str
    param: str | None
    code: str | None


class Faulty(msgspec.Struct, frozen=True):
    """The body that tells a fault; in a stream, the data of its last event."""

    error: Fault


FAULTS: dict[int | str, dict[str, Any]] = {"default": sends(Faulty, description="What went wrong")[200]}
"""For the `responses` of routers whose clients are OpenAI's, for OpenAPI."""


def fault_of(error: HubbubError) -> Fault:
    """Return an error in OpenAI's words."""
    if isinstance(error, OverQuota):
        is_money = error.measure == "money"
        kind = "insufficient_quota" if is_money else "tokens" if error.measure == "tokens" else "requests"
        return Fault(error.message, kind, None, "insufficient_quota" if is_money else "rate_limit_exceeded")
    param = error.param if isinstance(error, (BadParam, Invalid)) else _PARAMS.get(error.code)
    return _fault(error.message, error.code, _status(error), param)


def fault_of_failure(failed: Failed) -> Fault:
    """Return the failure of an answer in OpenAI's words."""
    return _fault(failed.message, failed.code, status_of_failure(failed), _PARAMS.get(failed.code))


def status_of_failure(failed: Failed) -> int:
    """Return the status that tells of an answer that failed before it said anything: 503 where it may be had later."""
    return STATUSES.get(failed.code, 502 if failed.retry_after_seconds is None else 503)


def told(error: HubbubError) -> Response:
    """Return the response that tells an error."""
    status = _status(error)
    headers = _retrying(status, is_retryable=error.retryable or error.code == "internal")
    headers |= headers_of(error) | headers_of_all()
    if isinstance(error, TooBusy):
        is_of_tokens = isinstance(error, OverQuota) and error.measure == "tokens"
        _, remaining, reset = _BOUNDS["tokens" if is_of_tokens else "questions"]
        headers |= {remaining: "0", reset: in_clock(error.retry_after_seconds)}
        if error.retry_after_seconds > LONGEST_WAIT_SECONDS:
            headers["x-should-retry"] = "false"
    return Json(Faulty(fault_of(error)), status_code=status, headers=headers)


def refused(failed: Failed) -> Response:
    """Return the response that tells of an answer that failed before it said anything."""
    status = status_of_failure(failed)
    wait = RETRY_SECONDS if failed.retry_after_seconds is None else failed.retry_after_seconds
    headers = _retrying(status, is_retryable=failed.is_retryable, wait_seconds=wait) | headers_of_all()
    return Json(Faulty(fault_of_failure(failed)), status_code=status, headers=headers)


def headers_of_all() -> dict[str, str]:
    """Return what every response says that has no better name for its request."""
    return {"x-request-id": f"req_{new_id()}"}


def headers_of_answer(answer_id: str, room: tuple[int, int] | None, left_out: str = "") -> dict[str, str]:
    """Return what the response to a question says: its id, and what is left of the bounds that hold for the person.

    Where no bound on questions is set, that is how many more answers they may have open at once. What of an assistant
    was left out is said, too.
    """
    headers = {"x-request-id": f"req_{answer_id}"} | headers_of_bounds()
    if left_out:
        headers[LEFT_OUT] = left_out
    if "x-ratelimit-limit-requests" in headers:
        return headers
    if room is not None:
        limit, remaining = room
        headers["x-ratelimit-limit-requests"] = str(limit)
        headers["x-ratelimit-remaining-requests"] = str(remaining)
    return headers


def headers_of_bounds() -> dict[str, str]:
    """Return what is left, of the bound on questions and of that on tokens of which the least is left in proportion."""
    least: dict[str, tuple[float, int, Standing]] = {}
    for one in standings.get()():
        bound, end = one.bound, one.counter.end
        left = 1 - one.used / bound.most if one.used < bound.most else 0.0
        known = least.get(bound.measure)
        if known is None or (left, -end) < known[:2]:
            least[bound.measure] = (left, -end, one)
    headers: dict[str, str] = {}
    for measure, (limit, remaining, reset) in _BOUNDS.items():
        if measure in least:
            *_, one = least[measure]
            headers[limit], headers[remaining] = str(one.bound.most), str(one.remaining)
            headers[reset] = in_clock(one.counter.end - time.time())
    return headers


def in_clock(seconds: float) -> str:
    """Return a time as OpenAI's headers have it: `6m0s`, `1h0m12s`."""
    left = max(1, ceil(seconds))
    hours, minutes, rest = left // 3600, left // 60 % 60, left % 60
    return f"{hours}h{minutes}m{rest}s" if hours else f"{minutes}m{rest}s" if minutes else f"{rest}s"


async def read_body(request: Request, struct: type[T]) -> T:
    """Return a request's body, as JSON of this form; fields that the form does not know are left out.

    Raises:
        BadParam: it has another form.
    """
    try:
        return await body_as(request, struct)
    except Invalid as error:
        if missing := _MISSING.fullmatch(error.message.rstrip(".")):
            name = missing["param"]
            raise BadParam(f"{name} is missing.", name, code="missing_required_parameter") from error
        place = _PLACE.match(error.message)
        if place is None or not place["param"]:
            raise Malformed("The body has to be a JSON object.") from error
        raise BadParam(f"{place['param']}: {place['what']}.", place["param"], code="invalid_type") from error


def further_fields(body: bytes, struct: type[msgspec.Struct], card: ModelCard | None) -> dict[str, object]:
    """Return the fields of a request that are none of ours, and that go on to the model's server.

    Raises:
        BadParam: one of them does not go there, or can't be done here. Labels, which change no answer, are left out.
    """
    sent = _raw_fields.decode(body)
    known = struct.__struct_fields__
    passed = card.passes_fields if card is not None else ()
    further: dict[str, object] = {}
    for name, value in sent.items():
        if name in known or bytes(value) == b"null" or not is_served(name, value, passed):
            continue
        if name in passed or ("*" in passed and name not in LABELS):
            further[name] = msgspec.json.decode(value)
        elif name not in LABELS:
            who = f"It is not passed on to {card.name}" if card is not None else "It is passed on to nobody"
            raise BadParam(
                f"Unknown parameter: {name[:100]!r}. {who}. Leave it out, or name it in the model's pass_fields.",
                name,
                code="unknown_parameter",
            )
    return further


def _status(error: HubbubError) -> int:
    if isinstance(error, Invalid):
        return 400
    if isinstance(error, (RefusedForNow, NotSignedIn)) or error.status != HTTPStatus.BAD_GATEWAY:
        return error.status
    return STATUSES.get(error.code, error.status)  # a model says by its code what is the matter


def _fault(message: str, code: str, status: int, param: str | None) -> Fault:
    match status:
        case 429:
            kind = "requests"
        case 403:
            kind = "permission_error"
        case _:
            kind = "server_error" if status >= 500 else "invalid_request_error"
    return Fault(message, kind, param, _CODES.get(code, code))


def _retrying(status: int, *, is_retryable: bool, wait_seconds: float = RETRY_SECONDS) -> dict[str, str]:
    """Return what keeps OpenAI's own clients from asking again where that can't help, and tells others when to."""
    if status < 500 and status != HTTPStatus.TOO_MANY_REQUESTS:
        return {}
    if not is_retryable:
        return {"x-should-retry": "false"}
    return {"retry-after": str(max(1, ceil(wait_seconds)))} if status in (429, 503) else {}
