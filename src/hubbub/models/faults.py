"""Find what a model server says went wrong, in any of the shapes that servers use, and name the error it amounts to."""

import html
import re
from collections.abc import Mapping, Sequence
from typing import cast

import msgspec

from hubbub.core.errors import ModelError, ModelTooLong
from hubbub.models.address import Address
from hubbub.models.incremental import marked, unmarked

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)  # the last: a million brackets
DEPTH = 6
"""How deep errors are looked for within each other; gateways wrap those of others."""
NAMED_FIELDS = 8


class Fault(msgspec.Struct, frozen=True):
    """What a server says went wrong; all None where it says nothing that can be read."""

    message: str | None = None
    type: str | None = None
    code: str | int | None = None
    params: tuple[str, ...] = ()
    """The fields of the request that are to blame, as the server names them."""
    limit_tokens: int | None = None
    sent_tokens: int | None = None
    """How much the model takes, and was sent, where fields of their own say so."""


def read_fault(body: bytes) -> Fault:
    """Return what the body of a refusal says."""
    value = _value_of(body)
    if value is None:
        return _fault_of_text(unmarked(body.decode("utf-8", "replace")))
    fault = find_fault(value, is_refusal=True) or Fault()
    return msgspec.structs.replace(fault, message=unmarked(fault.message)) if fault.message else fault


def find_fault(value: object, *, is_refusal: bool = False) -> Fault | None:
    """Return the error in a value, None where there is none.

    In a refusal any words are those of an error; elsewhere it has to be called one.
    """
    return _found(value, 0, is_error=is_refusal)


_ERRORS = ("error", "errors", "detail", "fault", "exception", "cause")
_WORDS = (
    "message",
    "msg",
    "detail",
    "error_description",
    "error_message",
    "error_msg",
    "errormessage",
    "err_msg",
    "errmsg",
    "faultstring",
    "status_msg",
    "reason",
    "title",
)
_CODES = ("code", "error_code", "err_code", "errcode", "status_code", "status", "statuscode")
_FAILURES = ("error_msg", "error_message", "errormessage", "error_description", "err_msg", "errmsg")
"""Words that stand for an error wherever they stand alone."""


def _found(value: object, depth: int, *, is_error: bool) -> Fault | None:
    if depth > DEPTH:
        return None
    if isinstance(value, str):
        return _of_string(value, depth) if is_error else None
    if isinstance(value, list):
        found = [fault for one in cast(list[object], value) if (fault := _found(one, depth + 1, is_error=is_error))]
        return _together(found)
    if not isinstance(value, dict):
        return None
    fields = {str(name).lower(): one for name, one in cast(dict[object, object], value).items()}
    is_called_so = is_error or _is_failed(fields)
    inner: Fault | None = None
    for name in _ERRORS:
        if name == "detail" and not (is_called_so or _stands_alone(fields)):
            continue
        one = fields.get(name)
        if one and (inner := _found(one, depth + 1, is_error=True)):
            break
    response = fields.get("base_resp")  # MiniMax
    if inner is None and isinstance(response, dict) and cast(dict[str, object], response).get("status_code"):
        inner = _found(cast(object, response), depth + 1, is_error=True)
    if inner is None and is_called_so and isinstance(fields.get("message"), dict | list):  # Mistral
        inner = _found(fields["message"], depth + 1, is_error=True)
    if inner is None and not is_called_so and not (_stands_alone(fields) and _text(fields, ("message", "msg"))):
        return None
    return _merged(fields, inner, depth)


def _stands_alone(fields: Mapping[str, object]) -> bool:
    """Tell whether there is nothing of an answer beside it."""
    return not any(fields.get(name) for name in ("choices", "usage", "delta", "content", "data"))


def _is_failed(fields: Mapping[str, object]) -> bool:
    """Tell whether an object says of itself that it is an error."""
    if fields.get("object") == "error" or fields.get("type") == "error":
        return True
    is_failure = fields.get("success") is False or fields.get("error") is True or bool(_text(fields, _FAILURES))
    return is_failure and _stands_alone(fields)


