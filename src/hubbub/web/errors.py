"""Turn whatever goes wrong before the first byte into one form of answer."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from hubbub.core.errors import HubbubError, Invalid, MethodNotAllowed, NotFound
from hubbub.web.guards import HEADERS
from hubbub.web.shapes import told

MESSAGE_CHARACTERS = 1000
_IDS = {"response_id": "resp_", "conversation_id": "conv_"}
"""How the ids begin that stand in addresses where other programs look for something else (`/v1/responses/compact`)."""


def add_error_handlers(app: FastAPI) -> None:
    """Let an application answer every error in the shape that its asker knows."""
    app.add_exception_handler(HubbubError, _named)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _bug)


async def _named(request: Request, error: Exception) -> Response:
    return told(request.scope, cast(HubbubError, error))


async def _invalid(request: Request, error: Exception) -> Response:
    faults = cast(Sequence[Mapping[str, Any]], cast(RequestValidationError, error).errors())
    lines = [f"{'.'.join(str(part) for part in fault['loc'][1:]) or 'body'}: {fault['msg']}" for fault in faults]
    param = str(faults[0]["loc"][-1]) if faults and faults[0]["loc"][0] == "query" else None
    return told(request.scope, Invalid("; ".join(lines)[:MESSAGE_CHARACTERS] + ".", param=param))


async def _http(request: Request, error: Exception) -> Response:
    refusal = cast(HTTPException, error)
    match refusal.status_code:
        case 404:
            named: HubbubError = NotFound("There is nothing at this address.")
        case 405 if _names_nothing(request):
            return told(request.scope, NotFound("There is nothing at this address."))
        case 405:
            allowed = (refusal.headers or {}).get("Allow", "")
            if "GET" in (methods := allowed.split(", ")) and "HEAD" not in methods:
                allowed = f"{allowed}, HEAD"
                refusal.headers = {**(refusal.headers or {}), "Allow": allowed}
            detail = f"{request.method[:20]} can't be done here; this address takes {allowed or 'other methods'}."
            named = MethodNotAllowed(detail)
        case _:
            phrase = HTTPStatus(refusal.status_code).phrase
            named = HubbubError(f"{refusal.detail}.", code=phrase.lower().replace(" ", "_"))
            named.status = refusal.status_code
    response = told(request.scope, named)
    response.headers.update(refusal.headers or {})
    return response


def _names_nothing(request: Request) -> bool:
    """Tell whether an address only looks like one of a thing: what stands where an id belongs is none."""
    return any(not request.path_params.get(name, begin).startswith(begin) for name, begin in _IDS.items())


async def _bug(request: Request, error: Exception) -> Response:
    error = HubbubError("Something went wrong on our side. Try again.", code="internal")
    response = told(request.scope, error)
    response.headers.update(HEADERS)  # this one does not come by the guards
    return response
