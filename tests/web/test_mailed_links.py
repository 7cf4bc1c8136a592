"""Links that are mailed, by a small mail server on this machine."""

import asyncio
import email
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.policy import default
from pathlib import Path

import aiohttp

from tests.web.test_signing_in import OTHER_PASSWORD, accounts_in, become, browser, member, serving, sign_in, status_of


class MailBox:
    """A server that speaks as much of SMTP as is needed, and keeps what it is handed."""

    def __init__(self) -> None:
        self.mails: asyncio.Queue[bytes] = asyncio.Queue()
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := (await reader.readline()).strip().upper():
            if line == b"DATA":
                writer.write(b"354 go on\r\n")
                self.mails.put_nowait(await reader.readuntil(b"\r\n.\r\n"))
                writer.write(b"250 taken\r\n")
            elif line == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 ok\r\n")
        writer.close()


@asynccontextmanager
async def mail_box() -> AsyncIterator[MailBox]:
    box = MailBox()
    server = await asyncio.start_server(box.serve, "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    async with server:
        yield box


async def ask_for_link(http: aiohttp.ClientSession, address: str) -> int:
    async with http.post("/api/sign-in/forgotten", json={"email": address}) as response:
        return response.status


async def test_who_forgot_a_password_is_mailed_a_link_and_nobody_learns_who_has_an_account(tmp_path: Path) -> None:
    async with mail_box() as box:
        variables = {
            "HUBBUB_IDENTITY__ACCOUNTS__URL": "https://chat.example.org/hub",
            "HUBBUB_IDENTITY__ACCOUNTS__SMTP__HOST": "127.0.0.1",
            "HUBBUB_IDENTITY__ACCOUNTS__SMTP__PORT": str(box.port),
            "HUBBUB_IDENTITY__ACCOUNTS__SMTP__SECURITY": "none",
        }
        async with serving(tmp_path, **variables) as server, browser(server) as ada, browser(server) as other:
            await member(server, tmp_path, ada, "ada@example.org")
            assert await ask_for_link(other, "nobody@example.org") == 204
            assert await ask_for_link(other, "Ada@example.org") == 204
            async with asyncio.timeout(10):
                mail = email.message_from_bytes(await box.mails.get(), policy=default)
            assert mail["To"] == "ada@example.org"
            [link] = [line for line in mail.get_content().split() if line.startswith("https://")]
            assert link.startswith("https://chat.example.org/hub/welcome#")
            await become(other, link, password=OTHER_PASSWORD)
            assert await status_of(ada) == 401, "a new password ends what the old one began"
            assert await sign_in(ada, "ada@example.org", OTHER_PASSWORD) == (200, "")
            assert box.mails.empty()


async def test_an_invitation_goes_to_the_domain_that_was_written_and_to_none_that_looks_like_it(tmp_path: Path) -> None:
    async with mail_box() as box:
        variables = {
            "HUBBUB_IDENTITY__ACCOUNTS__URL": "https://chat.example.org",
            "HUBBUB_IDENTITY__ACCOUNTS__SMTP__HOST": "127.0.0.1",
            "HUBBUB_IDENTITY__ACCOUNTS__SMTP__PORT": str(box.port),
            "HUBBUB_IDENTITY__ACCOUNTS__SMTP__SECURITY": "none",
        }
        async with serving(tmp_path, **variables) as server, browser(server) as boss:
            async with accounts_in(tmp_path) as (accounts, _):
                first = await accounts.first()
            assert first is not None
            await become(boss, first.url, "boss@example.org")
            for address in ("bob@straße.example", "bob(ada@strasse.example)@evil.example", "bob@strasse.example"):
                async with boss.post("/api/invitations", json={"email": address}) as response:
                    assert response.status == (422 if "(" in address else 201), address
            async with asyncio.timeout(10):
                mail = email.message_from_bytes(await box.mails.get(), policy=default)
            assert mail["To"] == "bob@strasse.example"
            async with boss.get("/api/invitations") as response:
                invited = {one["email"] for one in (await response.json())["invitations"]}
            assert invited == {"bob@straße.example", "bob@strasse.example"}
            assert box.mails.empty(), "this server takes no addresses beyond ASCII"


async def test_a_server_without_mail_says_so(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as http:
        assert await ask_for_link(http, "ada@example.org") == 404
