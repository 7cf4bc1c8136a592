"""Rights from before groups carried their provider: whose they become, and how they are named from then on."""

import logging
from pathlib import Path
from typing import Any

import pytest

from hubbub.cli.sharing import seen_by, subject_of
from hubbub.compose.azure import azure_faults
from hubbub.compose.claims import settle_claims
from hubbub.compose.databases import library_in
from hubbub.connections.sqlite import Connection
from hubbub.core.errors import Invalid
from hubbub.core.people import OPERATOR_ID, Permission, Person, Reader, Right, reader_of
from hubbub.search.azure_query import let_in
from hubbub.search.library_sqlite import STEPS, SqliteLibrary
from hubbub.search.sqlite import ROOM, SCHEMA
from hubbub.settings import Settings

HOUSE = {"issuer": "https://a.example", "client_id": "x"}
PROXY = {"kind": "oauth2-proxy", "addresses": ["10.0.0.7"]}
STAFF = Person("ada", groups=frozenset({"house/staff"}))


def settings(**identity: Any) -> Settings:
    return Settings(identity=identity)  # type: ignore[arg-type]


async def old_library(folder: Path) -> None:
    """Write a library as it was: with rights of a group of any provider."""
    async with library_in(folder) as database:
        await database.migrate(ROOM, SCHEMA)
        async with SqliteLibrary(database) as library:
            made = await library.create("Plans", owner_id=OPERATOR_ID, is_shared=False)
        row = (made.id, "claim:staff", 2)
        await database.write(Connection.all, "insert into permission values (?, ?, ?)", row)
        step = STEPS.index("unscope_claims") + 1
        await database.write(Connection.all, "delete from migration where room = 'library' and step = ?", (step,))


async def seen(library: SqliteLibrary, person: Person) -> list[str]:
    return [one.name for one in await library.collections(reader=reader_of(person))]


@pytest.mark.parametrize(
    ("identity", "groups"),
    [
        ({"oidc": {"house": HOUSE}}, "house/staff"),
        ({"proxies": {"house": PROXY}}, "house/staff"),
        ({}, "staff"),
    ],
)
async def test_they_become_those_of_the_one_provider_or_of_the_application_around(
    tmp_path: Path, identity: dict[str, Any], groups: str
) -> None:
    await old_library(tmp_path)
    bob = Person("bob", groups=frozenset({groups}))
    async with library_in(tmp_path) as database, SqliteLibrary(database) as library:
        assert await seen(library, bob) == []
        await settle_claims(library, settings(**identity))
        assert await seen(library, bob) == ["Plans"]
        assert await seen(library, Person("eve", groups=frozenset({"else/staff"}))) == []
        await settle_claims(library, settings(oidc={"late": HOUSE}))
        assert await seen(library, bob) == ["Plans"], "once"


async def test_with_several_providers_they_are_nobodys_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await old_library(tmp_path)
    several = settings(oidc={"house": HOUSE, "other": HOUSE})
    async with library_in(tmp_path) as database, SqliteLibrary(database) as library:
        with caplog.at_level(logging.WARNING):
            await settle_claims(library, several)
        assert "hubbub collections share 'Plans' --with claim:PROVIDER/staff" in caplog.text
        assert await seen(library, STAFF) == []
        assert await seen(library, Person("eve", groups=frozenset({"other/staff", "staff"}))) == []
        [plans] = await library.collections()
        assert "a provider that is not named" in await seen_by(library, plans)
        await library.permissions.put(plans.id, [Permission("claim:house/staff", Right.USE)])
        assert await seen(library, STAFF) == ["Plans"]


async def test_the_command_line_wants_to_know_whose_a_group_is(tmp_path: Path) -> None:
    several = settings(oidc={"house": HOUSE}, proxies={"front": PROXY})
    async with library_in(tmp_path) as database:
        await database.migrate(ROOM, SCHEMA)
        async with SqliteLibrary(database) as library:
            assert await subject_of("claim:house/a/b", library.groups, several) == "claim:house/a/b"
            assert await subject_of("claim:staff", library.groups, settings()) == "claim:staff"
            for text in ("claim:staff", "claim:else/staff", "claim:/staff", "claim:house/"):
                with pytest.raises(Invalid, match=r"claim:house/NAME or claim:front/NAME"):
                    await subject_of(text, library.groups, several)


def test_an_index_lists_the_people_and_groups_of_one_provider() -> None:
    person = Person("ada", groups=frozenset({"entra/g-1", "other/g-2", "entra/a/b"}))
    [found] = let_in(reader_of(person), "", "groups", has_unrestricted=False, provider="entra")
    assert "g-1" in found
    assert "a/b" in found
    assert "g-2" not in found
    assert "entra" not in found
    [by_id] = let_in(
        Reader("p1", (), ids=("entra/o-1", "entra/aad:o-2", "other/o-3")),
        "oids",
        "",
        has_unrestricted=False,
        provider="entra",
    )
    assert all(one in by_id for one in ("o-1", "o-2"))
    assert not any(one in by_id for one in ("o-3", "p1", "entra", "aad"))
    [nobody] = let_in(reader_of(person), "", "groups", has_unrestricted=False, provider="third")
    assert "g-" not in nobody
    host = Reader("ada", ("claim:g-1",))
    assert "g-1" in let_in(host, "", "groups", has_unrestricted=False)[0]


def test_whose_groups_an_index_lists_has_to_be_said_where_several_could_be_meant() -> None:
    azure: dict[str, Any] = {"endpoint": "https://a.search.windows.net", "index": "i", "fields": "sample"}

    def faults(**more: Any) -> str:
        search = {"backend": "azure", "azure": azure | more}
        several = {"oidc": {"house": HOUSE, "other": HOUSE}}
        return " ".join(azure_faults(Settings(search=search, identity=several), {}))  # type: ignore[arg-type]

    assert "say whose groups the index lists (house, other)" in faults()
    assert "there is no provider 'third'" in faults(provider="third")
    assert faults(provider="house") == ""
    assert faults(names={"groups": ""}) == ""
