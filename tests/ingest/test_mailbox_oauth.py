"""Mailboxes that are opened by OAuth: tokens are got, kept while they are good, renewed, and refusals are told."""

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from hubbub.core.errors import Invalid
from hubbub.ingest.sources.mailbox import Mailbox
from hubbub.ingest.sources.oauth import Grant, Tokens
from tests.ingest.places import account_at, mail
from tests.servers.mail_server import DAY, MailServer
from tests.servers.token_server import TokenServer, refusal

SECRET = "client-Secret1"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def mails() -> AsyncIterator[MailServer]:
    async with MailServer() as server:
        server.put("INBOX", mail("Subject", "Text"))
        server.capabilities = "IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2"
        yield server


@pytest.fixture
async def tokens(mails: MailServer) -> AsyncIterator[TokenServer]:
    async with TokenServer(mails) as server:
        yield server


def mailbox_at(
    mails: MailServer, server: TokenServer, place: Path, *, refresh_token: str = "first", clock: Clock | None = None
) -> Mailbox:
    grant = Grant(server.url, "the-app", SECRET, refresh_token, "https://mail.example/.default")
    kept = Tokens(grant, place / "token.json", clock=clock or Clock())
    return Mailbox(account_at(mails, password=""), place, tokens=kept)


async def told(mailbox: Mailbox) -> str:
    with pytest.raises(Invalid) as caught:
        await mailbox.refresh()
    assert caught.value.code == "not_fetched"
    for secret in (SECRET, "first", "token-"):
        assert secret not in f"{caught.value.message} {caught.value.for_operators}"
    return caught.value.message


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
async def test_a_refresh_token_opens_a_mailbox(
    mails: MailServer, tokens: TokenServer, tmp_path: Path, mechanism: str
) -> None:
    mails.capabilities = f"IMAP4rev1 AUTH={mechanism}"
    mailbox = mailbox_at(mails, tokens, tmp_path)
    await mailbox.refresh()
    assert (mailbox.folder / "INBOX" / f"{DAY} Subject.eml").is_file()
    assert tokens.asked == [
        {
            "grant_type": "refresh_token",
            "client_id": "the-app",
            "client_secret": SECRET,
            "refresh_token": "first",
            "scope": "https://mail.example/.default",
        }
    ]


async def test_an_application_signs_in_as_itself(mails: MailServer, tokens: TokenServer, tmp_path: Path) -> None:
    await mailbox_at(mails, tokens, tmp_path, refresh_token="").refresh()
    assert [form["grant_type"] for form in tokens.asked] == ["client_credentials"]
    assert "refresh_token" not in tokens.asked[0]


async def test_a_token_is_kept_while_it_is_good(mails: MailServer, tokens: TokenServer, tmp_path: Path) -> None:
    clock = Clock()
    mailbox = mailbox_at(mails, tokens, tmp_path, clock=clock)
    for now, expected in ((0, 1), (3000, 1), (3590, 2)):
        clock.now = now
        await mailbox.refresh()
        assert len(tokens.asked) == expected
    tokens.expires_in = "60"  # some say it as text; so short a one is not kept
    clock.now = 10_000
    await mailbox.refresh()
    await mailbox.refresh()
    assert len(tokens.asked) == 4


async def test_a_token_that_was_revoked_is_renewed_at_once(
    mails: MailServer, tokens: TokenServer, tmp_path: Path
) -> None:
    mailbox = mailbox_at(mails, tokens, tmp_path)
    await mailbox.refresh()
    mails.tokens.clear()
    await mailbox.refresh()
    assert mails.tokens_shown == ["token-1", "token-1", "token-2"]


