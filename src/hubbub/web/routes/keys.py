"""API keys that people make for themselves."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Request
from msgspec import Meta
from starlette.responses import Response

from hubbub.app.own_keys import OwnKeys
from hubbub.core.errors import NotFound
from hubbub.core.people import Limits
from hubbub.core.scopes import SCOPES
from hubbub.identity.base import Key
from hubbub.web.asker import App
from hubbub.web.bodies import Json, sends, takes
from hubbub.web.cursors import MOST, After, Limit, page_of
from hubbub.web.quick import body_as
from hubbub.web.signing_in import SignedIn

router = APIRouter(prefix="/api", tags=["API keys"])

_Names = Annotated[list[Annotated[str, Meta(max_length=300)]], Meta(max_length=100)]


class NewKey(msgspec.Struct, forbid_unknown_fields=True):
    """A key to be made. Without `scopes`, `models` or `collections` it may what you may."""

    name: str
    scopes: _Names | None = None
    models: _Names | None = None
    collections: _Names | None = None
    expires_at: float | None = None
    """Seconds of the epoch; null: it holds until it is revoked."""
    quota: _Names = []
    """How much may be used by it, as bounds such as "50 questions per day": questions, tokens or money per minute,
    hour, day or month."""


class KeyView(msgspec.Struct):
    """A key of yours. Times are seconds of the epoch; null scopes, models and collections: all that you may."""

    id: str
    name: str
    scopes: list[str] | None
    models: list[str] | None
    collections: list[str] | None
    created_at: float
    expires_at: float | None
    last_used: float | None
    quota: list[str]


class ScopeView(msgspec.Struct):
    """Something that a key may be limited to."""

    name: str
    description: str


class KeyList(msgspec.Struct):
    """Your keys, the newest first, and the scopes that are of use to you."""

    keys: list[KeyView]
    scopes: list[ScopeView]
    next: str | None
    """What gives those behind these, as `after`; None where there are none."""


class MadeKey(msgspec.Struct):
    """A new key. Its secret is shown this once."""

    key: KeyView
    secret: str


@router.get("/me/keys", responses=sends(KeyList))
async def list_keys(app: App, signed: SignedIn, limit: Limit = MOST, after: After = None) -> Response:
    """List the keys that you made, without their secrets."""
    found = await _keys_of(app.own_keys).list(signed.person)
    page, following = page_of(found, lambda key: (-key.created_at, key.id), after, limit)
    is_operator = signed.person.is_operator
    scopes = [ScopeView(name, text) for name, text in SCOPES.items() if name != "operate" or is_operator]
    return Json(KeyList([_view(key) for key in page], scopes, following))


@router.post("/me/keys", status_code=201, responses=sends(MadeKey, 201), openapi_extra=takes(NewKey))
async def make_key(request: Request, app: App, signed: SignedIn) -> Response:
    """Make a key for a program of yours. It never has more rights than you have."""
    new = await body_as(request, NewKey)
    limits = Limits(_set(new.scopes), _set(new.models), _set(new.collections), tuple(new.quota))
    key, text = await _keys_of(app.own_keys).make(signed.person, new.name, limits, new.expires_at)
    return Json(MadeKey(_view(key), text), status_code=201, headers={"cache-control": "no-store"})


@router.delete("/me/keys/{key_id}", status_code=204)
async def revoke_key(key_id: str, app: App, signed: SignedIn) -> Response:
    """Revoke a key of yours. What it has open ends within a second."""
    await _keys_of(app.own_keys).revoke(signed.person, key_id)
    return Response(status_code=204)


def _keys_of(keys: OwnKeys | None) -> OwnKeys:
    if keys is None:
        raise NotFound("There is nothing at this address.")
    return keys


def _set(names: list[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)


def _list(names: frozenset[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)


def _view(key: Key) -> KeyView:
    limits = key.limits or Limits()
    times = (key.created_at, key.expires_at, key.last_used)
    return KeyView(
        key.id,
        key.name,
        _list(limits.scopes),
        _list(limits.models),
        _list(limits.collections),
        *times,
        list(limits.quota),
    )
