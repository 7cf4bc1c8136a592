"""What people use: their own bounds for each, and reports for operators."""

import base64
import hashlib
import time
from collections.abc import Mapping, Sequence
from html import escape
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, Response

from hubbub.answers.base import party_of
from hubbub.usage.base import By, Standing, Total
from hubbub.usage.bounds import Measure, Scope, Window
from hubbub.usage.prices import as_text, to_the_cent
from hubbub.usage.refusals import in_words
from hubbub.usage.reports import as_csv, period
from hubbub.web.asker import App, Asker, check_operator
from hubbub.web.bodies import Json, sends

router = APIRouter(prefix="/api", tags=["usage"])
of_operators = APIRouter(include_in_schema=False)

_NEVER_KEPT = {"cache-control": "no-store"}
_STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, CanvasText 20%, Canvas); }
body { font: 1rem/1.5 system-ui, sans-serif; background: Canvas; color: CanvasText; margin: 0; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; } a { color: LinkText; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: start; padding: .25rem 1rem .25rem 0; border-top: 1px solid var(--line); white-space: nowrap; }
svg { width: 100%; height: 8rem; } rect { fill: LinkText; }
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; style-src 'sha256-{_HASH}'"
_BAR, _HEIGHT = 10, 100


class BoundOfYours(msgspec.Struct, frozen=True):
    """A bound that holds for you. Amounts of money are decimals as text, others are numbers; times are of the epoch."""

    scope: Scope
    """Whose it is: yours, your API key's, your group's, or the whole server's."""
    measure: Measure
    window: Window
    limit: int | str
    used: int | str
    """What is used of it, what is under way included."""
    remaining: int | str
    resets_at: int
    is_near: bool
    """Whether four fifths of it are used."""
    is_over: bool
    text: str
    """The bound as a person reads it."""
    group: str = ""


class UsageOfYours(msgspec.Struct, frozen=True):
    """What you use, as far as it is bounded; no bounds where none are set."""

    bounds: list[BoundOfYours]
    over: str | None = None
    """The model that answers where a bound is reached; None: nothing does until it resets."""
    currency: str = ""


class Line(msgspec.Struct, frozen=True):
    """What was used under one name. Money is a decimal as text."""

    name: str
    questions: int
    records: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    money: str
    estimated: int
    label: str = ""
    """What whom the name means is called, where that is known."""


class Report(msgspec.Struct, frozen=True):
    """What was used in a time (seconds of the epoch), by what was asked for."""

    by: By
    start: int
    end: int
    currency: str
    lines: list[Line]


@router.get("/usage", responses=sends(UsageOfYours))
async def show_usage(app: App, person: Asker) -> Response:
    """Say what you have used of the bounds that hold for you, and when each begins anew."""
    meter = app.meter
    await meter.look()
    asker = await app.askers.of(person)
    if not meter.bounds_hold_for(asker):
        return Json(UsageOfYours([]), headers=_NEVER_KEPT)
    standings = await meter.standings(asker, party_of(person).key)
    bounds = [_bound(one, meter.rules.currency) for one in standings]
    over = meter.rules.over
    has_over = bool(over) and over in (await app.models_of(person)).names
    return Json(UsageOfYours(bounds, over if has_over else None, meter.rules.currency), headers=_NEVER_KEPT)


@of_operators.get("/api/operators/usage")
async def report_usage(
    request: Request,
    app: App,
    person: Asker,
    by: By = "person",
    first: Annotated[str, Query(alias="from")] = "",
    last: Annotated[str, Query(alias="to")] = "",
    format: Literal["json", "csv"] = "json",  # noqa: A002 (the word of many APIs)
) -> Response:
    """Report what was used, by person, group, model, key or day, to operators."""
    check_operator(person, request)
    start, end = period(first, last, time.time(), app.meter.zone)
    totals = await app.meter.report(by, start, end)
    if format == "csv":
        return Response(as_csv(totals), media_type="text/csv; charset=utf-8", headers=_NEVER_KEPT)
    names = await app.operating.names({one.name for one in totals} if by in ("person", "group", "key") else ())
    lines = [_line(one, names.get(one.name, "")) for one in totals]
    return Json(Report(by, start, end, app.meter.rules.currency, lines), headers=_NEVER_KEPT)


