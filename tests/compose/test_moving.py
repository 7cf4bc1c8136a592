"""Everything goes from a data folder into a PostgreSQL and back, and is the same; what can't go is refused."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hubbub.app.application import Application
from hubbub.compose import move, open_application_within
from hubbub.core.documents import Retrieval
from hubbub.core.errors import Conflict, SettingsError, StoreError
from hubbub.core.messages import Chat, Message
from hubbub.core.people import Permission, Right
from hubbub.settings import Settings


def settings_of(folder: Path, url: str | None) -> Settings:
    tables: dict[str, Any] = {
        "server": {"data_folder": folder},
        "discovery": {"is_enabled": False},
        "embedded": {"is_enabled": False},
        "embeddings": {"provider": "none"},
        "guide": {"is_enabled": False},
        "identity": {"accounts": {"is_enabled": True}},
        "models": {"quick": {"provider": "scripted", "text": "one two three"}},
        "database": {"url": url},
    }
    return Settings.model_validate(tables)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Application]:
    async with open_application_within(settings) as application:
        yield application


async def fill(application: Application) -> None:
    """Put something of each kind into an application."""
    for number in range(1200):  # more than are copied at once, and many in one moment
        chat = Chat(f"c{number}", "ann", f"Chat {number}", 1.0, 2.0)
        question = Message(f"q{number}", chat.id, None, "user", f"What of number{number}?", 1.0)
        answer = Message(f"a{number}", chat.id, question.id, "assistant", "Nothing.", 1.0)
        await application.history.adding([question, answer], chat=chat)()
    person = await application.people.known("entra", "1", name="Ann", groups=["staff"])  # type: ignore[union-attr]
    await application.audit.recording(person.id, "key made", "k1")()  # type: ignore[union-attr]
    collection = await application.library.create("Pets", owner_id=person.id, is_shared=True)
    group = await application.library.groups.create("Friends")
    await application.library.permissions.put(collection.id, [Permission(f"group:{group.id}", Right.WRITE)])
    for number in range(3):
        text = f"# Cats\n\nThe cat{number} sleeps on the roof.".encode()

        async def pieces(text: bytes = text) -> AsyncIterator[bytes]:
            yield text

        await application.pipeline.add(collection.id, f"cat{number}.md", pieces(), payer=f"person:{person.id}")
    async with asyncio.timeout(60):
        while not (await application.library.progress(collection.id)).is_settled:
            await asyncio.sleep(0.05)


async def check(application: Application) -> None:
    assert len(await application.history.chats("ann", limit=5000)) == 1200
    assert [one.id for one in await application.history.messages("c7")] == ["q7", "a7"]
    places = await application.history.find("ann", ["number77"], limit=50)  # type: ignore[attr-defined]
    assert [place.chat_id for place in places if place.message_id == "q77"] == ["c77"]
    (person,) = await application.people.people()  # type: ignore[union-attr]
    assert person.groups == {"staff"}
    assert (await application.audit.verify()).entries == 1  # type: ignore[union-attr]
    (collection,) = await application.library.collections()
    assert (collection.documents, collection.passages) == (3, 3)
    hits = await application.search.find("Which cat1?", [collection.id], retrieval=Retrieval(mode="text"))
    assert hits[0].name == "cat1.md"
    for document in await application.library.documents(collection.id):
        assert b"sleeps" in await asyncio.to_thread((await application.files.here(document.sha256)).read_bytes)
    (permission,) = await application.library.permissions.of(collection.id)
    assert permission.right is Right.WRITE


def leave(what: str, count: int) -> None:
    """Nobody reads how far it has come."""


async def test_all_goes_there_and_back_and_an_interrupted_move_goes_on(tmp_path: Path, empty_postgres_url: str) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    async with opened(settings_of(first, None)) as application:
        await fill(application)
    there = settings_of(first, empty_postgres_url)

    def breaks_off(what: str, count: int) -> None:
        if what == "message" and count > 500:
            raise KeyboardInterrupt

    with pytest.raises(BaseException):  # noqa: B017 (a group may hold it)
        await move(there, to_postgres=True, only_documents=False, told=breaks_off)
    counts: list[tuple[str, int]] = []
    sums = await move(there, to_postgres=True, only_documents=False, told=lambda *one: counts.append(one))
    assert max(count for what, count in counts if what == "message") < 2400, "it began anew"
    assert (sums["chat"].rows, sums["message"].rows, sums["passage"].rows, sums["audit"].rows) == (1200, 2400, 3, 1)
    with pytest.raises(SettingsError, match="holds something already"):
        await move(there, to_postgres=True, only_documents=False, told=leave)
    async with opened(settings_of(second, empty_postgres_url)) as application:
        await check(application)
    third = tmp_path / "third"
    back = settings_of(third, empty_postgres_url)
    with pytest.raises(Conflict, match="A server runs on it"):
        async with opened(settings_of(second, empty_postgres_url)):
            await asyncio.to_thread(third.mkdir)
            await move(back, to_postgres=False, only_documents=False, told=leave)
    again = await move(back, to_postgres=False, only_documents=False, told=leave)
    assert again == sums
    async with opened(settings_of(third, None)) as application:
        await check(application)


async def test_what_has_not_arrived_is_found(tmp_path: Path, empty_postgres_url: str) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for settings in (settings_of(first, None), settings_of(second, empty_postgres_url)):
        async with opened(settings):
            """Each has a key of its own for its cookies."""
    with pytest.raises(StoreError, match="Of cookie_key 1 rows were there"):
        await move(settings_of(first, empty_postgres_url), to_postgres=True, only_documents=False, told=leave)
