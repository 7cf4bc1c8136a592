"""Everything goes from a data folder into a PostgreSQL and back, and is the same; what can't go is refused."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hubbub.app.application import Application
from hubbub.audit.chain import Verdict
from hubbub.compose import move, open_application_within, open_audit, open_keys
from hubbub.compose.databases import chats_in, library_in, make_tables
from hubbub.compose.moving_places import FolderPlace, tables_of
from hubbub.compose.moving_tables import AUDIT, DOCUMENTS, LEFT_OUT, NOT_THERE, REST, are_moved, columns_of
from hubbub.connections.postgres import Postgres
from hubbub.connections.sqlite import Connection
from hubbub.core.documents import Retrieval
from hubbub.core.errors import Conflict, SettingsError, StoreError
from hubbub.core.messages import Chat, Message
from hubbub.core.people import Limits, Permission, Right
from hubbub.history.base import ChatLink, Record
from hubbub.identity.accounts_sqlite import SqliteAccounts
from hubbub.identity.guests_sqlite import SqliteGuests
from hubbub.identity.id_tokens_sqlite import SqliteIdTokens
from hubbub.identity.jobs_sqlite import Hold
from hubbub.identity.keys import digest_of, new_key
from hubbub.identity.passkeys_sqlite import Passkey, SqlitePasskeys
from hubbub.search.azure_ledger import Ledger
from hubbub.search.library_sqlite import SqliteLibrary
from hubbub.search.sqlite import SqliteSearch
from hubbub.settings import Settings

PEOPLE = {"identity": {"accounts": {"is_enabled": True}}}
PASSWORD = "four words of mine"
CHATS = 600
"""More than are copied at once, and many in one moment."""


def settings_of(folder: Path, url: str | None, more: dict[str, Any] | None = None) -> Settings:
    tables: dict[str, Any] = {
        "server": {"data_folder": folder},
        "discovery": {"is_enabled": False},
        "embedded": {"is_enabled": False},
        "embeddings": {"provider": "none"},
        "guide": {"is_enabled": False},
        "models": {"quick": {"provider": "scripted", "text": "one two three"}},
        "database": {"url": url},
    }
    return Settings.model_validate(tables | (more or {}))


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Application]:
    async with open_application_within(settings) as application:
        yield application


async def fill(application: Application) -> None:
    """Put something of each kind into an application."""
    writes: list[Awaitable[None]] = []
    for number in range(CHATS):
        chat = Chat(f"c{number}", "ann", f"Chat {number}", 1.0, 2.0)
        question = Message(f"q{number}", chat.id, None, "user", f"What of number{number}?", 1.0)
        answer = Message(f"a{number}", chat.id, question.id, "assistant", "Nothing.", 1.0)
        writes.append(application.history.adding([question, answer], chat=chat)())
    await asyncio.gather(*writes)
    secret = Chat("t1", "ann", "Hidden number7", 1.0, 2.0, is_temporary=True)
    await application.history.adding([Message("tq1", "t1", None, "user", "What of number7?", 1.0)], chat=secret)()
    await application.history.annotate("c7", b"\x00\xffnote")
    for kind, chat_id in (("picture", "c7"), ("prompt", None)):
        record = Record(kind, "r1", "ann", chat_id, 3.0, "{}")
        await application.records.put(record, b"\x89PNG")  # type: ignore[union-attr]
    collection = await application.library.create("Pets", owner_id="ann", is_shared=True)
    group = await application.library.groups.create("Friends")
    await application.library.permissions.put(collection.id, [Permission(f"group:{group.id}", Right.WRITE)])
    for number in range(3):
        text = f"# Cats\n\nThe cat{number} sleeps on the roof.".encode()

        async def pieces(text: bytes = text) -> AsyncIterator[bytes]:
            yield text

        readers = ["person:bob"] if number == 2 else None
        await application.pipeline.add(collection.id, f"cat{number}.md", pieces(), payer="person:ann", readers=readers)
    async with asyncio.timeout(60):
        while not (await application.library.progress(collection.id)).is_settled:
            await asyncio.sleep(0.05)


async def check(application: Application) -> None:
    assert len(await application.history.chats("ann", limit=5000)) == CHATS
    assert [one.id for one in await application.history.messages("c7")] == ["q7", "a7"]
    places = await application.history.find("ann", ["number77"], limit=50)  # type: ignore[attr-defined]
    assert [place.chat_id for place in places if place.message_id == "q77"] == ["c77"]
    places = await application.history.find("ann", ["number7"], limit=50)  # type: ignore[attr-defined]
    assert not [place for place in places if place.chat_id == "t1"], "a temporary chat is found nowhere"
    assert await application.history.annotation("c7") == b"\x00\xffnote"
    assert await application.records.data("picture", "r1") == b"\x89PNG"  # type: ignore[union-attr]
    assert [one.id for one in await application.records.of_chat("picture", "c7")] == ["r1"]  # type: ignore[union-attr]
    (collection,) = await application.library.collections()
    assert (collection.documents, collection.passages) == (3, 3)
    hits = await application.search.find("Which cat1?", [collection.id], retrieval=Retrieval(mode="text"))
    assert hits[0].name == "cat1.md"
    for document in await application.library.documents(collection.id):
        assert b"sleeps" in await asyncio.to_thread((await application.files.here(document.sha256)).read_bytes)
    *_, last = await application.library.documents(collection.id)
    assert (last.is_restricted, await application.library.readers.of(last.id)) == (True, ["person:bob"])
    (permission,) = await application.library.permissions.of(collection.id)
    assert permission.right is Right.WRITE


async def fill_with_people(application: Application, folder: Path) -> str:
    """Let people sign in, share a chat, take something along, and be audited; returns the cookie of one."""
    people, sign_ins, accounts = application.people, application.sign_ins, application.accounts
    assert people is not None
    assert sign_ins is not None
    assert accounts is not None
    made = await accounts.first()
    assert made is not None
    first = {"name": "Root", "email": "root@example.org", "address": "192.0.2.1"}
    root = (await accounts.use_link(made.url.partition("#")[2], PASSWORD, **first)).person
    await accounts.invite(root, "ada@example.org", name="Ada")
    bob = await people.known("entra", "1", name="Bob", email="bob@example.org", groups=["b", "a"])
    cookie = await sign_ins.begin(bob.id, provider="entra", agent="Browser")
    link = ChatLink("l1", "c7", "ann", "Ann", "some", (f"person:{bob.id}", "group:1"), 10.0, follows=True)
    assert application.links is not None
    await application.links.add(link, b"\xff" * 32, b"{}")
    async with (
        chats_in(folder) as database,
        SqliteAccounts(database) as store,
        SqlitePasskeys(database) as passkeys,
        SqliteGuests(database, {}) as guests,
    ):
        await store.put_codes(root.id, [b"\0" * 32, b"1" * 32])
        await passkeys.add(Passkey(b"\0\xff", root.id, b"key", 3, "Phone", 1.0))
        await SqliteIdTokens(database).keep(cookie, "a token")
        await guests.begin("g1", bob.id)
        await guests.finish("g1", bob.id)
    assert application.personal is not None
    await application.quotas.set(root, "server", "", ["9 questions per day"])
    await application.personal.jobs.hold(Hold("p1", "a trial", root.id, 1.0))
    assert application.audit is not None
    assert await application.audit.prune(time.time() + 1, most=1) == 1
    return cookie


async def check_people(application: Application, cookie: str, known: Verdict, changes: int) -> None:
    """Check that all is there, and so many starts with other settings recorded.

    Nothing that is compared later is changed but when a sign-in was used, and what the audit has of the settings.
    """
    assert application.people is not None
    assert application.sign_ins is not None
    assert application.accounts is not None
    assert application.links is not None
    assert application.audit is not None
    bob = await application.sign_ins.person(cookie)
    assert bob is not None, "who was signed in still is"
    assert (bob.name, bob.groups) == ("Bob", {"entra/a", "entra/b"})
    [root] = [one for one in await application.people.people() if one.is_operator]
    assert await application.accounts.sign_in("root@example.org", PASSWORD, "", address="192.0.2.1") == root.id
    assert [one.email for one in await application.accounts.invitations()] == ["ada@example.org"]
    link = await application.links.find(b"\xff" * 32)
    assert link is not None
    assert link.subjects == (f"person:{bob.id}", "group:1")
    assert [one.texts for one in await application.quotas.list()] == [("9 questions per day",)]
    verdict = await application.audit.verify((known.entries, known.digest))
    assert (verdict.fault, verdict.entries) == ("", known.entries + changes)


def leave(what: str, count: int) -> None:
    """Nobody reads how far it has come."""


async def test_all_goes_there_and_back_and_an_interrupted_move_goes_on(tmp_path: Path, empty_postgres_url: str) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    async with opened(settings_of(first, None, PEOPLE)) as application:
        await fill(application)
        cookie = await fill_with_people(application, first)
    async with open_keys(settings_of(first, None)) as keys:
        key, text = new_key("robot", limits=Limits(scopes=frozenset({"chat"})))
        await keys.add(key, digest_of(text))
    async with open_audit(settings_of(first, None)) as audit:
        known = await audit.verify()
    assert known.entries > 5
    there = settings_of(first, empty_postgres_url)

    def breaks_off(what: str, count: int) -> None:
        if what == "message" and count > 500:
            raise KeyboardInterrupt

    with pytest.raises(BaseException):  # noqa: B017 (a group may hold it)
        await move(there, to_postgres=True, told=breaks_off)
    counts: list[tuple[str, int]] = []
    sums = await move(there, to_postgres=True, told=lambda *one: counts.append(one))
    assert max(count for what, count in counts if what == "message") < 2 * CHATS, "it began anew"
    rows = [sums[name].rows for name in ("chat", "message", "annotation", "record", "api_key", "passage")]
    assert rows == [CHATS + 1, 2 * CHATS + 1, 1, 2, 1, 3]
    people = ("person", "person_subject", "account", "account_link", "recovery_code", "passkey", "sign_in", "id_token")
    assert [sums[name].rows for name in people] == [2, 2, 1, 1, 2, 1, 1, 1]
    assert [sums[name].rows for name in ("chat_link", "guest_taken", "audit_start", "legal_hold", "quota")] == [1] * 5
    with pytest.raises(SettingsError, match="holds something already"):
        await move(there, to_postgres=True, told=leave)
    async with opened(settings_of(second, empty_postgres_url, PEOPLE)) as application:
        await check(application)
        await check_people(application, cookie, known, 1)
    async with open_keys(there) as keys:
        assert await keys.find(digest_of(text)) == key
    third = tmp_path / "third"
    back = settings_of(third, empty_postgres_url)
    with pytest.raises(Conflict, match="A server runs on it"):
        async with opened(settings_of(second, empty_postgres_url, PEOPLE)):
            await asyncio.to_thread(third.mkdir)
            await move(back, to_postgres=False, told=leave)
    again = await move(back, to_postgres=False, told=leave)
    changed = {"sign_in", "audit", "audit_state"}  # it was noted that one was used, and that settings are others
    assert {name: one for name, one in again.items() if name not in changed} == {
        name: one for name, one in sums.items() if name not in changed
    }
    assert again["audit"].rows == sums["audit"].rows + 1
    assert again["audit_state"].rows == sums["audit_state"].rows == 1
    async with opened(settings_of(third, None, PEOPLE)) as application:
        await check(application)
        await check_people(application, cookie, known, 2)


async def test_what_has_not_arrived_is_found(tmp_path: Path, empty_postgres_url: str) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for settings in (settings_of(first, None), settings_of(second, empty_postgres_url)):
        async with opened(settings):
            """Each has a key of its own for its cookies."""
    with pytest.raises(StoreError, match="Of cookie_key 1 rows were there"):
        await move(settings_of(first, empty_postgres_url), to_postgres=True, without_audit=True, told=leave)


async def test_every_table_is_moved_refused_or_known_to_be_made_anew(tmp_path: Path, empty_postgres_url: str) -> None:
    """A new table of either has to be named in `moving_tables`."""
    known = are_moved() | LEFT_OUT
    async with (
        opened(settings_of(tmp_path, None, {"identity": {"accounts": {"is_enabled": True}}})),
        chats_in(tmp_path) as chats,
        library_in(tmp_path) as library,
    ):
        await Ledger(library).open("an index", None)
        assert await tables_of(chats) | await tables_of(library) == known - {"moving"} | set(NOT_THERE)
    async with Postgres(empty_postgres_url) as database:
        await make_tables(database)
        rows = await database.all("select table_name from information_schema.tables where table_schema = 'public'")
        of_its_own = {"passage_terms", "passage_unembedded", "lease", "file_content", "file_piece"}
        of_its_own |= {"person_export", "person_export_piece"}
        assert {row[0] for row in rows} - of_its_own <= known
        async with chats_in(tmp_path) as chats, library_in(tmp_path) as library:
            folder = FolderPlace(chats, library, SqliteLibrary(library), SqliteSearch(library, None))
            for table in (*REST, *AUDIT, *DOCUMENTS):
                assert await columns_of(database, table, await folder.columns(table.name))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("create table other (id); insert into other values (1)", r"is not known here \(other\)"),
        ("create table more (id); insert into more values (1)", r"is not known here \(more\)"),
    ],
)
async def test_a_folder_with_what_postgresql_has_no_place_for_is_refused_whole(
    tmp_path: Path, postgres: Postgres, postgres_url: str, statement: str, said: str
) -> None:
    async with opened(settings_of(tmp_path, None, {"identity": {"accounts": {"is_enabled": True}}})) as application:
        await application.history.adding([], chat=Chat("c1", "ann", "One", 1.0, 2.0))()
    async with chats_in(tmp_path) as chats:
        for one in statement.split("; "):
            await chats.write(Connection.all, one)
    settings = settings_of(tmp_path, postgres_url)
    with pytest.raises(SettingsError, match=said):
        await move(settings, to_postgres=True, told=leave)
    assert await postgres.all("select 1 from chat") == []
    await move(settings, to_postgres=True, only_documents=True, told=leave)


async def test_the_audit_stays_behind_where_that_is_said(tmp_path: Path, postgres: Postgres, postgres_url: str) -> None:
    async with opened(settings_of(tmp_path, None)) as application:
        await application.history.adding([], chat=Chat("c1", "ann", "One", 1.0, 2.0))()
        await application.deeds.note("key made", by="ann", of="k1")
        assert application.audit is not None
        assert (await application.audit.verify()).entries > 0
    await move(settings_of(tmp_path, postgres_url), to_postgres=True, without_audit=True, told=leave)
    assert [row[0] for row in await postgres.all("select id from chat")] == ["c1"]


async def test_documents_stay_in_the_folder_where_the_settings_say_so(tmp_path: Path, postgres_url: str) -> None:
    async with opened(settings_of(tmp_path, None)) as application:
        await application.history.adding([], chat=Chat("c1", "ann", "One", 1.0, 2.0))()
        await application.library.create("Pets", owner_id="ann", is_shared=True)
    settings = settings_of(tmp_path, postgres_url, {"search": {"backend": "sqlite"}})
    sums = await move(settings, to_postgres=True, without_audit=True, told=leave)
    assert sums["chat"].rows == 1
    assert "collection" not in sums
    with pytest.raises(SettingsError, match=r"search\.backend: keeps documents in the data folder"):
        await move(settings, to_postgres=True, only_documents=True, told=leave)
    async with opened(settings) as application:
        assert [one.id for one in await application.history.chats("ann")] == ["c1"]
        assert [one.name for one in await application.library.collections()] == ["Pets"]
