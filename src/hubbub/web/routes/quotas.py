"""The quotas that hold: shown to operators, set and removed by them."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Request
from msgspec import Meta
from starlette.responses import Response

from hubbub.app.quotas import SUBJECT_CHARACTERS, QuotaInForce, Source
from hubbub.usage.base import QuotaScope
from hubbub.usage.bounds import Scope, read_bound
from hubbub.usage.refusals import in_words
from hubbub.web.asker import App
from hubbub.web.bodies import Json, sends, takes
from hubbub.web.quick import body_as
from hubbub.web.routes.operating import Looker
from hubbub.web.signing_in import Operator

router = APIRouter(prefix="/api/operators/quotas", tags=["operators"])

_NEVER_KEPT = {"cache-control": "no-store"}
_Subject = Annotated[str, Meta(max_length=SUBJECT_CHARACTERS)]


class QuotaView(msgspec.Struct, frozen=True):
    """What holds for whom."""

    scope: Scope
    subject: str
    """The id of the person, the key, or the group that was made here ("group:ID"), or the name of a group that a
    sign-in names; empty: all together, or each."""
    name: str
    """What the person, the key or the group is called, where that is known."""
    bounds: list[str]
    """Such as "50 questions per day"; none: nothing is bounded."""
    words: list[str]
    """The bounds as a person reads them."""
    source: Source
    """Whether it is set in the settings or by an operator."""
    set_by: str
    """The operator's id; empty: the settings, or nobody who is still known."""
    set_by_name: str
    set_at: float | None
    """Seconds of the epoch."""
    in_settings: list[str] | None
    """What would hold if no operator had set something; null: the settings say nothing of this one."""


class OverView(msgspec.Struct, frozen=True):
    """Which model answers where a bound is reached; empty: none does. The other fields are as those of a quota."""

    model: str
    source: Source
    set_by: str
    set_by_name: str
    set_at: float | None
    in_settings: str | None


class Quotas(msgspec.Struct, frozen=True):
    """The quotas that hold; where `over` is null, nobody has said which model answers where a bound is reached."""

    quotas: list[QuotaView]
    over: OverView | None
    currency: str


class NewQuota(msgspec.Struct, forbid_unknown_fields=True):
    """A quota to be set. Without a subject it is for all together (server), or for each group, person or key."""

    scope: Scope
    bounds: Annotated[list[Annotated[str, Meta(max_length=100)]], Meta(max_length=100)]
    """Such as "50 questions per day"; none: nothing is bounded, whatever the settings say."""
    subject: _Subject = ""
    """A person or key by id, a group that was made here by name or id, one of a provider as "PROVIDER/NAME"."""


class NewOver(msgspec.Struct, forbid_unknown_fields=True):
    """Which model is to answer where a bound is reached; empty: none, who asks is refused."""

    model: _Subject


@router.get("", responses=sends(Quotas))
async def show_quotas(app: App, looker: Looker) -> Response:
    """Show the quotas that hold, and where each comes from. For operators."""
    found = await app.quotas.list()
    names = await app.operating.names({name for one in found for name in (one.subject, one.set_by) if name})
    currency = app.meter.rules.currency
    views = [_view(one, one.scope, names, currency) for one in found if one.scope != "over"]
    over = next((_over(one, names) for one in found if one.scope == "over"), None)
    return Json(Quotas(views, over, currency), headers=_NEVER_KEPT)


@router.put("", status_code=204, openapi_extra=takes(NewQuota))
async def set_quota(request: Request, app: App, operator: Operator) -> Response:
    """Set a quota, in place of what the settings say for the same subject. It holds within a second. For operators."""
    new = await body_as(request, NewQuota)
    await app.quotas.set(operator, new.scope, new.subject, new.bounds)
    return Response(status_code=204)


@router.delete("", status_code=204)
async def remove_quota(app: App, operator: Operator, scope: QuotaScope, subject: str = "") -> Response:
    """Remove a quota that was set, or the model ("over"): what the settings say holds again. For operators."""
    await app.quotas.remove(operator, scope, subject)
    return Response(status_code=204)


@router.put("/over", status_code=204, openapi_extra=takes(NewOver))
async def set_over(request: Request, app: App, operator: Operator) -> Response:
    """Set which model answers where a bound is reached. For operators."""
    await app.quotas.set_over(operator, (await body_as(request, NewOver)).model)
    return Response(status_code=204)


def _view(one: QuotaInForce, scope: Scope, names: dict[str, str], currency: str) -> QuotaView:
    return QuotaView(
        scope,
        one.subject,
        names.get(one.subject, ""),
        list(one.texts),
        [in_words(read_bound(text), currency or "money") for text in one.texts],
        one.source,
        one.set_by,
        names.get(one.set_by, ""),
        one.set_at,
        None if one.in_settings is None else list(one.in_settings),
    )


def _over(one: QuotaInForce, names: dict[str, str]) -> OverView:
    said = None if one.in_settings is None else "".join(one.in_settings)
    return OverView("".join(one.texts), one.source, one.set_by, names.get(one.set_by, ""), one.set_at, said)
