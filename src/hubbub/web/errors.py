"""Turn whatever goes wrong before the first byte into one form of answer."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from hubbub.core.errors import HubbubError, Invalid, Malformed
from hubbub.web.bodies import PROBLEM, Json, Problem, problem


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
    if any(fault["type"] == "json_invalid" for fault in faults):
        return problem(Malformed("The request's body is not valid JSON."))
    lines = [f"{'.'.join(str(part) for part in fault['loc'][1:]) or 'body'}: {fault['msg']}" for fault in faults]
    return problem(Invalid("; ".join(lines) + "."))


async def _http(request: Request, error: Exception) -> Response:
    status = cast(HTTPException, error).status_code
    phrase = HTTPStatus(status).phrase
    code = phrase.lower().replace(" ", "_")
    return Json(Problem(phrase, status, code, f"{phrase}."), status_code=status, media_type=PROBLEM)


async def _bug(request: Request, error: Exception) -> Response:
    return problem(HubbubError("Something went wrong on our side. Try again.", code="internal"))
