"""Quotas that operators set: kept in both databases, in force on all workers, recorded, gone with whom they are for."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hubbub.app.questions import Place
from hubbub.app.quotas import Quotas
from hubbub.audit.base import Filter
from hubbub.compose.beside_chats import quotas_in
from hubbub.compose.metering import usage_in
from hubbub.connections.postgres import Postgres
from hubbub.connections.sqlite import Sqlite
from hubbub.core.answer import Answer
from hubbub.core.errors import HubbubError, Invalid, NotFound, OverQuota
from hubbub.core.people import Limits, Person
from hubbub.core.questions import Question
from hubbub.usage.base import Asker, QuotaStore, SetQuota, UsageStore
from hubbub.usage.bounds import read_bound, read_bounds
from hubbub.usage.meter import Meter
from hubbub.usage.quotas import Rules, RulesInForce
from tests.usage.conftest import Serve
from tests.usage.test_application import ANN, answered

ROOT = Person("root", is_operator=True)
ONE = SetQuota("person", "ann", ("1 questions per day",), "root", 5.0)


@pytest.fixture
async def quotas(database: Sqlite | Postgres) -> AsyncIterator[QuotaStore]:
    async with quotas_in(database) as store:
        yield store


@pytest.fixture
async def usage(database: Sqlite | Postgres) -> AsyncIterator[UsageStore]:
    async with usage_in(database) as store:
        yield store


async def put(quotas: QuotaStore, one: SetQuota, known: SetQuota | None = None) -> bool:
    return await quotas.change(one.scope, one.subject, known=known, wanted=one)


async def test_what_is_set_is_kept_and_told_by_another_revision(quotas: QuotaStore) -> None:
    revisions = [await quotas.revision()]
    each = SetQuota("person", "", ("9 tokens per hour", "0.50 money per month"), "root", 6.0)
    none = SetQuota("key", "k/1", (), "", 7.0)
    for one in (ONE, each, none):
        assert await put(quotas, one)
        revisions.append(await quotas.revision())
    assert await quotas.quotas() == [none, each, ONE]
    assert await quotas.change("person", "ann", known=ONE, wanted=None)
    revisions.append(await quotas.revision())
    assert await quotas.quotas() == [none, each]
    assert len(set(revisions)) == len(revisions)


async def test_who_knows_an_older_one_changes_nothing(quotas: QuotaStore) -> None:
    assert await put(quotas, ONE)
    other = SetQuota("person", "ann", (), "eve", 6.0)
    assert not await put(quotas, other)
    assert not await quotas.change("person", "ann", known=other, wanted=None)
    done = await asyncio.gather(put(quotas, other, ONE), quotas.change("person", "ann", known=ONE, wanted=None))
    assert sorted(done) == [False, True]


async def test_whoever_is_forgotten_is_named_nowhere(quotas: QuotaStore) -> None:
    for one in (ONE, SetQuota("group", "ann", (), "ann", 6.0), SetQuota("key", "k1", (), "root", 7.0)):
        assert await put(quotas, one)
    assert await quotas.forget_person("ann") == 2
    await quotas.forget("key", "k1")
    assert await quotas.quotas() == [SetQuota("group", "ann", (), "", 6.0)]


async def test_another_worker_knows_once_it_looks_anew(quotas: QuotaStore, usage: UsageStore) -> None:
    rules = Rules(person=read_bounds(("9 questions per day",)))
    now = 0.0
    in_force = RulesInForce(rules, quotas, clock=lambda: now)
    assert await in_force.look()
    assert in_force.rules == rules
    assert await put(quotas, ONE)
    assert not await in_force.look(), "asked again within the moment"
    now = 0.6
    assert await in_force.look()
    assert in_force.rules == Rules(person=rules.person, people={"ann": read_bounds(ONE.texts)})
    now = 1.2
    assert not await in_force.look(), "nothing was changed"
    meter = Meter(usage, quotas=quotas)
    await meter.look()
    assert [one.bound for one in await meter.standings(Asker("ann"), "ann")] == [read_bound("1 questions per day")]


async def test_what_was_reserved_is_settled_by_a_worker_that_knew_of_no_bound(
    database: Sqlite | Postgres, quotas: QuotaStore
) -> None:
    async with usage_in(database, has_bounds=False) as one, usage_in(database, has_bounds=False) as other:
        assert await put(quotas, ONE)
        first, second = Meter(one, quotas=quotas), Meter(other)
        await first.look()
        bill = first.bill("a1", Asker("ann"), "ann", "m", 10, 10)
        assert bill.reserving is not None
        await bill.reserving()
        second.adopt("a1", Asker("ann"))
        await second.settling([Answer("a1", state="failed", model="m")])()
        assert [one.used for one in await first.standings(Asker("ann"), "ann")] == [0]


async def test_what_is_set_holds_at_once_in_place_of_the_settings(opened: Serve) -> None:
    async with opened(person=["1 questions per day"], people={"bob": ["5 questions per day"]}) as app:
        await answered(app, ANN)
        with pytest.raises(OverQuota):
            await app.questions.ask(ANN, Question("One more"), Place())
        await app.quotas.set(ROOT, "person", "ann", ["2 questions per day"])
        await answered(app, ANN)
        with pytest.raises(OverQuota):
            await app.questions.ask(ANN, Question("One more"), Place())
        await app.quotas.set(ROOT, "person", "ann", [])
        await answered(app, ANN)
        await app.quotas.remove(ROOT, "person", "ann")
        with pytest.raises(OverQuota):
            await app.questions.ask(ANN, Question("One more"), Place())
        await app.quotas.set(ROOT, "server", "", ["1_0 tokens per hour", "1.5 money per month"])
    async with opened(person=["1 questions per day"], people={"bob": ["5 questions per day"]}) as app:
        found = [(one.scope, one.subject, one.texts, one.source, one.set_by) for one in await app.quotas.list()]
        assert found == [
            ("server", "", ("10 tokens per hour", "1.50 money per month"), "set", "root"),
            ("person", "", ("1 questions per day",), "settings", ""),
            ("person", "bob", ("5 questions per day",), "settings", ""),
        ]


async def test_a_smaller_model_answers_once_that_is_set(opened: Serve) -> None:
    async with opened(person=["1 questions per day"]) as app:
        await answered(app, ANN)
        await app.quotas.set_over(ROOT, "small")
        assert (await answered(app, ANN)).model == "small"
        with pytest.raises(NotFound):
            await app.quotas.set_over(ROOT, "smaller")
        await app.quotas.set_over(ROOT, "")
        with pytest.raises(OverQuota):
            await app.questions.ask(ANN, Question("One more"), Place())


async def test_each_change_is_recorded_with_what_was_before(opened: Serve) -> None:
    async with opened(person=["1 questions per day"]) as app:
        await app.quotas.set(ROOT, "person", "", ["2 questions per day", "9 tokens per hour"])
        await app.quotas.remove(ROOT, "person", "")
        await app.quotas.set(ROOT, "person", "ann", [])
        assert app.audit is not None
        entries = [one for _, one in (await app.audit.find(Filter(who="root"), before=0, limit=9)).entries]
    assert [(one.deed, one.what, one.detail) for one in reversed(entries)] == [
        ("quota set", "person", "each person; before: 1 questions/day; after: 2 questions/day, 9 tokens/hour"),
        ("quota removed", "person", "each person; before: 2 questions/day, 9 tokens/hour; after: 1 questions/day"),
        ("quota set", "ann", "person; before: not set; after: none"),
    ]


@pytest.mark.parametrize(
    ("scope", "subject", "bounds", "kind", "said"),
    [
        ("person", "ann", ["many questions per day"], Invalid, "Write one such as “50 questions per day”"),
        ("person", "ann", ["1 questions per day", "2 questions per day"], Invalid, "Keep one of them"),
        ("person", "ann", [f"{one} tokens per day" for one in range(7)], Invalid, "Remove some"),
        ("person", "ann", [f"{'9' * 40} tokens per day"], Invalid, "is no bound"),
        ("server", "ann", ["1 questions per day"], Invalid, "leave out for whom"),
        ("key", "no-key", ["1 questions per day"], NotFound, "`hubbub keys list`"),
        ("group", "g" * 301, ["1 questions per day"], Invalid, "300 characters"),
    ],
)
async def test_what_cannot_be_set_says_what_to_do(
    opened: Serve, scope: Any, subject: str, bounds: list[str], kind: type[HubbubError], said: str
) -> None:
    async with opened() as app:
        with pytest.raises(kind, match=said):
            await app.quotas.set(ROOT, scope, subject, bounds)
        with pytest.raises(NotFound, match="No quota is set"):
            await app.quotas.remove(ROOT, scope, subject)
        assert await app.quotas.list() == []


async def test_a_group_is_named_with_its_provider(opened: Serve) -> None:
    async with opened() as app:
        quotas = Quotas(app.meter, app.catalog, app.directory, app.library.groups, providers=["entra"])
        with pytest.raises(Invalid, match="Name it as in “entra/staff”"):
            await quotas.set(ROOT, "group", "staff", [])
        await quotas.set(ROOT, "group", "entra/staff", ["9 tokens per day"])
        asker = Asker("ann", groups=("entra/staff",))
        await app.meter.look()
        assert [one.counter.subject for one in await app.meter.standings(asker, "ann")] == ["entra/staff"]


async def test_a_quota_goes_with_its_key(opened: Serve) -> None:
    async with opened() as app:
        assert app.own_keys is not None
        for name in ("one", "other"):
            await app.own_keys.make(ANN, name, Limits(), None)
        one, other = await app.own_keys.list(ANN)
        for key in (one, other):
            await app.quotas.set(ROOT, "key", key.id, ["1 questions per day"])
        await app.own_keys.revoke(ANN, one.id)
        assert [found.subject for found in await app.quotas.list()] == [other.id]
        with pytest.raises(NotFound):
            await app.quotas.set(ROOT, "key", one.id, [])
        await app.keys.forget_person(ANN.id)  # type: ignore[union-attr]
        assert await app.quotas.list() == []
