"""What people do with their own things is in the audit, once and only where it was done; against a server that runs."""

import asyncio
import base64
import time
from pathlib import Path

from hubbub.compose.databases import chats_in
from hubbub.identity import totp
from hubbub.identity.passkeys_sqlite import Passkey, SqlitePasskeys
from hubbub.identity.webauthn import written_id
from tests.cli.commands import run
from tests.servers.hubbub_server import hubbub_serving, scripted
from tests.servers.reader import ask, read_all
from tests.web.test_attachments import PNG
from tests.web.test_audit import audited, operator
from tests.web.test_signing_in import ON, PASSWORD, browser, member, serving, sign_in, status_of, told

QUICK = scripted(words=3, pause_seconds=0.0)


async def test_keys_links_passkeys_and_recovery_codes_are_in_the_audit(tmp_path: Path) -> None:
    async with serving(tmp_path, **QUICK) as server, browser(server) as root, browser(server) as ada:
        await operator(server, tmp_path, root)
        ada_id = await member(server, tmp_path, ada, "ada@example.org")
        async with ada.post("/api/me/keys", json={"name": "reports"}) as response:
            key_id = (await told(response))["key"]["id"]
        assert await status_of(ada, f"/api/me/keys/{key_id}", "DELETE") == 204
        assert await status_of(ada, f"/api/me/keys/{key_id}", "DELETE") == 404

        asked = await ask(ada, "", "Zebra crossings?")
        await read_all(ada, "", asked["answer"]["id"])
        chat_id = asked["chat"]["id"]
        links: list[str] = []
        for _ in range(2):
            async with ada.post(f"/api/chats/{chat_id}/links", json={}) as response:
                links.append((await told(response))["link"]["id"])
        assert await status_of(ada, f"/api/links/{links[0]}", "DELETE") == 204
        assert await status_of(ada, f"/api/links/{links[0]}", "DELETE") == 404
        status, *_ = await asyncio.to_thread(run, tmp_path, "links", "end", links[1])
        assert status == 0

        passkey = Passkey(b"a device", ada_id, b"a key", 0, "phone", time.time())
        async with chats_in(tmp_path) as database, SqlitePasskeys(database) as passkeys:
            await passkeys.add(passkey)
        path = f"/api/me/passkeys/{written_id(passkey.id)}"
        assert [await status_of(ada, path, "DELETE") for _ in range(2)] == [204, 404]

        async with ada.post("/api/me/second-factor", json={"password": PASSWORD}) as response:
            raw = base64.b32decode((await told(response))["secret"])
        code = totp.code_of(raw, int(time.time()) // totp.STEP_SECONDS)
        async with ada.put("/api/me/second-factor", json={"code": code}) as response:
            [used, *_] = (await told(response))["codes"]
        assert await sign_in(ada, "ada@example.org", code=used) == (200, "")
        assert await sign_in(ada, "ada@example.org", code=used) == (401, "wrong_code")
        async with ada.post("/api/me/second-factor/codes", json={"password": PASSWORD}) as response:
            assert response.status == 200

        lines = [one for one in await audited(root) if one["deed"] != "sign-in"]
        told_of = [(one["deed"], one["who"], one["what"]) for one in lines]
        for deed, who, what in (
            ("key made", ada_id, key_id),
            ("key revoked", ada_id, key_id),
            ("link to a chat ended", ada_id, links[0]),
            ("link to a chat ended", "operator", links[1]),
            ("passkey removed", ada_id, ada_id),
            ("second factor added", ada_id, ada_id),
            ("recovery code used", ada_id, ada_id),
            ("recovery codes made", ada_id, ada_id),
        ):
            assert told_of.count((deed, who, what)) == 1, deed
        shared = [one["detail"] for one in lines if one["deed"] == "chat shared by link"]
        assert shared == [f"{one}, for signed-in" for one in links]
        assert {one["where"] for one in lines if one["who"] == ada_id} == {"127.0.0.1"}
        refused = await audited(root, deed="sign-in", outcome="refused")
        assert [(one["what"], one["detail"]) for one in refused] == [(ada_id, "wrong code")]


async def test_what_is_taken_along_is_in_the_audit_once(tmp_path: Path) -> None:
    opened = QUICK | ON | {"HUBBUB_IDENTITY__OPEN_TO_EVERYBODY": "true"}
    async with hubbub_serving(tmp_path, opened) as server, browser(server) as root, browser(server) as ada:
        await operator(server, tmp_path, root)
        async with ada.get("/api/me") as response:
            guest_id = (await told(response))["person"]["id"]
        asked = await ask(ada, "", "Zebra crossings?")
        await read_all(ada, "", asked["answer"]["id"])
        ada_id = await member(server, tmp_path, ada, "ada@example.org")
        assert await status_of(ada, "/api/me/guest", "POST") == 200
        assert await status_of(ada, "/api/me/guest", "POST") == 404
        taken = [(one["who"], one["what"]) for one in await audited(root) if "taken along" in one["deed"]]
        assert taken == [(ada_id, guest_id)]


async def test_an_operator_sees_a_picture_only_while_reading(tmp_path: Path) -> None:
    async with serving(tmp_path, **QUICK) as server, browser(server) as root, browser(server) as ada:
        await operator(server, tmp_path, root)
        ada_id = await member(server, tmp_path, ada, "ada@example.org")
        async with ada.post("/api/pictures?name=dot.png", data=PNG) as response:
            path = f"/api/pictures/{(await told(response))['id']}"
        assert [await status_of(one, path) for one in (ada, root)] == [200, 403]
        body = {"person_id": ada_id, "reason": "She asked for help."}
        async with root.post("/api/operators/readings", json=body) as response:
            assert response.status == 201
        assert await status_of(root, path) == 200
