"""Quotas and usage of groups that were made here: counted by who is in them when they ask, named by id or by name."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from hubbub.answers.base import Found
from hubbub.app.askers import Askers
from hubbub.app.groups import Groups as GroupService
from hubbub.app.model_rights import ModelRights
from hubbub.app.own_groups import OwnGroups
from hubbub.compose.beside_chats import quotas_in
from hubbub.compose.metering import usage_in
from hubbub.connections.postgres import Postgres
from hubbub.connections.sqlite import Sqlite
from hubbub.core.answer import Answer
from hubbub.core.errors import Invalid, NotFound, OverQuota, StoreError
from hubbub.core.people import OPERATOR, Group, Member, Person
from hubbub.core.provisioned_groups import ProvisionedGroups
from hubbub.identity.deeds import Acting, acting
from hubbub.models.catalog import Catalog
from hubbub.models.scripted import ScriptedModel
from hubbub.search.base import Groups
from hubbub.search.library_postgres import PostgresLibrary
from hubbub.search.library_sqlite import SqliteLibrary
from hubbub.search.provisioned_postgres import PostgresProvisionedGroups
from hubbub.search.provisioned_sqlite import SqliteProvisionedGroups
from hubbub.search.sqlite import SqliteSearch
from hubbub.usage.base import QuotaStore, SetQuota, UsageStore
from hubbub.usage.bounds import read_bounds
from hubbub.usage.meter import Bill, Meter
from hubbub.usage.quotas import Rules, counted_group
from tests.usage.conftest import Serve
from tests.usage.test_application import answered
from tests.usage.test_meter import begin

ANN, BOB = Person("ann", groups=frozenset({"work/staff", "group:odd"})), Person("bob")
ROOT = Person("root", is_operator=True)


class Place(NamedTuple):
    """What is needed of one database."""

    groups: Groups
    provisioned: ProvisionedGroups
    usage: UsageStore
    quotas: QuotaStore

    @property
    def askers(self) -> Askers:
        return Askers(OwnGroups(self.groups))

    async def meter(self, each: str = "", **named: str) -> Meter:
        groups = {counted_group(name): read_bounds((text,)) for name, text in named.items()}
        rules = Rules(group=read_bounds((each,)) if each else (), groups=groups)
        meter = Meter(self.usage, rules=rules, quotas=self.quotas)
        await meter.look()
        return meter

    async def made(self, name: str, *people: Person) -> str:
        """Make a group of these people, and return how quotas name it."""
        group = await self.groups.create(name)
        for one in people:
            await self.groups.put_member(group.id, Member(one.id))
        return f"group:{group.id}"


@pytest.fixture
async def place(database: Sqlite | Postgres) -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        provisioned: SqliteProvisionedGroups | PostgresProvisionedGroups
        if isinstance(database, Sqlite):
            await stack.enter_async_context(SqliteSearch(database, None))
            groups: Groups = (await stack.enter_async_context(SqliteLibrary(database))).groups
            provisioned = SqliteProvisionedGroups(database, "acme")
        else:
            groups = (await stack.enter_async_context(PostgresLibrary(database))).groups
            provisioned = PostgresProvisionedGroups(database, "acme")
        await provisioned.open()
        usage = await stack.enter_async_context(usage_in(database))
        yield Place(groups, provisioned, usage, await stack.enter_async_context(quotas_in(database)))


async def used(meter: Meter, askers: Askers, person: Person) -> list[tuple[str, str, int, int]]:
    """Return what bounds of groups hold for somebody: the group, its name, the bound, and what is used of it."""
    standings = await meter.standings(await askers.of(person), person.id)
    return [(one.counter.subject, one.counter.name, one.bound.most, one.used) for one in standings]


async def asked(meter: Meter, askers: Askers, person: Person) -> Bill:
    """Ask a question, which is answered."""
    bill = await begin(meter, await askers.of(person))
    await meter.settling([Answer(bill.answer_id, state="done", model="m")])()
    return bill


async def test_a_question_counts_in_each_group_of_whoever_asks(place: Place) -> None:
    crew, staff = await place.made("Crew", ANN, BOB), await place.made("Staff", ANN)
    askers, meter = place.askers, await place.meter("9 questions per day", **{"group:CREW": "2 questions per day"})
    await asked(meter, askers, ANN)
    await asked(meter, askers, BOB)
    own = sorted([(crew, "Crew", 2, 2), (staff, "Staff", 9, 1)])
    assert await used(meter, askers, ANN) == [*own, ("claim:group:odd", "", 9, 1), ("work/staff", "", 9, 1)]
    with pytest.raises(OverQuota, match="quota of the group 'Crew' is used up: 2 questions per day"):
        await begin(meter, await askers.of(BOB))
    found = {one.name: one.questions for one in await meter.report("group", 0, int(3e9))}
    assert found == {crew: 2, staff: 1, "claim:group:odd": 1, "work/staff": 1}


async def test_who_joins_or_leaves_counts_so_from_the_next_question_on(place: Place) -> None:
    crew = await place.made("Crew")
    askers, meter = place.askers, await place.meter("9 questions per day")
    assert await used(meter, askers, BOB) == []
    await place.groups.put_member(crew.removeprefix("group:"), Member(BOB.id))
    await asked(meter, askers, BOB)
    assert await used(meter, askers, BOB) == [(crew, "Crew", 9, 1)]
    await place.groups.remove_member(crew.removeprefix("group:"), BOB.id)
    await asked(meter, askers, BOB)
    await place.groups.put_member(crew.removeprefix("group:"), Member(BOB.id))
    assert await used(meter, askers, BOB) == [(crew, "Crew", 9, 1)]


async def test_without_bounds_groups_are_recorded_too(place: Place) -> None:
    crew = await place.made("Crew", BOB)
    meter = await place.meter()
    assert (await asked(meter, place.askers, BOB)).reserving is None
    assert [(one.name, one.questions) for one in await meter.report("group", 0, int(3e9))] == [(crew, 1)]


async def test_an_id_outlives_another_name_and_a_name_goes_by_it(place: Place) -> None:
    team = await place.provisioned.add("Team", "t-1", [BOB.id])
    subject = f"group:{team.id}"
    askers, meter = place.askers, await place.meter(**{"group:team": "2 questions per day"})
    await asked(meter, askers, BOB)
    assert await used(meter, askers, BOB) == [(subject, "Team", 2, 1)]
    await place.provisioned.change(team.id, lambda group: replace(group, name="Others"))
    assert await used(meter, askers, BOB) == []
    wanted = SetQuota("group", subject, ("7 questions per day",), "root", 5.0)
    assert await place.quotas.change("group", subject, known=None, wanted=wanted)
    meter = await place.meter(**{"group:Others": "3 questions per day"})
    assert await used(meter, askers, BOB) == [(subject, "Others", 7, 1)]


async def test_a_quota_goes_with_its_group(place: Place) -> None:
    crew = await place.made("Crew", BOB)
    meter = await place.meter(**{"group:Crew": "3 questions per day"})
    wanted = SetQuota("group", crew, ("7 questions per day",), "root", 5.0)
    assert await place.quotas.change("group", crew, known=None, wanted=wanted)
    service = GroupService(place.groups, on_deleted=meter.forget_group)
    await service.delete(OPERATOR, crew.removeprefix("group:"))
    assert await place.quotas.quotas() == []
    again = await place.made("crew", BOB)
    await meter.look()
    assert await used(meter, place.askers, BOB) == [(again, "crew", 3, 0)]


async def test_an_answer_that_is_taken_over_counts_in_the_groups_of_its_owner(place: Place) -> None:
    crew = await place.made("Crew", BOB)
    asker = await place.askers.of_found(Found("a1", BOB.id, credential="k1"))
    assert (asker.person, asker.key, asker.groups) == (BOB.id, "k1", (crew,))


class Counted:
    """Groups of one person, and how often they were looked up."""

    def __init__(self) -> None:
        self.looks = 0
        self.is_broken = False

    async def groups(self, person_id: str | None = None) -> Sequence[Group]:
        self.looks += 1
        if self.is_broken:
            raise StoreError("It is not there.")
        return [Group("g1", "Keepers")]


async def test_a_request_looks_groups_up_once_for_all_that_needs_them() -> None:
    store = Counted()
    groups = OwnGroups(store)  # type: ignore[arg-type]
    rights = ModelRights(Catalog([ScriptedModel(name="vault")]), {"vault": ["group:keepers"]}, groups)
    askers = Askers(groups)
    token = acting.set(Acting(BOB.id, lambda: ""))
    try:
        for _ in range(2):
            assert (await rights.catalog(BOB)).names == ("vault",)
            assert (await askers.of(BOB)).names == (("group:g1", "Keepers"),)
    finally:
        acting.reset(token)
    assert store.looks == 1
    await askers.of(BOB)
    assert store.looks == 2, "another request"


async def test_groups_that_cannot_be_looked_up_are_as_they_were_known() -> None:
    store = Counted()
    askers = Askers(OwnGroups(store))  # type: ignore[arg-type]
    before = await askers.of(BOB)
    store.is_broken = True
    assert await askers.of(BOB) == before
    assert (await askers.of(ANN)).groups == ("claim:group:odd", "work/staff")


async def test_a_quota_is_set_by_name_and_kept_by_id(opened: Serve) -> None:
    async with opened(groups={"group:Crew": ["1 questions per day"], "students": ["5 questions per day"]}) as app:
        crew = f"group:{(await app.groups.make(ROOT, 'Crew')).id}"
        await app.groups.put_member(ROOT, crew.removeprefix("group:"), Member(BOB.id))
        students = f"group:{(await app.groups.make(ROOT, 'Students')).id}"
        await answered(app, BOB)
        with pytest.raises(OverQuota):
            await answered(app, BOB)
        await app.quotas.set(ROOT, "group", "crew", ["2 questions per day"])
        await answered(app, BOB)
        await app.quotas.set(ROOT, "group", "group:students", ["6 questions per day"])
        await app.quotas.set(ROOT, "group", "claim:pupils", ["7 questions per day"])
        found = [(one.subject, one.texts, one.in_settings) for one in await app.quotas.list()]
        assert found == sorted(
            [
                (crew, ("2 questions per day",), ("1 questions per day",)),
                (students, ("6 questions per day",), None),
                ("pupils", ("7 questions per day",), None),
                ("students", ("5 questions per day",), ("5 questions per day",)),
            ]
        )
        with pytest.raises(NotFound, match="no group “Nobody” that was made here"):
            await app.quotas.set(ROOT, "group", "group:Nobody", [])
        await app.quotas.remove(ROOT, "group", "Crew")
        with pytest.raises(OverQuota):
            await answered(app, BOB)
        await app.quotas.set(ROOT, "group", "students", ["8 questions per day"])
        await app.groups.delete(ROOT, students.removeprefix("group:"))
        left = [(one.subject, one.texts, one.source) for one in await app.quotas.list()]
        assert left == sorted(
            [
                (crew, ("1 questions per day",), "settings"),
                ("pupils", ("7 questions per day",), "set"),
                ("students", ("8 questions per day",), "set"),
            ]
        )
        with pytest.raises(Invalid, match="leave out for whom"):
            await app.quotas.set(ROOT, "server", crew, [])
