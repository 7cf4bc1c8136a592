"""Sign in and out, use links that set a password, and manage one's own sign-ins."""

import asyncio
from collections.abc import Sequence
from typing import Literal

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from hubbub.app.accounts import Accounts
from hubbub.core.errors import Malformed, NotFound
from hubbub.web.address import client_address
from hubbub.web.asker import App
from hubbub.web.bodies import Json, sends, takes
from hubbub.web.choices import choices_of
from hubbub.web.quick import body_as
from hubbub.web.signing_in import PasswordAccounts, SignedIn, address_to_leave, give_sign_in, sign_ins_of, take_sign_in

router = APIRouter(prefix="/api", tags=["signing in"])


class Way(msgspec.Struct):
    """One way to sign in: with a password here, or by going to an address."""

    kind: Literal["password", "address"]
    name: str
    address: str = ""
    is_there: bool = True
    """Whether what stands there answers at the moment."""


class Ways(msgspec.Struct):
    """How people sign in here."""

    ways: list[Way]
    is_open_to_everybody: bool
    """Whether nobody has to."""
    can_reset_by_mail: bool
    password_characters: int


class Credentials(msgspec.Struct, forbid_unknown_fields=True):
    """What is needed to sign in with a password. The code is that of an authenticator app, where one is set up."""

    email: str
    password: str
    code: str = ""


class SignedInPerson(msgspec.Struct):
    """Who has signed in."""

    id: str
    name: str


class Forgotten(msgspec.Struct, forbid_unknown_fields=True):
    """Whose password was forgotten."""

    email: str


class LinkSecret(msgspec.Struct, forbid_unknown_fields=True):
    """What stands after the # in a link."""

    link: str


class LinkView(msgspec.Struct):
    """What a link is for: the first operator, an invitation, or a new password."""

    kind: Literal["first", "invitation", "reset", "forgotten"]
    email: str
    name: str
    password_characters: int


class LinkUse(msgspec.Struct, forbid_unknown_fields=True):
    """A link and the password that it is to set. The first operator says their e-mail, too."""

    link: str
    password: str
    name: str = ""
    email: str = ""


class SignedOut(msgspec.Struct):
    """Where the browser goes on to, to be signed out there too."""

    address: str


class SignInView(msgspec.Struct):
    """A sign-in of yours. Times are seconds of the epoch."""

    id: str
    is_current: bool
    provider: str
    address: str
    agent: str
    created_at: float
    last_used: float


class SignInList(msgspec.Struct):
    """Your sign-ins, the newest first."""

    sign_ins: list[SignInView]


class NewPassword(msgspec.Struct, forbid_unknown_fields=True):
    """The present password and the one to come."""

    old: str
    new: str


class Password(msgspec.Struct, forbid_unknown_fields=True):
    """The present password."""

    password: str


class Code(msgspec.Struct, forbid_unknown_fields=True):
    """A code that an authenticator app shows."""

    code: str


class Secret(msgspec.Struct):
    """What an authenticator app needs: the secret, and the same as an address that apps read."""

    secret: str
    address: str


class RecoveryCodes(msgspec.Struct):
    """Codes that stand in for those of the app, each once. They are shown this once."""

    codes: Sequence[str]


class Account(msgspec.Struct):
    """Your account. Without a password of its own there is no second factor here."""

    name: str
    email: str
    provider: str
    has_second_factor: bool | None
    recovery_codes: int
    """How many are left."""
    password_characters: int


@router.get("/sign-in", responses=sends(Ways))
async def show_ways(request: Request, app: App) -> Response:
    """Say how people sign in here. Anybody may ask."""
    accounts = _enabled(app.accounts)
    ways = [Way("password", "E-mail and password")] if accounts else []
    providers = list(app.providers.by_name.values()) if app.providers is not None else []
    there = await asyncio.gather(*(one.kept.is_there() for one in providers))
    ways += [
        Way("address", name, address, is_there)
        for (name, address), is_there in zip(app.sign_in_addresses, there, strict=True)
    ]
    is_open = choices_of(request).is_open_to_everybody
    fewest = accounts.rules.password_characters if accounts else 0
    content = Ways(ways, is_open, accounts is not None and accounts.sends_mail, fewest)
    return Json(content, headers={"cache-control": "no-store"})


@router.post("/sign-in", responses=sends(SignedInPerson), openapi_extra=takes(Credentials))
async def sign_in(request: Request, accounts: PasswordAccounts) -> Response:
    """Sign in with e-mail and password. The browser is given a new cookie; an earlier sign-in of it ends."""
    said = await body_as(request, Credentials)
    address = client_address(request.scope)
    person_id = await accounts.sign_in(said.email, said.password, said.code, address=address)
    return await begun(request, accounts, person_id)


@router.post("/sign-out", responses=sends(SignedOut) | {204: {"description": "Signed out"}})
async def sign_out(request: Request, app: App) -> Response:
    """End this browser's sign-in. Where a provider or a proxy signed it in, say where it is signed out there."""
    address = await address_to_leave(request, app)
    response = Json(SignedOut(address), headers={"cache-control": "no-store"}) if address else Response(status_code=204)
    await take_sign_in(request, response)
    return response


@router.post("/sign-in/forgotten", status_code=204, openapi_extra=takes(Forgotten))
async def send_link(request: Request, accounts: PasswordAccounts) -> Response:
    """Send a link for a new password to an e-mail address, if it has an account; whether it has is not said."""
    said = await body_as(request, Forgotten)
    await accounts.forgot(said.email, address=client_address(request.scope))
    return Response(status_code=204)