async def test_a_refresh_token_that_is_replaced_is_kept(mails: MailServer, tokens: TokenServer, tmp_path: Path) -> None:
    tokens.rotates = True
    for _ in range(3):  # as after restarts
        await mailbox_at(mails, tokens, tmp_path).refresh()
    assert [form["refresh_token"] for form in tokens.asked] == ["first", "after first", "after after first"]
    assert stat.S_IMODE((tmp_path / "token.json").stat().st_mode) == 0o600
    tokens.good = {"second"}  # the operator signed in anew
    await mailbox_at(mails, tokens, tmp_path, refresh_token="second").refresh()
    assert tokens.asked[-1]["refresh_token"] == "second"
    tokens.good = {"second"}
    await mailbox_at(mails, tokens, tmp_path, refresh_token="second").refresh()
    assert [form["refresh_token"] for form in tokens.asked[-2:]] == ["after second", "second"]


@pytest.mark.parametrize("kept", [b"", b"{", b'{"origin": 1}'])
async def test_a_damaged_note_is_passed_by(mails: MailServer, tokens: TokenServer, tmp_path: Path, kept: bytes) -> None:
    (tmp_path / "token.json").write_bytes(kept)
    await mailbox_at(mails, tokens, tmp_path).refresh()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refusal("invalid_client", f"AADSTS7000222: {SECRET} has expired."), "refuses the application.*7000222"),
        (refusal("invalid_scope", "No such scope."), "gives no token.*oauth.scope"),
        (web.Response(status=502, text="<html>Bad gateway"), "answers with 502 and no token"),
        (web.Response(status=302, headers={"location": "http://127.0.0.1:1/"}), "answers with 302 and no token"),
        (web.json_response({"token_type": "Bearer"}), "answers with 200 and no token"),
        (web.json_response(["token"]), "answers with 200 and no token"),
    ],
)
async def test_what_the_token_server_refuses_is_told(
    mails: MailServer, tokens: TokenServer, tmp_path: Path, answer: web.Response, words: str
) -> None:
    tokens.answers.append(answer)
    message = await told(mailbox_at(mails, tokens, tmp_path))
    with pytest.raises(Invalid, match=words):
        raise Invalid(message)
    assert "“127.0.0.1”" in message
    assert not mails.commands


async def test_a_refresh_token_that_has_ended_is_told(mails: MailServer, tokens: TokenServer, tmp_path: Path) -> None:
    tokens.good.clear()
    message = await told(mailbox_at(mails, tokens, tmp_path))
    assert "refuses the refresh token (invalid_grant: AADSTS70008: the refresh token … has expired)" in message
    assert message.endswith("sign in anew, and set oauth.refresh_token.")


async def test_a_token_server_that_is_gone_is_told(mails: MailServer, tokens: TokenServer, tmp_path: Path) -> None:
    mailbox = mailbox_at(mails, tokens, tmp_path)
    await tokens.__aexit__(None, None, None)
    assert "can't be reached" in await told(mailbox)


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
async def test_a_token_that_the_mail_server_refuses_is_told(
    mails: MailServer, tokens: TokenServer, tmp_path: Path, mechanism: str
) -> None:
    mails.capabilities = f"IMAP4rev1 AUTH={mechanism}"
    tokens.answers.append(web.json_response({"access_token": "token-of-another", "expires_in": 3600}))
    message = await told(mailbox_at(mails, tokens, tmp_path))
    assert "refuses the token for “bob@example.org”" in message
    assert "invalid_token" in message
    assert len(tokens.asked) == 1


async def test_a_mail_server_without_oauth_is_told(mails: MailServer, tokens: TokenServer, tmp_path: Path) -> None:
    mails.capabilities = "IMAP4rev1 AUTH=PLAIN"
    assert "takes no tokens (OAuth)" in await told(mailbox_at(mails, tokens, tmp_path))
    assert "AUTHENTICATE" not in mails.commands


def test_secrets_are_not_shown(mails: MailServer) -> None:
    grant = Grant("https://x.example/token", "the-app", SECRET, "first")
    account = msgspec.structs.replace(account_at(mails), token="token-1")
    assert not any(secret in f"{grant!r} {account!r}" for secret in (SECRET, "first", "token-1"))
