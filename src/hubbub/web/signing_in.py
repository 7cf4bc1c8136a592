"""Give a browser the cookie of a sign-in, read it from a request, and take it away again."""

from typing import Annotated, NamedTuple

from fastapi import Depends, Request
from starlette.responses import Response

from hubbub.app.accounts import Accounts
from hubbub.core.errors import NotFound, NotSignedIn
from hubbub.core.people import Person
from hubbub.identity.base import SignIn
from hubbub.identity.cookies import HOST_PREFIX
from hubbub.identity.proxy_headers import proxy_name, sign_out_path
from hubbub.identity.sign_ins import COOKIE, SignIns, cookies_in
from hubbub.identity.signed_in import SIGN_IN
from hubbub.web.asker import App, Asker, application_of

_NOTHING = "There is nothing at this address."


class Signed(NamedTuple):
    """Who has signed in on the browser that sends a request, and how: here, or at the proxy (which has no id)."""

    person: Person
    sign_in: SignIn


async def give_sign_in(request: Request, response: Response, cookie: str) -> None:
    """Let a browser be signed in by a new cookie. The sign-in that it had ends."""
    sign_ins = sign_ins_of(request)
    for old in cookies_in(request.headers):
        if (known := await sign_ins.find(old)) is not None:
            await sign_ins.end(known.id)
    is_secure = request.url.scheme == "https"
    response.set_cookie(
        HOST_PREFIX + COOKIE if is_secure else COOKIE,
        cookie,
        max_age=int(sign_ins.total_seconds),
        httponly=True,
        samesite="lax",  # a provider sends people back by a link
        secure=is_secure,
    )
    response.headers["cache-control"] = "no-store"


async def take_sign_in(request: Request, response: Response) -> None:
    """End the sign-in of a browser, and take its cookie away."""
    sign_ins = sign_ins_of(request)
    for cookie in cookies_in(request.headers):
        if (known := await sign_ins.find(cookie)) is not None:
            await sign_ins.end(known.id)
    is_secure = request.url.scheme == "https"
    for name in (COOKIE, HOST_PREFIX + COOKIE) if is_secure else (COOKIE,):
        response.delete_cookie(name, httponly=True, samesite="lax", secure=is_secure)


async def address_to_leave(request: Request, app: App) -> str:
    """Return where a browser is signed out, too: at the proxy before this server, or at a provider; empty: nowhere."""
    if path := sign_out_path():
        return path
    sign_ins = sign_ins_of(request)
    for cookie in cookies_in(request.headers) if app.providers is not None else ():
        if (known := await sign_ins.find(cookie)) is not None and app.providers is not None:
            return await app.providers.leaving(known.provider, cookie, str(request.base_url))
    return ""


def sign_ins_of(request: Request) -> SignIns:
    """Return the sign-ins of the server.

    Raises:
        NotFound: nobody can sign in there.
    """
    if (sign_ins := application_of(request).sign_ins) is None:
        raise NotFound(_NOTHING)
    return sign_ins


async def _accounts(app: App) -> Accounts:
    if app.accounts is None or not app.accounts.rules.is_enabled:
        raise NotFound(_NOTHING)
    return app.accounts


async def _signed(request: Request, asker: Asker) -> Signed:
    sign_ins = sign_ins_of(request)
    if (proxy := proxy_name()) and not asker.key:
        return Signed(asker, SignIn("", asker.id, proxy, "", "", "", 0.0, 0.0))
    for cookie in cookies_in(request.headers):
        sign_in, person = await sign_ins.find(cookie), await sign_ins.person(cookie)
        if sign_in is not None and person is not None:
            return Signed(person, sign_in)
    raise NotSignedIn(SIGN_IN)


async def _operator(person: Asker) -> Person:
    if not person.is_operator:
        raise NotFound(_NOTHING)
    return person


PasswordAccounts = Annotated[Accounts, Depends(_accounts)]
"""The accounts with passwords; where there are none the route is not there."""
SignedIn = Annotated[Signed, Depends(_signed)]
"""Who signed in on this browser. A key does not do: what is about sign-ins is for the person at the browser."""
Operator = Annotated[Person, Depends(_operator)]
"""An operator; for all others the route is not there."""
