"""Send people to an OpenID Connect provider to sign in, take them back, and hear when they signed out there."""

import base64
import hmac
import logging
from html import escape
from urllib.parse import parse_qs

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hubbub.core.errors import HubbubError, Malformed, NotFound
from hubbub.identity import deeds
from hubbub.identity.cookies import HOST_PREFIX
from hubbub.identity.oidc import Flow, Provider, Providers, own_path
from hubbub.identity.oidc_tokens import MOST_TOKEN_BYTES, TokenRefused
from hubbub.web.address import client_address
from hubbub.web.asker import App
from hubbub.web.signing_in import give_sign_in, sign_ins_of

logger = logging.getLogger(__name__)
router = APIRouter(prefix="/api/sign-in/oidc", tags=["signing in"])

COOKIE = "hubbub_oidc"
FLOW_SECONDS = 600
_NO_STORE = {"cache-control": "no-store"}


@router.get("/{name}", status_code=303, include_in_schema=False, response_class=RedirectResponse)
async def begin_sign_in(name: str, request: Request, app: App, back: str = "/") -> Response:
    """Send the browser to a provider. It comes back to a path of this server."""
    provider = _provider(app.providers, name)
    try:
        flow, address = await provider.begin(_redirect_uri(request), own_path(back))
    except HubbubError as error:
        return _told(provider, error)
    response = RedirectResponse(address, status_code=303, headers=_NO_STORE)
    is_secure = request.url.scheme == "https"
    value = base64.urlsafe_b64encode(msgspec.json.encode(flow)).rstrip(b"=").decode()
    response.set_cookie(_cookie(request), value, max_age=FLOW_SECONDS, httponly=True, samesite="lax", secure=is_secure)
    return response


@router.get("/{name}/back", status_code=303, include_in_schema=False, response_class=RedirectResponse)
async def finish_sign_in(
    name: str, request: Request, app: App, state: str = "", code: str = "", error: str = "", iss: str = ""
) -> Response:
    """Take somebody back from a provider, and sign them in on this browser."""
    provider = _provider(app.providers, name)
    try:
        response = await _finished(provider, request, app, state=state, code=code, error=error, issuer=iss)
    except HubbubError as refusal:
        deeds.note("sign-in", address=client_address(request.scope), outcome=f"refused by {name}: {refusal.code}")
        response = _told(provider, refusal)
    is_secure = request.url.scheme == "https"
    response.delete_cookie(_cookie(request), httponly=True, samesite="lax", secure=is_secure)
    return response


@router.post("/{name}/logout", status_code=200, include_in_schema=False)
async def hear_of_logout(name: str, request: Request, app: App) -> Response:
    """End the sign-ins of a session that has ended at the provider (back-channel logout)."""
    provider = _provider(app.providers, name)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > 2 * MOST_TOKEN_BYTES:
            raise Malformed("The logout token is too long.")
    try:
        fields = parse_qs(bytes(body).decode("ascii"), max_num_fields=20)
    except ValueError as error:
        raise Malformed("The form can't be read.") from error
    tokens = fields.get("logout_token", [])
    if len(tokens) != 1:
        raise Malformed("Send one logout_token.")
    try:
        session = await provider.logged_out(tokens[0])
    except TokenRefused as error:
        logger.warning("A logout token of %s was refused: %s.", provider.client.label, error.for_operators)
        raise Malformed("The logout token is not good.") from error
    await sign_ins_of(request).end_session(name, session)
    return Response(status_code=200, headers=_NO_STORE)


@router.get("/{name}/left", status_code=200, include_in_schema=False)
async def hear_of_leaving(name: str, request: Request, app: App, iss: str = "", sid: str = "") -> Response:
    """End the sign-ins of a session that ends at the provider, whose page opens this address (front-channel logout)."""
    provider = _provider(app.providers, name)
    try:
        session = await provider.left(iss, sid)
    except TokenRefused as error:
        raise Malformed("This address is for pages of the provider.", detail=error.for_operators) from error
    await sign_ins_of(request).end_session(name, session)
    return HTMLResponse("<!doctype html><title>Signed out</title>", headers=_NO_STORE)


async def _finished(
    provider: Provider, request: Request, app: App, *, state: str, code: str, error: str, issuer: str
) -> Response:
    name = provider.client.name
    flow = _flow(request)
    if flow is None or flow.provider != name or not hmac.compare_digest(flow.state.encode(), state.encode()):
        raise TokenRefused("the state is not the one of a sign-in that this browser began")
    if error or not code:
        raise TokenRefused(f"the provider says {error[:200]!r}")
    signed_in = await provider.finish(flow, code, _redirect_uri(request, suffix=""), issuer=issuer)
    claims = signed_in.claims
    if app.people is None or app.providers is None:
        raise NotFound("There is nothing at this address.")
    person = await app.people.known(
        name,
        claims.subject,
        name=claims.name,
        email=claims.email,
        is_email_verified=claims.is_email_verified,
        links_by_email=provider.client.links_by_email,
        groups=claims.groups,
        is_operator=bool(claims.groups & provider.client.operator_groups),
    )
    cookie = await sign_ins_of(request).begin(
        person.id,
        provider=name,
        provider_session=await provider.session_of(claims),
        address=client_address(request.scope),
        agent=request.headers.get("user-agent", ""),
    )
    await app.providers.keep(cookie, signed_in)
    deeds.note("sign-in", of=person.id, address=client_address(request.scope), outcome=f"done by {name}")
    response = RedirectResponse(own_path(flow.back), status_code=303)
    await give_sign_in(request, response, cookie)
    return response


def _provider(providers: Providers | None, name: str) -> Provider:
    if providers is None or name not in providers.by_name:
        raise NotFound("There is nothing at this address.")
    return providers.by_name[name]


def _redirect_uri(request: Request, *, suffix: str = "/back") -> str:
    return str(request.url.replace(query="", fragment="")) + suffix


def _cookie(request: Request) -> str:
    return HOST_PREFIX + COOKIE if request.url.scheme == "https" else COOKIE


def _flow(request: Request) -> Flow | None:
    value = request.cookies.get(_cookie(request), "")
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)), type=Flow)
    except (ValueError, msgspec.MsgspecError):
        return None


def _told(provider: Provider, error: HubbubError) -> Response:
    """Return a small page that says why somebody is not signed in, and log the reason for the operator."""
    logger.warning("A sign-in by %s was refused: %s.", provider.client.label, error.for_operators.rstrip("."))
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign in · Hubbub</title>'
        "<h1>You are not signed in</h1>"
        f'<p>{escape(error.message)}</p><p><a href="/">Back to the sign-in page</a></p></html>'
    )
    return HTMLResponse(page, status_code=error.status, headers=_NO_STORE)