def _merged(fields: Mapping[str, object], inner: Fault | None, depth: int) -> Fault | None:
    """Return what an object says itself, and what the error within it says."""
    words = _text(fields, _WORDS)
    own = _of_string(words, depth) if words else None
    raw = fields.get("metadata")
    if isinstance(raw, dict):  # OpenRouter: what the server behind it said
        deeper = cast(dict[str, object], raw).get("raw")
        inner = inner or (_found(deeper, depth + 1, is_error=True) if deeper else None)
    place = _place(fields.get("loc"))
    params = tuple(
        dict.fromkeys(
            one
            for one in (fields.get("param"), fields.get("field"), place, *(inner.params if inner else ()))
            if isinstance(one, str) and one
        )
    )[:NAMED_FIELDS]
    message = _beside(own.message if own else None, inner.message if inner else None)
    if message and place and re.search(rf"\b{re.escape(place)}\b", message) is None:
        message = f"{place}: {message}"
    code = next(
        (one for name in _CODES if isinstance(one := fields.get(name), str | int) and one is not True and one), None
    )
    kind = fields.get("type")
    own_type = kind if isinstance(kind, str) and kind != "error" else None
    fault = Fault(
        message,
        inner.type if inner and inner.type is not None else own_type,
        inner.code if inner and inner.code is not None else code,
        params or (own.params if own else ()),
        _count(fields.get("n_ctx")) or (inner.limit_tokens if inner else None),
        _count(fields.get("n_prompt_tokens")) or (inner.sent_tokens if inner else None),
    )
    return None if fault == Fault() else fault


def _beside(outer: str | None, inner: str | None) -> str | None:
    """Return both messages, or the one that says what the other does."""
    if not inner or not outer:
        return inner or outer
    if inner in outer or outer in inner:
        return max(outer, inner, key=len)
    return f"{outer}: {inner}"


def _together(found: Sequence[Fault]) -> Fault | None:
    if len(found) < 2:
        return found[0] if found else None
    messages = dict.fromkeys(fault.message for fault in found if fault.message)
    params = dict.fromkeys(param for fault in found for param in fault.params)
    return msgspec.structs.replace(found[0], message="; ".join(messages) or None, params=(*params,)[:NAMED_FIELDS])


def _of_string(text: str, depth: int) -> Fault | None:
    """Return what a text says, which may be an error in JSON again, alone or behind other words."""
    start = text.find("{")
    if start >= 0 and text.rstrip().endswith("}") and (value := _value_of(text[start:].encode("utf-8", "replace"))):
        inner = _found(value, depth + 1, is_error=True)
        if inner is not None and inner.message:
            before = text[:start].strip(" :-\n")
            return msgspec.structs.replace(inner, message=_beside(before, inner.message)) if before else inner
    fault = _fault_of_text(text)
    return None if fault == Fault() else fault


_TITLE = re.compile(r"<(title|h1)[^>]*>(.*?)</\1", re.IGNORECASE | re.DOTALL)


def _fault_of_text(text: str) -> Fault:
    text = text.strip()
    if text.startswith("<"):
        title = _TITLE.search(text)
        return Fault(message=" ".join(html.unescape(title[2]).split()) or None) if title else Fault()
    return Fault() if text.startswith(("{", "[")) else Fault(message=text or None)