@of_operators.get("/operators/usage")
async def show_usage_page(
    request: Request,
    app: App,
    person: Asker,
    first: Annotated[str, Query(alias="from")] = "",
    last: Annotated[str, Query(alias="to")] = "",
) -> Response:
    """Show what was used day by day, and by model, person, group and key, to operators."""
    check_operator(person, request)
    start, end = period(first, last, time.time(), app.meter.zone)
    found = {by: await app.meter.report(by, start, end) for by in ("day", "model", "person", "group", "key")}
    days = [
        (name, next((one for one in found["day"] if one.name == name), None)) for _, name in app.meter.days(start, end)
    ]
    names = await app.operating.names({one.name for one in found["group"]})
    parts = "".join(
        _table(by, found[by], names if by == "group" else {}, app.meter.rules.currency)
        for by in ("model", "person", "group", "key", "day")
    )
    page = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Usage – Hubbub</title><style>{_STYLE}</style></head><body><main>
<h1>What people use</h1>
<form><label>From <input type="date" name="from" value="{days[0][0]}"></label>
<label>to <input type="date" name="to" value="{days[-1][0]}"></label> <button>Show</button></form>
<h2>Tokens a day</h2>{_chart(days)}
{parts}</main></body></html>
"""
    return HTMLResponse(page, headers=_NEVER_KEPT | {"content-security-policy": _POLICY})


def _bound(one: Standing, currency: str) -> BoundOfYours:
    bound, counter = one.bound, one.counter

    def shown(amount: int) -> int | str:
        return as_text(amount) if bound.measure == "money" else amount

    return BoundOfYours(
        counter.scope,
        bound.measure,
        bound.window,
        shown(bound.most),
        shown(one.used),
        shown(one.remaining),
        counter.end,
        5 * one.used >= 4 * bound.most,
        one.used >= bound.most,
        in_words(bound, currency),
        counter.name or counter.subject if counter.scope == "group" else "",
    )


def _line(one: Total, label: str) -> Line:
    return Line(
        one.name,
        one.questions,
        one.answers,
        one.input_tokens,
        one.cached_tokens,
        one.output_tokens,
        one.reasoning_tokens,
        as_text(one.money),
        one.estimated,
        label,
    )


def _chart(days: Sequence[tuple[str, Total | None]]) -> str:
    """Return the tokens of each day as bars; the figures stand in the table below."""
    tokens = [0 if one is None else one.input_tokens + one.output_tokens for _, one in days]
    most = max(tokens, default=0) or 1
    bars = "".join(
        f"<rect x='{place * _BAR}' y='{_HEIGHT - height:.1f}' width='{_BAR - 2}' height='{height:.1f}'>"
        f"<title>{escape(name)}: {count:,} tokens</title></rect>"
        for place, ((name, _), count) in enumerate(zip(days, tokens, strict=True))
        if (height := _HEIGHT * count / most)
    )
    words = f"Tokens a day from {days[0][0]} to {days[-1][0]}, at most {max(tokens, default=0):,}."
    return (
        f"<svg role='img' aria-label='{escape(words)}' viewBox='0 0 {len(days) * _BAR} {_HEIGHT}' "
        f"preserveAspectRatio='none'>{bars}</svg><p>{escape(words)}</p>"
    )


def _table(by: str, totals: Sequence[Total], labels: Mapping[str, str], currency: str) -> str:
    if not totals:
        return ""
    rows = "".join(
        f"<tr><th scope='row'>{escape(labels.get(one.name, one.name)) or 'none'}</th>"
        f"<td>{one.questions:,}</td><td>{one.input_tokens:,}</td>"
        f"<td>{one.cached_tokens:,}</td><td>{one.output_tokens:,}</td><td>{one.reasoning_tokens:,}</td>"
        f"<td>{to_the_cent(one.money)} {escape(currency)}</td><td>{one.estimated:,}</td></tr>"
        for one in totals
    )
    heads = ("Questions", "Tokens in", "of them cached", "Tokens out", "of them thoughts", "Money", "Estimated")
    names = "".join(f"<th scope='col'>{head}</th>" for head in heads)
    return (
        f"<h2>By {by}</h2><div class='wide' role='region' aria-label='By {by}' tabindex='0'>"
        f"<table><thead><tr><th scope='col'>{by.capitalize()}</th>{names}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )
