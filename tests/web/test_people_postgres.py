"""People, links and the audit on PostgreSQL, served by two machines that have nothing else in common."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from hubbub.compose import open_audit, open_people
from hubbub.settings import Settings
from tests.patience import patience
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted
from tests.servers.reader import ask, read_all
from tests.web.test_signing_in import ON, become, browser, sign_in, status_of, told

SLOW = scripted("slow", words=2000, pause_seconds=0.02)
EVERYBODY = {"HUBBUB_SHARING__CHATS_WITH_EVERYBODY": "true"}


@asynccontextmanager
async def machine(folder: Path, url: str) -> AsyncIterator[HubbubServer]:
    """A machine: two workers and a data folder of its own."""
    variables = scripted(words=5, pause_seconds=0.0) | SLOW | ON | EVERYBODY
    more = {"HUBBUB_DATABASE__URL": url, "HUBBUB_SERVER__WORKERS": "2", "HUBBUB_DEFAULT_MODEL": "scripted"}
    more |= {"HUBBUB_DATABASE__CONNECTIONS": "3"}
    async with hubbub_serving(folder, variables | more) as server:
        yield server


def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two data folders, one for each machine."""
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir(mode=0o700)
    return here, there


@asynccontextmanager
async def also_at(http: aiohttp.ClientSession, server: HubbubServer) -> AsyncIterator[aiohttp.ClientSession]:
    """The same browser, at another machine."""
    async with aiohttp.ClientSession(server.url, cookie_jar=http.cookie_jar) as there:
        yield there


async def test_who_is_invited_on_one_machine_signs_in_on_another_and_is_put_out_on_both(
    tmp_path: Path, postgres_url: str
) -> None:
    here, there = folders(tmp_path)
    settings = Settings.model_validate(
        {
            "server": {"data_folder": here},
            "database": {"url": postgres_url},
            "identity": {"accounts": {"is_enabled": True}},
        }
    )
    async with machine(here, postgres_url) as one, machine(there, postgres_url) as other:
        async with open_people(settings) as (accounts, _):
            first = await accounts.first()
        assert first is not None
        async with (
            browser(one) as root,
            browser(other) as ada,
            also_at(ada, one) as ada_here,
            browser(one) as stranger,
        ):
            root_id = await become(root, first.url, "root@example.org")
            async with root.post("/api/invitations", json={"email": "ada@example.org", "name": "Ada"}) as response:
                assert response.status == 201, await response.text()
                invited = (await told(response))["url"]
            ada_id = await become(ada, invited)
            assert await sign_in(stranger, "ada@example.org", "wrong words of mine") == (401, "wrong_credentials")

            made = await ask(ada, "", "Hello")
            await read_all(ada, "", made["answer"]["id"])
            chat = made["chat"]["id"]
            async with ada_here.get("/api/chats") as response:
                assert [one["id"] for one in (await told(response))["chats"]] == [chat]
            async with ada.post(f"/api/chats/{chat}/links", json={"audience": "everybody"}) as response:
                assert response.status == 201, await response.text()
                link = (await told(response))["secret"]
            async with stranger.post("/api/shared", json={"link": link}) as response:
                assert len((await told(response))["messages"]) == 2

            slow = await ask(ada, "", "Speak for long.", model="slow")
            events = f"/api/answers/{slow['answer']['id']}/events"
            timeout = aiohttp.ClientTimeout(total=35)
            async with ada.get(events, timeout=timeout) as stream, ada_here.get(events, timeout=timeout) as also:
                for reader in (stream, also):
                    await reader.content.readuntil(b"\n\n")
                async with root.patch(f"/api/people/{ada_id}", json={"is_active": False}) as response:
                    assert response.status < 300, await response.text()
                for reader in (stream, also):
                    rest = await reader.content.read()
                    assert b"not_signed_in" in rest or b'"reason":"revoked"' in rest, (
                        "long before its 40 s are over; whichever is seen first"
                    )
            async with patience():  # its answer may have ended by the other machine's word, just before it looks itself
                while await status_of(ada) != 401:
                    await asyncio.sleep(0.05)
            async with root.get("/api/operators/audit") as response:
                lines = (await told(response))["lines"]
    deeds = [(line["deed"], line["who"], line["outcome"]) for line in reversed(lines)]
    async with open_audit(settings) as audit:
        verdict = await audit.verify()
    assert (verdict.entries, verdict.fault) == (len(lines), "")
    assert ("invited", root_id, "done") in deeds
    assert ("sign-in", "", "refused") in deeds
