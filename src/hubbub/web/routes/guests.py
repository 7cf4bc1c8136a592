"""Take along what was done on this browser before signing in."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from hubbub.app.guests import NOTHING, GuestThings
from hubbub.core.errors import NotFound
from hubbub.identity.cookies import COOKIE, HOST_PREFIX
from hubbub.web.address import client_address
from hubbub.web.asker import App
from hubbub.web.bodies import Json, sends
from hubbub.web.signing_in import SignedIn

router = APIRouter(prefix="/api", tags=["signing in"])


@router.get("/me/guest", responses=sends(GuestThings))
async def show_guest(request: Request, app: App, signed: SignedIn) -> Response:
    """Say what was kept on this browser before you signed in, and can be taken along."""
    if app.guests is None:
        return Json(GuestThings())
    return Json(await app.guests.offered(signed.person, request.headers), headers={"cache-control": "no-store"})


@router.post("/me/guest", responses=sends(GuestThings))
async def take_guest(request: Request, app: App, signed: SignedIn) -> Response:
    """Make it yours. The cookie that the browser was known by as a guest is taken away."""
    if app.guests is None:
        raise NotFound(NOTHING)
    address = client_address(request.scope)
    response = Json(await app.guests.take(signed.person, request.headers, address=address))
    is_secure = request.url.scheme == "https"
    for name in (COOKIE, HOST_PREFIX + COOKIE) if is_secure else (COOKIE,):
        response.delete_cookie(name, httponly=True, samesite="lax", secure=is_secure)
    return response
