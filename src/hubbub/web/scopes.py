"""Hold an API key to its scopes: the one place where that is done, by the table of routes."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute, iter_route_contexts

from hubbub.core.errors import NotAllowed
from hubbub.core.people import Person
from hubbub.core.scopes import Scope, check_scope
from hubbub.web.policies import SCOPES, WITHOUT_SCOPE

_ByRoute: TypeAlias = Mapping[tuple[str, Callable[..., Any]], Scope | None]


def check_route(request: Request, person: Person) -> None:
    """Return if a request's key has the scope that its route needs.

    Raises:
        NotAllowed: it has not; the message names the scope.
    """
    if person.limits is None or person.limits.scopes is None:
        return
    known = _known(cast(FastAPI, request.app))
    asked: tuple[str, Callable[..., Any]] = (request.scope["method"], request.scope["endpoint"])
    if asked not in known:
        raise NotAllowed("No API key with scopes may do this. Sign in on a browser.", code="scope_missing")
    if (scope := known[asked]) is not None:
        check_scope(person, scope)


def _known(app: FastAPI) -> _ByRoute:
    """Return the scopes of the routes that keys may call, by their methods and functions. Made at the first request."""
    found: _ByRoute | None = getattr(app.state, "scopes", None)
    if found is None:
        found = app.state.scopes = _read(app)
    return found


def _read(app: FastAPI) -> _ByRoute:
    found: dict[tuple[str, Callable[..., Any]], Scope | None] = {}
    for route in iter_route_contexts(app.routes):
        original = route.original_route
        if not isinstance(original, APIRoute):
            continue
        for method in original.methods or ():
            name = f"{method} {route.path}"
            if name in SCOPES or name in WITHOUT_SCOPE:
                found[method, original.endpoint] = SCOPES.get(name)
    return found