@router.post("/sign-in/link", responses=sends(LinkView), openapi_extra=takes(LinkSecret))
async def show_link(request: Request, accounts: PasswordAccounts) -> Response:
    """Say what a link is for, without using it."""
    said = await body_as(request, LinkSecret)
    link = await accounts.look_at(said.link)
    return Json(LinkView(link.kind, link.email, link.name, accounts.rules.password_characters))


@router.put("/sign-in/link", responses=sends(SignedInPerson), openapi_extra=takes(LinkUse))
async def use_link(request: Request, accounts: PasswordAccounts) -> Response:
    """Set a password by a link and sign in. The link is good no more."""
    said = await body_as(request, LinkUse)
    address = client_address(request.scope)
    person = await accounts.use_link(said.link, said.password, name=said.name, email=said.email, address=address)
    if not person.is_active or await accounts.has_second_factor(person.person):
        return Json(SignedInPerson("", ""), headers={"cache-control": "no-store"})  # they sign in, with the code
    return await begun(request, accounts, person.id)


@router.get("/sign-ins", responses=sends(SignInList))
async def list_sign_ins(request: Request, signed: SignedIn) -> Response:
    """List your sign-ins, the newest first."""
    found = await sign_ins_of(request).of(signed.person.id)
    views = [
        SignInView(
            one.id, one.id == signed.sign_in.id, one.provider, one.address, one.agent, one.created_at, one.last_used
        )
        for one in found
    ]
    return Json(SignInList(views))


@router.delete("/sign-ins/{sign_in_id}", status_code=204)
async def end_sign_in(sign_in_id: str, request: Request, signed: SignedIn) -> Response:
    """End a sign-in of yours; "others" ends all but this one. What they have open ends within a second."""
    sign_ins = sign_ins_of(request)
    if sign_in_id == "others":
        await sign_ins.end_of(signed.person.id, but=signed.sign_in.id)
    elif sign_in_id in {one.id for one in await sign_ins.of(signed.person.id)}:
        await sign_ins.end(sign_in_id)
    else:
        raise NotFound("There is no such sign-in.")
    return Response(status_code=204)


@router.get("/me/account", responses=sends(Account))
async def show_account(app: App, signed: SignedIn) -> Response:
    """Show your account."""
    person = await app.people.find(signed.person.id) if app.people is not None else None
    if person is None:
        raise NotFound("There is no such account.")
    accounts = _enabled(app.accounts)
    has_factor = await accounts.has_second_factor(signed.person) if accounts else None
    codes = await accounts.count_recovery_codes(signed.person) if accounts and has_factor else 0
    fewest = accounts.rules.password_characters if accounts else 0
    return Json(Account(person.name, person.email, signed.sign_in.provider, has_factor, codes, fewest))


@router.put("/me/password", status_code=204, openapi_extra=takes(NewPassword))
async def change_password(request: Request, signed: SignedIn, accounts: PasswordAccounts) -> Response:
    """Change your password. Your other sign-ins end."""
    said = await body_as(request, NewPassword)
    address = client_address(request.scope)
    await accounts.change_password(signed.person, said.old, said.new, keep=signed.sign_in.id, address=address)
    return Response(status_code=204)


@router.post("/me/second-factor", responses=sends(Secret), openapi_extra=takes(Password))
async def propose_second_factor(request: Request, signed: SignedIn, accounts: PasswordAccounts) -> Response:
    """Return a secret for an authenticator app. It counts once a code has been sent (`PUT`)."""
    said = await body_as(request, Password)
    address = client_address(request.scope)
    secret, app_address = await accounts.propose_second_factor(signed.person, said.password, address=address)
    return Json(Secret(secret, app_address), headers={"cache-control": "no-store"})


@router.put("/me/second-factor", responses=sends(RecoveryCodes), openapi_extra=takes(Code))
async def confirm_second_factor(request: Request, signed: SignedIn, accounts: PasswordAccounts) -> Response:
    """Show that the app has the secret: a code is asked for at each sign-in from now on. Returns recovery codes."""
    codes = await accounts.confirm_second_factor(signed.person, (await body_as(request, Code)).code)
    return Json(RecoveryCodes(codes), headers={"cache-control": "no-store"})


@router.post("/me/second-factor/codes", responses=sends(RecoveryCodes), openapi_extra=takes(Password))
async def renew_recovery_codes(request: Request, signed: SignedIn, accounts: PasswordAccounts) -> Response:
    """Return new recovery codes in place of the earlier ones."""
    said = await body_as(request, Password)
    address = client_address(request.scope)
    codes = await accounts.renew_recovery_codes(signed.person, said.password, address=address)
    return Json(RecoveryCodes(codes), headers={"cache-control": "no-store"})


@router.post("/me/second-factor/remove", status_code=204, openapi_extra=takes(Password))
async def remove_second_factor(request: Request, signed: SignedIn, accounts: PasswordAccounts) -> Response:
    """Ask for no code any more."""
    said = await body_as(request, Password)
    await accounts.remove_second_factor(signed.person, said.password, address=client_address(request.scope))
    return Response(status_code=204)


async def begun(request: Request, accounts: Accounts, person_id: str) -> Response:
    """Begin a sign-in of a person on the browser that sends a request."""
    agent = request.headers.get("user-agent", "")
    cookie = await accounts.begin(person_id, address=client_address(request.scope), agent=agent)
    person = await sign_ins_of(request).person(cookie)
    if person is None:
        raise Malformed("This account was disabled at this moment.")
    response = Json(SignedInPerson(person.id, person.name))
    await give_sign_in(request, response, cookie)
    return response


def _enabled(accounts: Accounts | None) -> Accounts | None:
    return accounts if accounts is not None and accounts.rules.is_enabled else None
