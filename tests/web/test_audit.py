"""What is done is in the audit: over HTTP and at the command line, against servers that run; for operators alone."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hubbub.audit.chain import Entry
from hubbub.audit.outbox import Outbox, put_out
from hubbub.audit.sqlite import SqliteAudit
from hubbub.compose import open_audit, open_keys
from hubbub.compose.databases import chats_in, library_in
from hubbub.core.errors import StoreError
from hubbub.core.people import OPERATOR
from hubbub.identity.keys import digest_of, new_key
from hubbub.settings import Settings
from tests.cli.commands import run, start
from tests.patience import patience
from tests.places import settings_of
from tests.servers.hubbub_server import HubbubServer
from tests.web.test_signing_in import PASSWORD, accounts_in, become, browser, member, serving, sign_in, told

QUESTION = "a very private question"


async def operator(server: HubbubServer, folder: Path, http: aiohttp.ClientSession) -> str:
    async with accounts_in(folder) as (accounts, _):
        made = await accounts.rescue(OPERATOR, "root@example.org")
    return await become(http, made.url)


async def audited(http: aiohttp.ClientSession, **query: str) -> list[dict[str, Any]]:
    """Return all lines that a filter takes, the oldest first, page by page."""
    lines: list[dict[str, Any]] = []
    before: int | None = 0
    while before is not None:
        async with http.get("/api/operators/audit", params=query | {"before": str(before), "limit": "7"}) as response:
            assert response.status == 200, await response.text()
            page = await told(response)
        lines += page["lines"]
        before = page["next"]
    return lines[::-1]


async def verified(folder: Path) -> tuple[int, str]:
    async with open_audit(settings_of(folder)) as audit:
        verdict = await audit.verify()
        return verdict.entries, verdict.fault


async def test_each_deed_is_there_once_with_who_did_it_and_from_where(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as root, browser(server) as ada, browser(server) as eve:
        root_id = await operator(server, tmp_path, root)
        ada_id = await member(server, tmp_path, ada, "ada@example.org")
        await sign_in(eve, "ada@example.org", "wrong")
        async with ada.post("/api/collections", json={"name": "Plans"}) as response:
            collection_id = (await told(response))["id"]
        async with ada.put(f"/api/collections/{collection_id}/documents/a.txt", data=b"Some text.") as response:
            document_id = (await told(response))["id"]
        grants = {"grants": [{"subject": "signed-in", "right": "use"}]}
        async with ada.put(f"/api/collections/{collection_id}/grants", json=grants) as response:
            assert response.status == 200
        async with ada.post("/api/groups", json={"name": "Mine"}) as response:
            assert response.status in (403, 404)
        async with root.post("/api/groups", json={"name": "Readers"}) as response:
            group_id = (await told(response))["id"]
        async with root.put(f"/api/groups/{group_id}/members/{ada_id}", json={}) as response:
            assert response.status == 204
        async with ada.post("/api/questions", json={"text": QUESTION}) as response:
            chat_id = (await told(response))["chat"]["id"]
        async with ada.delete(f"/api/chats/{chat_id}") as response:
            assert response.status == 204
        async with ada.delete(f"/api/documents/{document_id}") as response:
            assert response.status == 204
        async with ada.delete(f"/api/collections/{collection_id}") as response:
            assert response.status == 204
        body = {"old": PASSWORD, "new": "another five words of mine"}
        async with ada.put("/api/me/password", json=body) as response:
            assert response.status == 204
        async with ada.post("/api/sign-out") as response:
            assert response.status == 204
        async with root.patch(f"/api/people/{ada_id}", json={"is_active": False}) as response:
            assert response.status == 200
        lines = await audited(root)
        assert QUESTION not in json.dumps(lines), "no question's text is recorded"
        deeds = [(one["deed"], one["who"], one["what"], one["outcome"]) for one in lines]
        for expected in (
            ("sign-in", ada_id, ada_id, "done"),
            ("sign-in", "", ada_id, "refused"),
            ("collection made", ada_id, collection_id, "done"),
            ("document added", ada_id, document_id, "done"),
            ("collection shared", ada_id, collection_id, "done"),
            ("group made", root_id, group_id, "done"),
            ("member put into a group", root_id, group_id, "done"),
            ("chat deleted", ada_id, chat_id, "done"),
            ("document deleted", ada_id, document_id, "done"),
            ("collection deleted", ada_id, collection_id, "done"),
            ("password changed", ada_id, ada_id, "done"),
            ("sign-out", ada_id, ada_id, "done"),
            ("disabled", root_id, ada_id, "done"),
            ("operator rescued", "operator", "root@example.org", "done"),
            ("link used", ada_id, ada_id, "done"),
        ):
            assert deeds.count(expected) == 1, (expected, deeds)
        wheres = {one["deed"]: one["where"] for one in lines}
        assert wheres["collection made"] == "127.0.0.1"
        assert wheres["operator rescued"] == "command line"
        of_ada = await audited(root, about=ada_id)
        assert {one["deed"] for one in of_ada} >= {"sign-in", "disabled", "collection made"}
        assert all(ada_id in (one["who"], one["what"]) for one in of_ada)
        assert [one["outcome"] for one in await audited(root, outcome="refused", deed="sign-in")] == ["refused"]
    entries, fault = await verified(tmp_path)
    assert (entries >= len(lines), fault) == (True, "")


async def test_only_operators_read_it_and_its_stream_ends_with_the_right(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as root, browser(server) as ada, browser(server) as other:
        await operator(server, tmp_path, root)
        ada_id = await member(server, tmp_path, ada, "ada@example.org")
        for path in ("", "/verified", "/lines"):
            async with ada.get(f"/api/operators/audit{path}") as response:
                assert response.status == 404
        async with root.get("/api/operators/audit/verified") as response:
            assert (await told(response))["fault"] == ""
        async with root.get("/api/operators/audit/lines") as response:
            lines = [json.loads(line) for line in (await response.text()).splitlines()]
        assert [one["number"] for one in lines] == list(range(1, len(lines) + 1))
        async with root.patch(f"/api/people/{ada_id}", json={"is_operator": True}) as response:
            assert response.status == 200
        async with ada.get("/api/operators/audit/lines", params={"live": "1", "after": str(len(lines))}) as stream:
            seen: list[str] = []

            async def until(deed: str) -> None:
                while deed not in seen:
                    if line := (await stream.content.readline()).strip():
                        seen.append(json.loads(line)["deed"])

            async with patience():
                await until("made an operator")
                await sign_in(other, "nobody@example.org", "wrong")
                await until("sign-in")
                async with root.patch(f"/api/people/{ada_id}", json={"is_operator": False}) as response:
                    assert response.status == 200
                while await stream.content.readline():
                    pass  # to its end, which has to come


async def test_a_flood_of_refusals_fills_no_audit(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as root, browser(server) as eve:
        await operator(server, tmp_path, root)
        await asyncio.gather(*(sign_in(eve, f"{number}@example.org", "wrong") for number in range(40)))
        refused = await audited(root, outcome="refused")
        assert 10 <= len(refused) <= 21


def test_keys_and_groups_of_the_command_line_are_recorded(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    for command in (["groups", "add", "Readers"], ["keys", "add", "robot"], ["keys", "revoke", "robot"]):
        code, _, err = run(folder, *command)
        assert code == 0, err
    _, out, _ = run(folder, "audit", "export")
    entries = [json.loads(line) for line in out.splitlines()]
    assert [(one["deed"], one["where"], one["who"]) for one in entries] == [
        (deed, "command line", "operator") for deed in ("group made", "key made", "key revoked")
    ]
    with start(folder, "audit", "follow", "--after", "2") as following:
        try:
            assert following.stdout is not None
            assert json.loads(following.stdout.readline())["deed"] == "key revoked"
        finally:
            following.kill()


async def test_a_deed_whose_entry_can_not_be_stored_is_not_done(tmp_path: Path) -> None:
    settings = Settings(server={"data_folder": tmp_path})  # type: ignore[arg-type]
    async with open_keys(settings) as keys:
        async with open_audit(settings) as audit:
            await audit._database.write(  # type: ignore[attr-defined]
                lambda connection: connection.all(
                    "create trigger full before insert on audit begin select raise(abort, 'full'); end"
                )
            )
        key, text = new_key("robot")
        with pytest.raises(StoreError):
            await keys.add(key, digest_of(text))
        assert await keys.keys() == []


async def test_a_kill_between_a_deed_in_the_library_and_the_audit_loses_no_entry(tmp_path: Path) -> None:
    entry = Entry(at=1.0, who="ann", deed="collection made", what="c1")
    async with library_in(tmp_path) as library, chats_in(tmp_path) as chats:
        outbox = Outbox(library)
        await outbox.open()
        await library.write(put_out, entry)
        async with SqliteAudit(chats, outboxes=[outbox]) as audit, SqliteAudit(chats, outboxes=[outbox]) as other:
            await library.write(put_out, entry)
            await asyncio.gather(audit.collect(), other.collect(), audit.collect())
            assert len([one async for one in audit.entries()]) == 2
            assert (await audit.verify()).fault == ""
