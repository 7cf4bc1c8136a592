"""Where documents came from is known, and each name is one file's, in each database."""

import pytest

from hubbub.connections.postgres import Postgres
from hubbub.connections.sqlite import Sqlite
from hubbub.ingest.origins import Origin, Origins, SqliteOrigins
from hubbub.ingest.origins_postgres import PostgresOrigins


@pytest.fixture
async def origins(database: Sqlite | Postgres) -> Origins:
    made = SqliteOrigins(database) if isinstance(database, Sqlite) else PostgresOrigins(database)
    await made.open()
    return made


async def test_what_is_claimed_is_noted_and_forgotten(origins: Origins) -> None:
    await origins.claim("c1", [("s1", "a/x.md", "x.md"), ("s1", "b/x.md", "b-x.md")])
    assert await origins.known("c1", "s1") == {
        "a/x.md": Origin("a/x.md", "x.md"),
        "b/x.md": Origin("b/x.md", "b-x.md"),
    }
    stored = Origin("a/x.md", "x.md", "stamp", "0" * 64)
    await origins.note("c1", "s1", [stored])
    await origins.note("c1", "s1", [])
    assert (await origins.known("c1", "s1"))["a/x.md"] == stored
    assert await origins.known("c1", "s2") == {} == await origins.known("c2", "s1")
    await origins.forget("c1", "s1", "a/x.md")
    assert await origins.owners("c1") == {"b-x.md": "s1"}


async def test_a_name_is_of_who_claimed_it_last(origins: Origins) -> None:
    await origins.claim("c1", [("s1", "x.md", "x.md")])
    await origins.claim("c1", [("s2", "y.md", "x.md")])
    assert await origins.owners("c1") == {"x.md": "s2"}
    assert await origins.known("c1", "s1") == {}


async def test_collections_that_are_gone_are_forgotten(origins: Origins) -> None:
    for collection_id in ("c1", "c2"):
        await origins.claim(collection_id, [("s1", "x.md", "x.md")])
    await origins.prune(["c2"])
    assert await origins.owners("c1") == {}
    assert await origins.owners("c2") == {"x.md": "s1"}
    await origins.prune([])
    assert await origins.owners("c2") == {}
