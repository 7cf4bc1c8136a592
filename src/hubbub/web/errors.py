"""Turn whatever goes wrong before the first byte into one form of answer."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from hubbub.core.errors import HubbubError, Invalid, NotFound
from hubbub.web.bodies import PROBLEM, Json, Problem, problem
from hubbub.web.guards import HEADERS

MESSAGE_CHARACTERS = 1000


def add_error_handlers(app: FastAPI) -> None:
    """Let an application answer every error as problem+json."""
    app.add_exception_handler(HubbubError, _named)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _bug)


async def _named(request: Request, error: Exception) -> Response:
    return problem(cast(HubbubError, error))


async def _invalid(request: Request, error: Exception) -> Response:
    faults = cast(Sequence[Mapping[str, Any]], cast(RequestValidationError, error).errors())
    lines = [f"{'.'.join(str(part) for part in fault['loc'][1:]) or 'body'}: {fault['msg']}" for fault in faults]
    return problem(Invalid("; ".join(lines)[:MESSAGE_CHARACTERS] + "."))


async def _http(request: Request, error: Exception) -> Response:
    refusal = cast(HTTPException, error)
    match refusal.status_code:
        case 404:
            return problem(NotFound("There is nothing at this address."))
        case 405:
            allowed = (refusal.headers or {}).get("Allow", "")
            detail = f"{request.method[:20]} can't be done here; this address takes {allowed or 'other methods'}."
        case _:
            detail = f"{refusal.detail}."
    phrase = HTTPStatus(refusal.status_code).phrase
    content = Problem(phrase, refusal.status_code, phrase.lower().replace(" ", "_"), detail)
    return Json(content, status_code=refusal.status_code, media_type=PROBLEM, headers=refusal.headers)


async def _bug(request: Request, error: Exception) -> Response:
    response = problem(HubbubError("Something went wrong on our side. Try again.", code="internal"))
    response.headers.update(HEADERS)  # this one does not come by the guards
    return response
