"""Who can be named, by what lists people: accounts, keys, what was kept here, or an application around."""

from pathlib import Path

import pytest

from hubbub.app.directory import Directory
from hubbub.compose.databases import chats_in
from hubbub.core.errors import NotFound
from hubbub.core.people import GUEST_ID, OPERATOR, Person
from hubbub.identity.keys import digest_of, new_key
from hubbub.identity.keys_memory import MemoryKeys
from hubbub.identity.people_sqlite import SqlitePeople

ANN = Person("ann")
BROWSER = "b" + "0" * 25


async def was_known(person_id: str, before: float) -> bool:
    return person_id == "earlier"


async def test_accounts_programs_browsers_and_who_kept_something_are_somebody(tmp_path: Path) -> None:
    async with chats_in(tmp_path) as database, SqlitePeople(database) as people:
        ada = await people.known("acme", "ada", email="ada@example.org")
        eve = await people.known("acme", "eve")
        await people.set_active(eve.id, False)
        keys = MemoryKeys()
        key, text = new_key("reports")
        await keys.add(key, digest_of(text))
        await keys.revoke(key.id, 1.0)
        directory = Directory(people, keys, was_known, is_complete=True)
        await directory.check(ANN, [ada.id, eve.id, key.person_id, BROWSER, GUEST_ID])
        for nobody in ("p1", "ada@example.org", BROWSER[:-1], key.id, "", "earlier"):
            with pytest.raises(NotFound, match="Nobody here is called"):
                await directory.check(ANN, [ada.id, nobody])
        await directory.check(OPERATOR, ["earlier"])
        with pytest.raises(NotFound):
            await directory.check(OPERATOR, ["ghost"])


async def test_an_application_around_knows_others() -> None:
    await Directory().check(ANN, ["ada@example.org", "x"])
    with pytest.raises(NotFound):
        await Directory().check(ANN, [" "])
