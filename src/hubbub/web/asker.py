"""Say who sends a request, and give routes the application that serves it."""

import ipaddress
from functools import partial
from typing import Annotated, cast

from fastapi import Depends, Request
from msgspec.structs import replace

from hubbub.app.application import Application
from hubbub.core.errors import NotFound
from hubbub.core.people import Person
from hubbub.identity.deeds import Acting, acting
from hubbub.identity.grants import granted
from hubbub.web.address import client_address
from hubbub.web.choices import choices_of
from hubbub.web.headers import headers_of
from hubbub.web.scopes import check_route


def application_of(request: Request) -> Application:
    """Return the application that serves a request."""
    return cast(Application, request.app.state.application)


async def person_of(request: Request) -> Person:
    """Return who sends a request; from where, if nothing vouches for them. What it opens ends with what let it in."""
    app = application_of(request)
    headers = headers_of(request.scope)
    person = await app.identity.person(headers)
    if person.limits is not None:
        check_route(request, person)
    granted.set(app.grants.of(headers, person.id))
    acting.set(Acting(person.id, partial(client_address, request.scope)))
    if person.known_by in ("cookie", "nothing"):
        return replace(person, address=client_address(request.scope))
    return person


async def _application(request: Request) -> Application:
    """Do the same. A coroutine, because FastAPI runs plain functions in a pool of threads that all share."""
    return application_of(request)


_OF_PROXIES = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")

App = Annotated[Application, Depends(_application)]
Asker = Annotated[Person, Depends(person_of)]


def check_operator(person: Person, request: Request) -> None:
    """Return if who asks may see how the server does.

    Where everybody is let in, whoever sits at the machine itself may: who comes from a loopback
    address, and not through a proxy.

    Raises:
        NotFound: they may not.
    """
    if not may_operate(person, request):
        raise NotFound("There is nothing at this address.")


def may_operate(person: Person, request: Request) -> bool:
    """Tell whether who asks may see how the server does."""
    return person.is_operator or (choices_of(request).has_local_operators and _comes_from_here(request))


def _comes_from_here(request: Request) -> bool:
    if request.client is None or any(name in request.headers for name in _OF_PROXIES):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