def _value_of(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except UNREADABLE:
        pass
    try:
        return msgspec.json.decode(marked(body))
    except UNREADABLE:
        return None


def _text(fields: Mapping[str, object], names: Sequence[str]) -> str:
    return next((text for name in names if isinstance(text := fields.get(name), str) and text.strip()), "")


def _place(loc: object) -> str:
    """Return the field that a list such as `["body", "messages", 0]` leads to."""
    if not isinstance(loc, list):
        return ""
    return ".".join(str(one) for one in cast(list[object], loc) if one != "body")


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53 else None


def failure(
    address: Address,
    fault: Fault,
    status: int | None,
    *,
    retry_after_seconds: float | None = None,
    is_told: bool = True,
) -> ModelError:
    """Return the error that a server's refusal amounts to; `status` is None within a stream.

    `is_told` says whether all came of what the server said of it: if not, nobody knows whose fault it is.
    """
    said = shortened(unmarked(fault.message or ""), address)
    told = f": “{said}”" if said else ""
    if is_context_fault(fault, status):
        limit, sent = figures(fault)
        return ModelTooLong(
            "The conversation is too long for this model. Start a new chat, or choose a model with more context.",
            detail=f"The conversation is too long for {address.model} at {address.server}{told}.",
            limit_tokens=limit,
            sent_tokens=sent,
        )
    if is_out_of_credit(fault, status):
        return ModelError(
            "The account of this model has no credit left. Choose another model, or tell the operator.",
            detail=f"{address.server} says that no credit is left{told}. Check the account's plan and billing.",
            code="no_credit",
            retryable=False,
        )
    if status is None:
        return ModelError(
            "The model's server gave up in the middle of the answer. Ask again.",
            code="refused",
            detail=f"{address.server} gave up in the middle of the answer{told}.",
        )
    hint = address.authorization.hints.get(status) or _HINTS.get(
        status, "Try again later." if status >= 500 else "Check the settings of this model."
    )
    return ModelError(
        f"The model's server refused with status {status}. {_ADVICE.get(status) or _advice(status)}",
        detail=f"{address.server} refused with status {status}{told}. {hint}",
        # what was asked for is the matter, not the server
        code=_code(status, retry_after_seconds, is_told=is_told),
        retryable=status in (408, 409, 425, 429) or status >= 500,
        retry_after_seconds=retry_after_seconds,
        is_of_deployment=status not in _OF_THE_QUESTION or not is_told,
    )


def _code(status: int, retry_after_seconds: float | None, *, is_told: bool) -> str:
    if status == 429 and retry_after_seconds is not None:
        return "model_busy"
    return "not_accepted" if status in (400, 422) and is_told else "refused"


_OF_THE_QUESTION = frozenset({400, 413, 415, 422})
_HINTS = {
    404: "Check the model's name and the base URL.",
    413: "Ask something shorter.",
    429: "It is at its limit; try again in a moment.",
}
_ADVICE = {413: "Ask something shorter.", 429: "It is at its limit; try again in a moment."}
_CONTEXT_CODES = (
    "context_length_exceeded",
    "exceed_context_size_error",
    "context_window_exceeded",
    "contextwindowexceedederror",
    "model_context_window_exceeded",
    "prompt_too_long",
    "tokens_limit_reached",
)
_CONTEXT_WORDS = re.compile(
    r"context (?:length|size|window)|max_seq_len"
    r"|(?:prompt|input|inputs|conversation|messages?|request)\b[^.]{0,30}\btoo (?:long|large for)"
    r"|too many (?:input |prompt )?tokens"
    r"|(?:prompt|input|inputs|tokens?)\b.{0,80}\bexceed"
    r"|exceed.{0,60}(?:model(?:'s)? (?:token|max)|token limit|max(?:imum)? (?:input|prompt|length|number of tokens))"
    r"|reduce (?:the length of )?(?:the |your )?(?:messages|prompt|input|context)"
    r"|input length should be|maximum (?:prompt|input) length"
    r"|`?inputs`? (?:tokens|must have less)|longer than the (?:model|maximum)",
    re.IGNORECASE | re.DOTALL,
)
"""Most servers give no code for it."""
_RATE_WORDS = re.compile(r"per (?:minute|day|hour|second)|\b[tr]p[md]\b|quota|rate.?limit", re.IGNORECASE)


def _advice(status: int) -> str:
    """Return what a person can do about a refusal; what the operator can do is in the detail."""
    if status >= 500:
        return "Try again later."
    return "Change what you ask for." if status in _OF_THE_QUESTION else "Choose another model, or tell the operator."


def is_context_fault(fault: Fault, status: int | None = None) -> bool:
    """Decide whether the server says that the prompt doesn't fit the model."""
    if any(str(word).lower() in _CONTEXT_CODES for word in (fault.code, fault.type) if word is not None):
        return True
    message = fault.message or ""
    if status in (401, 402, 403, 404, 429) or _RATE_WORDS.search(message):
        return False
    return _CONTEXT_WORDS.search(message) is not None


PAYMENT_REQUIRED = 402
_CREDIT_CODES = (
    "insufficient_quota",
    "insufficient_balance",
    "insufficient_credits",
    "insufficient_funds",
    "billing_hard_limit_reached",
    "billing_not_active",
    "billing_error",
    "exceeded_current_quota_error",
    "credit_balance_too_low",
    "arrearage",
)
_CREDIT_WORDS = re.compile(
    r"insufficient (?:account )?(?:balance|credits?|funds|quota)|(?:credit|account) balance is (?:too low|insufficient)"
    r"|out of credits?|no credits? (?:left|remaining)|used all (?:of )?(?:your )?(?:available )?credits"
    r"|requires more credits|monthly spending limit|check your plan and billing|account is (?:in arrears|overdue)",
    re.IGNORECASE,
)
_COMES_BACK = re.compile(r"retry (?:in|after)|try again (?:in|after)|per.?(?:minute|hour|second)", re.IGNORECASE)
"""Gemini speaks of billing, too, where the limit of a minute is reached."""


def is_out_of_credit(fault: Fault, status: int | None = None) -> bool:
    """Decide whether the server wants money, which no waiting brings."""
    message = fault.message or ""
    if status == PAYMENT_REQUIRED:
        return True
    if status is not None and status not in (400, 403, 429):
        return False
    if any(str(word).lower() in _CREDIT_CODES for word in (fault.code, fault.type) if word is not None):
        return True
    return _CREDIT_WORDS.search(message) is not None and _COMES_BACK.search(message) is None


_NUMBER = r"\(?(\d[\d,_]*)"
_LIMITS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:context|prompt|input) (?:length|size|window)[^\d.;]{{0,40}}{_NUMBER}",
        rf"{_NUMBER} (?:maximum|max\b|tokens? (?:limit|maximum))",
        rf"(?:tokens allowed|token limit|max_seq_len|tokens limit)[^\d.;]{{0,12}}{_NUMBER}",
        rf"(?:less than|<=|cannot exceed|at most|only|up to|> )\s*{_NUMBER}",
        rf"\[\d+, {_NUMBER}\]",
    )
]
_SENT = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:requested|resulted in|contains?|given|a total of)[^\d.;]{{0,20}}{_NUMBER}",
        rf"too (?:long|large)[^\d.;]{{0,12}}{_NUMBER}",
        rf"(?:request|inputs?|token count|prompt length|prompt)[^\d.;]{{0,8}}{_NUMBER}",
        rf"{_NUMBER} (?:input )?tokens",
    )
]


def figures(fault: Fault) -> tuple[int | None, int | None]:
    """Return how many tokens the model takes, and how many it was sent, as far as the server says."""
    message = fault.message or ""
    limit = fault.limit_tokens or _figure(_LIMITS, message, None)
    sent = fault.sent_tokens or _figure(_SENT, message, limit)
    if limit and sent and sent <= limit:  # the wrong ones were read
        return (limit, None) if fault.limit_tokens else (None, None)
    return limit, sent


def _figure(patterns: Sequence[re.Pattern[str]], message: str, above: int | None) -> int | None:
    for pattern in patterns:
        for match in pattern.finditer(message):
            number = int(re.sub(r"\D", "", match[1])[:15])
            if number > (above or 15):
                return number
    return None


def shortened(text: str, address: Address) -> str:
    """Return a server's words as they fit into a message, without its secret."""
    text = " ".join(address.authorization.hidden(text).split())
    return text if len(text) <= 200 else text[:199] + "…"
