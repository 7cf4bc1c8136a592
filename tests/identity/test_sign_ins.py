"""People and their sign-ins, in a real database that several workers share."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hubbub.compose.beside_chats import accounts_in, people_in, sign_ins_in
from hubbub.compose.databases import chats_in
from hubbub.connections.sqlite import Connection
from hubbub.core.errors import Conflict, NotAllowed, NotFound
from hubbub.identity.accounts_sqlite import Link
from hubbub.identity.base import EmailTaken, People
from hubbub.identity.people_sqlite import SCRIPTS
from hubbub.identity.sign_ins import MOST_OF_PERSON, SignIns, cookies_in, id_in
from tests.databases import run_sql
from tests.places import Place


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def _files(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.iterdir() if path.is_file()]


@asynccontextmanager
async def worker(place: Place, clock: Clock | None = None) -> AsyncGenerator[tuple[People, SignIns]]:
    clock = clock or Clock()
    async with (
        place.database() as database,
        people_in(database) as people,
        sign_ins_in(database) as store,
        SignIns(store, idle_seconds=1000, total_seconds=5000, clock=clock, wall_clock=clock) as sign_ins,
    ):
        yield people, sign_ins


async def test_a_person_is_made_once_for_a_subject_and_brought_up_to_date(place: Place) -> None:
    async with worker(place) as (people, _):
        first = await people.known("entra", "1", name="Ada", email="ada@example.org", groups=["b", "a", "a"])
        again = await people.known("entra", "1", name="Ada L.", email="ada@example.org", groups=["c"], is_operator=True)
        other = await people.known("google", "1", name="Ada", email="ada@elsewhere.example", groups=["c"])
        found = await people.find(first.id)
        listed = await people.people()
    assert first.groups == {"entra/a", "entra/b"}
    assert not first.is_operator
    assert again.id == first.id
    assert (again.name, again.groups, again.is_operator) == ("Ada L.", {"entra/c"}, True)
    assert other.id != first.id, "a subject is one provider's"
    assert other.groups == {"google/c"}, "and so is a group"
    assert found is not None
    assert found.providers == ("entra",)
    assert [one.id for one in listed] == [first.id, other.id]


VERIFIED = {"email": "Ada@Example.org", "is_email_verified": True}


async def test_who_gives_the_e_mail_of_somebody_else_is_refused_unless_both_are_verified_and_a_setting_links(
    place: Place,
) -> None:
    async with worker(place) as (people, _):
        ada = await people.known("entra", "1", name="Ada", **VERIFIED)
        with pytest.raises(EmailTaken) as caught:
            await people.known("google", "1", **VERIFIED)
        assert "links_by_email is off" in caught.value.for_operators
        assert ada.id not in caught.value.message
        with pytest.raises(EmailTaken, match="not verified there"):
            await people.known("google", "1", email=" ada@example.ORG", links_by_email=True)
        assert len(await people.people()) == 1
        linked = await people.known("google", "1", **VERIFIED, links_by_email=True, groups=["team"])
        assert (linked.id, linked.groups) == (ada.id, {"google/team"})
        assert linked.ids == {"entra/1", "google/1"}
        assert (await people.known("google", "1", email="else@example.org")).id == ada.id, "known by the subject"
        await people.known("entra", "9", is_operator=True)
        await people.set_active(ada.id, is_active=False)
        with pytest.raises(EmailTaken, match="who is disabled"):
            await people.known("keycloak", "1", email="else@example.org", is_email_verified=True, links_by_email=True)


@pytest.mark.parametrize(
    ("victims", "others"),
    [
        ("ada@strasse.example", "ada@straße.example"),
        ("strauss@example.org", "strauß@example.org"),
        ("fiona@example.org", "ﬁona@example.org"),
        ("bob2@example.org", "bob²@example.org"),
        ("sam@example.org", "ſam@example.org"),
    ],
)
async def test_a_mailbox_that_is_only_written_alike_is_somebody_else_s(place: Place, victims: str, others: str) -> None:
    async with worker(place) as (people, _):
        ada = await people.known("entra", "1", email=victims, is_email_verified=True)
        said = {"is_email_verified": True, "links_by_email": True}
        assert (await people.known("google", "1", email=others, **said)).id != ada.id
        assert (await people.known("google", "2", email=victims.upper(), **said)).id == ada.id


async def test_nobody_is_invited_by_the_e_mail_of_somebody_who_signs_in_elsewhere(place: Place) -> None:
    def link(email: str, *, is_operator: bool = False) -> Link:
        return Link("invitation", None, email, "", is_operator, 0.0, 1e12)

    async with worker(place) as (people, _), place.database() as database, accounts_in(database) as accounts:
        await accounts.add_link(link("bob@example.org"), b"bob")
        await people.known("entra", "1", **VERIFIED)
        await people.known("entra", "2", email="bob@example.org")
        with pytest.raises(Conflict, match="signs in at a provider"):
            await accounts.add_link(link("ada@example.org"), b"ada")
        with pytest.raises(Conflict, match="signs in at a provider"):
            await accounts.use_link(b"bob", "hash", email="", name="")
        await accounts.add_link(link("ada@example.org", is_operator=True), b"root")
        made = await accounts.use_link(b"root", "hash", email="", name="")
        assert made.is_operator, "who runs the machine gets in in any case"


async def test_an_e_mail_that_was_only_said_neither_links_nor_keeps_out_who_has_it_verified(place: Place) -> None:
    async with worker(place) as (people, _):
        squatter = await people.known("public", "1", email="ada@example.org")
        with pytest.raises(EmailTaken):
            await people.known("public", "2", email="ada@example.org", links_by_email=True)
        ada = await people.known("entra", "1", **VERIFIED, links_by_email=True)
        found = await people.find(squatter.id)
        assert ada.id != squatter.id
        assert found is not None
        assert found.email == ""
        await people.known("public", "1", email="ada@example.org")
        found = await people.find(squatter.id)
        assert found is not None
        assert found.email == "", "it is somebody else's now"


async def test_what_a_provider_does_not_say_stays_as_it_was(place: Place) -> None:
    async with worker(place) as (people, _):
        await people.known("entra", "1", name="Ada", email="ada@example.org", groups=["team"], is_operator=True)
        again = await people.known("entra", "1", groups=None)
        assert (again.name, again.groups, again.is_operator) == ("Ada", {"entra/team"}, True)
        assert (await people.known("entra", "1", groups=[])).groups == frozenset()


async def test_people_of_before_e_mails_were_compared_are_compared_too(tmp_path: Path) -> None:
    async with chats_in(tmp_path) as database:
        await database.migrate("people", SCRIPTS[:1])
        await database.write(
            Connection.all, "insert into person values ('p1', 'Ada', 'Ada@example.org', 0, 1, 1.0, null)"
        )
    async with worker(Place(tmp_path)) as (people, _):
        with pytest.raises(EmailTaken):
            await people.known("entra", "1", email="ada@example.org")


async def test_a_sign_in_is_found_by_its_cookie_alone_which_is_stored_nowhere(place: Place) -> None:
    async with worker(place) as (people, sign_ins):
        ada = await people.known("entra", "1", name="Ada")
        cookie = await sign_ins.begin(ada.id, provider="entra", agent="Browser")
        person = await sign_ins.person(cookie)
        sign_in_id = id_in(cookie)
        wrong = [await sign_ins.person(one) for one in ("", "x", cookie[:-1] + "!", f"{sign_in_id}.{'a' * 43}")]
    assert person == ada
    assert wrong == [None] * 4
    async with place.database() as database:
        rows = await run_sql(database, "select * from sign_in")
    secret = cookie.partition(".")[2]
    assert secret not in str(rows)
    assert not any(secret.encode() in one for one in _files(place.folder))


async def test_each_sign_in_has_a_new_cookie_and_a_person_so_many_at_most(place: Place) -> None:
    clock = Clock()
    async with worker(place, clock) as (people, sign_ins):
        ada = await people.known("entra", "1")
        cookies: list[str] = []
        for _ in range(MOST_OF_PERSON + 2):
            clock.now += 1
            cookies.append(await sign_ins.begin(ada.id, provider="entra"))
        good = [cookie for cookie in cookies if await sign_ins.person(cookie) is not None]
    assert len(set(cookies)) == len(cookies)
    assert good == cookies[2:]


@pytest.mark.parametrize("way", ["one", "all", "session", "disabled"])
async def test_what_ends_in_one_worker_has_ended_in_the_others(place: Place, way: str) -> None:
    there = Clock()
    async with worker(place) as (people, sign_ins), worker(place, there) as (_, elsewhere):
        ada, root = await people.known("entra", "1"), await people.known("entra", "2", is_operator=True)
        cookie = await sign_ins.begin(ada.id, provider="entra", provider_session="s1")
        other = await sign_ins.begin(root.id, provider="entra", provider_session="s2")
        assert await elsewhere.person(cookie) == ada
        match way:
            case "one":
                await sign_ins.end(id_in(cookie) or "")
            case "all":
                await sign_ins.end_of(ada.id)
            case "session":
                await sign_ins.end_session("entra", "s1")
            case _:
                await people.set_active(ada.id, is_active=False)
        ended = await elsewhere.ended([id_in(cookie) or "", id_in(other) or "", "nonsense"])
        there.now += 0.6
        assert await elsewhere.person(cookie) is None
        assert await elsewhere.person(other) == root
        assert await sign_ins.person(cookie) is None
    assert ended == {id_in(cookie), "nonsense"}


async def test_what_changes_of_a_person_reaches_the_other_workers(place: Place) -> None:
    there = Clock()
    async with worker(place) as (people, sign_ins), worker(place, there) as (_, elsewhere):
        ada = await people.known("entra", "1", groups=["team"])
        cookie = await sign_ins.begin(ada.id, provider="entra")
        assert await elsewhere.person(cookie) == ada
        await people.known("entra", "1", groups=[])
        there.now += 0.6
        person = await elsewhere.person(cookie)
    assert person is not None
    assert person.groups == frozenset()


async def test_a_sign_in_ends_when_it_is_idle_or_old(place: Place) -> None:
    clock = Clock()
    async with worker(place, clock) as (people, sign_ins):
        ada = await people.known("entra", "1")
        idle = await sign_ins.begin(ada.id, provider="entra")
        used = await sign_ins.begin(ada.id, provider="entra")
        for _ in range(9):
            clock.now += 500
            assert await sign_ins.person(used) == ada
        assert await sign_ins.person(idle) is None
        assert await sign_ins.ended([id_in(idle) or ""]) == {id_in(idle)}
        clock.now += 600
        assert await sign_ins.person(used) is None, "it is too old, however much it is used"
        assert await sign_ins.ended([id_in(used) or ""]) == {id_in(used)}


async def test_what_is_known_is_not_asked_again(place: Place) -> None:
    """Costs one read of a number in half a second, however many ask."""
    clock = Clock()
    async with worker(place, clock) as (people, sign_ins), place.database() as database:
        ada = await people.known("entra", "1")
        cookie = await sign_ins.begin(ada.id, provider="entra")
        assert await sign_ins.person(cookie) == ada
        await run_sql(database, "update person set name = 'behind its back'")
        clock.now += 0.6
        assert await sign_ins.person(cookie) == ada


async def test_a_disabled_person_is_not_let_in_and_the_last_operator_stays_one(place: Place) -> None:
    async with worker(place) as (people, _):
        ada = await people.known("entra", "1", is_operator=True)
        with pytest.raises(Conflict):
            await people.set_active(ada.id, is_active=False)
        bob = await people.known("entra", "2")
        await people.set_operator(bob.id, is_operator=True)
        await people.set_active(ada.id, is_active=False)
        with pytest.raises(Conflict):
            await people.set_operator(bob.id, is_operator=False)
        with pytest.raises(NotAllowed):
            await people.known("entra", "1", is_operator=True)
        with pytest.raises(NotFound):
            await people.set_active("nobody", is_active=False)
        found = await people.find(bob.id)
    assert found is not None
    assert found.is_operator, "what was refused has changed nothing"


def test_a_cookie_of_this_very_host_goes_before_others() -> None:
    headers = {"cookie": 'a="; hubbub_sign_in=planted; b; __Host-hubbub_sign_in=own'}
    assert cookies_in(headers) == ["own", "planted"]
