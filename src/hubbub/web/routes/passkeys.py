"""Sign in with passkeys, and manage one's own."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from hubbub.app.passkeys import Passkeys
from hubbub.core.errors import NotFound
from hubbub.identity.passkeys_sqlite import Passkey
from hubbub.identity.webauthn import Site, site_of, written_id
from hubbub.web.address import client_address
from hubbub.web.asker import App
from hubbub.web.bodies import Json, sends, takes
from hubbub.web.quick import body_as
from hubbub.web.routes.sign_in import Password, SignedInPerson, begun
from hubbub.web.signing_in import PasswordAccounts, SignedIn

router = APIRouter(prefix="/api", tags=["signing in"])
_NEVER_KEPT = {"cache-control": "no-store"}


class PasskeyOptions(msgspec.Struct):
    """What the browser needs for a passkey: `PublicKeyCredential.parse…OptionsFromJSON` takes it."""

    options: dict[str, Any]


class NewPasskey(msgspec.Struct, forbid_unknown_fields=True):
    """A passkey that the browser has made, as its `toJSON` writes it, and what it is to be called."""

    name: str
    credential: dict[str, Any]


class SignedChallenge(msgspec.Struct, forbid_unknown_fields=True):
    """What a passkey has signed, as the credential's `toJSON` writes it."""

    credential: dict[str, Any]


class PasskeyView(msgspec.Struct):
    """A passkey of yours. Times are seconds of the epoch."""

    id: str
    name: str
    created_at: float
    last_used: float | None


class PasskeyList(msgspec.Struct):
    """Your passkeys, the oldest first."""

    passkeys: list[PasskeyView]


async def _passkeys(app: App, accounts: PasswordAccounts) -> Passkeys:
    if app.passkeys is None:
        raise NotFound("There is nothing at this address.")
    return app.passkeys


async def _site(request: Request, accounts: PasswordAccounts) -> Site:
    return site_of(accounts.rules.url or str(request.base_url))


Kept = Annotated[Passkeys, Depends(_passkeys)]
Here = Annotated[Site, Depends(_site)]


@router.get("/me/passkeys", responses=sends(PasskeyList))
async def list_passkeys(signed: SignedIn, kept: Kept) -> Response:
    """List your passkeys."""
    return Json(PasskeyList([_view(one) for one in await kept.list(signed.person)]))


@router.post("/me/passkeys/options", responses=sends(PasskeyOptions), openapi_extra=takes(Password))
async def propose_passkey(request: Request, signed: SignedIn, kept: Kept, site: Here) -> Response:
    """Return what the browser makes a passkey by, once you have given your password again."""
    said = await body_as(request, Password)
    options = await kept.propose(signed.person, said.password, site, address=client_address(request.scope))
    return Json(PasskeyOptions(msgspec.json.decode(options)), headers=_NEVER_KEPT)


@router.post("/me/passkeys", status_code=201, responses=sends(PasskeyView, 201), openapi_extra=takes(NewPasskey))
async def add_passkey(request: Request, signed: SignedIn, kept: Kept, site: Here) -> Response:
    """Keep a passkey that the browser has made: you sign in with it from now on, without password and code."""
    new = await body_as(request, NewPasskey)
    return Json(_view(await kept.add(signed.person, new.name, new.credential, site)), status_code=201)


@router.delete("/me/passkeys/{passkey_id}", status_code=204)
async def remove_passkey(passkey_id: str, signed: SignedIn, kept: Kept) -> Response:
    """Forget a passkey of yours. Sign-ins that it began stay."""
    await kept.remove(signed.person, passkey_id)
    return Response(status_code=204)


@router.post("/sign-in/passkey/options", responses=sends(PasskeyOptions))
async def begin_passkey(kept: Kept, site: Here) -> Response:
    """Return what the browser signs in by: the same for everybody."""
    return Json(PasskeyOptions(msgspec.json.decode(await kept.begin(site))), headers=_NEVER_KEPT)


@router.post("/sign-in/passkey", responses=sends(SignedInPerson), openapi_extra=takes(SignedChallenge))
async def use_passkey(request: Request, kept: Kept, accounts: PasswordAccounts, site: Here) -> Response:
    """Sign in with a passkey. The browser is given a new cookie."""
    said = await body_as(request, SignedChallenge)
    person_id = await kept.sign_in(said.credential, site, address=client_address(request.scope))
    return await begun(request, accounts, person_id)


def _view(one: Passkey) -> PasskeyView:
    return PasskeyView(written_id(one.id), one.name, one.created_at, one.last_used)
