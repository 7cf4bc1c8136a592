"""Mailboxes over IMAP: what is fetched once, what moves, what is difficult, and what is said of it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import trustme

from hubbub.core.errors import Invalid
from hubbub.ingest.globs import Globs
from hubbub.ingest.sources.imap import shown
from hubbub.ingest.sources.mailbox import Mailbox
from tests.ingest.places import account_at, mail
from tests.servers.mail_server import DAY, MailServer


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with MailServer() as server:
        for number in range(3):
            server.put("INBOX", mail(f"Subject {number}", f"Text {number}"))
        server.add("Projects/Lease", "Empty")
        server.add("Bin", attributes="\\HasNoChildren \\Trash")
        server.add("Above", attributes="\\Noselect")
        yield server


def held(mailbox: Mailbox) -> dict[str, str]:
    files = [path for path in mailbox.folder.rglob("*") if path.is_file()]
    return {path.relative_to(mailbox.folder).as_posix(): path.read_text() for path in files}


async def refreshed(mailbox: Mailbox) -> list[str]:
    await mailbox.refresh()
    return sorted(await asyncio.to_thread(held, mailbox))


def fetches(server: MailServer) -> list[str]:
    return [command for command in server.commands if "BODY.PEEK[])" in command]


NAMES = [f"INBOX/{DAY} Subject {number}.eml" for number in range(3)]


async def test_a_mail_is_fetched_once_and_nothing_is_changed(server: MailServer, tmp_path: Path) -> None:
    assert await refreshed(Mailbox(account_at(server), tmp_path)) == NAMES
    server.commands.clear()
    assert await refreshed(Mailbox(account_at(server), tmp_path)) == NAMES
    assert not fetches(server)
    words = {command.split()[0] for command in server.commands}
    assert words == {"CAPABILITY", "AUTHENTICATE", "LIST", "EXAMINE", "FETCH", "LOGOUT"}


async def test_mails_that_move_or_are_numbered_anew_are_not_fetched_again(server: MailServer, tmp_path: Path) -> None:
    mailbox = Mailbox(account_at(server), tmp_path, folders=("INBOX", "Projects/*"))
    await mailbox.refresh()
    inodes = await asyncio.to_thread(lambda: {path.stat().st_ino for path in mailbox.folder.rglob("*.eml")})
    server.move("INBOX", 2, "Projects/Lease")
    server.folders["INBOX"].renumber()
    server.commands.clear()
    assert await refreshed(mailbox) == [NAMES[0], NAMES[2], f"Projects/Lease/{DAY} Subject 1.eml"]
    assert not fetches(server)
    assert inodes == await asyncio.to_thread(lambda: {path.stat().st_ino for path in mailbox.folder.rglob("*.eml")})


async def test_mails_of_one_name_that_change_places_keep_their_texts(server: MailServer, tmp_path: Path) -> None:
    for text in ("one", "two", "three"):
        server.put("Empty", mail("Same", text))
    mailbox = Mailbox(account_at(server), tmp_path, folders=("*",))
    await mailbox.refresh()
    for uid in (2, 1, 3):
        server.move("Empty", uid, "INBOX")
    server.put("Empty", mail("Same", "four"))
    await mailbox.refresh()
    found = await asyncio.to_thread(held, mailbox)
    texts = sorted(text.split("\n\n")[1].strip() for name, text in found.items() if "Same" in name)
    assert texts == ["four", "one", "three", "two"]
    assert [text.split("\n\n")[1].strip() for name, text in found.items() if name.startswith("Empty")] == ["four"]


async def test_deleted_mails_go_and_marked_ones_too(server: MailServer, tmp_path: Path) -> None:
    mailbox = Mailbox(account_at(server), tmp_path)
    await mailbox.refresh()
    server.folders["INBOX"].drop(1)
    server.folders["INBOX"].flags[3] = "\\Seen \\Deleted"
    assert await refreshed(mailbox) == [NAMES[1]]


async def test_folders_are_chosen(server: MailServer, tmp_path: Path) -> None:
    server.put("Projects/Lease", mail("Lease", "It ends."))
    server.put("Bin", mail("Thrown away", "Text"))
    everything = Mailbox(account_at(server), tmp_path / "a", folders=("*",))
    assert await refreshed(everything) == [*NAMES, f"Projects/Lease/{DAY} Lease.eml"]
    some = Mailbox(account_at(server), tmp_path / "b", folders=("Bin",), globs=Globs(exclude=("*x*",)))
    assert await refreshed(some) == [f"Bin/{DAY} Thrown away.eml"]
    with pytest.raises(Invalid, match=r"no folder “Projcts”.*It has: INBOX, Projects/Lease"):
        await Mailbox(account_at(server), tmp_path / "c", folders=("Projcts",)).refresh()


async def test_the_newest_mails_are_taken(server: MailServer, tmp_path: Path) -> None:
    server.put("INBOX", mail("Large", "x" * 3000))
    done = await Mailbox(account_at(server), tmp_path, most_mails=2, document_bytes=2000).refresh()
    assert [why.split(" (")[0] for _, why in done.skipped] == [
        "it is larger than 0 MB",
        "there are more mails than are taken",
    ]


@pytest.mark.parametrize(("raw", "name"), [(b"Entw&APw-rfe", "Entwürfe"), (b"A &- B", "A & B"), (b"&2D3eAQ-", "😁")])
def test_names_of_folders(raw: bytes, name: str) -> None:
    assert shown(raw) == name


async def test_subjects_become_names_of_files(server: MailServer, tmp_path: Path) -> None:
    for subject in ("../../out", "Grüße an „alle“", "", 'a "quoted" \\ one', "x" * 300, ".hidden"):
        server.put("Empty", mail(subject, f"Text {subject[:5]}"))
    names = await refreshed(Mailbox(account_at(server), tmp_path, folders=("Empty",)))
    assert len(names) == 6
    assert f"Empty/{DAY} Grüße an „alle“.eml" in names
    assert all(name.count("/") == 1 and len(name.encode()) < 200 for name in names)


async def test_a_connection_that_breaks_off_is_gone_on_with(server: MailServer, tmp_path: Path) -> None:
    mailbox = Mailbox(account_at(server), tmp_path)
    server.breaks_at = "UID FETCH 2 (UID BODY.PEEK[])"
    with pytest.raises(Invalid, match="broke off"):
        await mailbox.refresh()
    server.breaks_at = ""
    server.commands.clear()
    assert await refreshed(mailbox) == NAMES
    assert len(fetches(server)) == 2


async def test_a_server_that_falls_silent_or_says_too_much_is_given_up(server: MailServer, tmp_path: Path) -> None:
    server.silent_at = "EXAMINE"
    slow = msgspec.structs.replace(account_at(server), timeout_seconds=30.0)
    with pytest.raises(Invalid, match=r"longer than 0\.3 s"):
        await Mailbox(slow, tmp_path, call_seconds=0.3).refresh()
    with pytest.raises(Invalid, match="can't be reached"):
        await Mailbox(msgspec.structs.replace(slow, timeout_seconds=0.3), tmp_path).refresh()
    server.silent_at = ""
    server.claims_bytes = 10**12
    with pytest.raises(Invalid, match="too long"):
        await Mailbox(account_at(server), tmp_path).refresh()


@pytest.mark.parametrize("capabilities", ["IMAP4rev1 AUTH=PLAIN", "IMAP4rev1"])
async def test_the_password_is_never_told(server: MailServer, tmp_path: Path, capabilities: str) -> None:
    server.capabilities = capabilities
    account = account_at(server, password="wrong-Secret1")
    with pytest.raises(Invalid, match="refuses the name or the password") as caught:
        await Mailbox(account, tmp_path).refresh()
    assert "wrong-Secret1" not in f"{caught.value.message} {caught.value.for_operators} {account!r}"
    if "PLAIN" in capabilities:
        await Mailbox(account_at(server), tmp_path).refresh()


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_the_certificate_is_checked(tmp_path: Path, security: str) -> None:
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    async with MailServer(tls=tls, starts_tls=security == "starttls") as server:
        server.put("INBOX", mail("Subject", "Text"))
        account = msgspec.structs.replace(account_at(server), security=security)
        with pytest.raises(Invalid, match="can't be reached safely"):
            await Mailbox(account, tmp_path).refresh()
        assert "AUTHENTICATE" not in server.commands
        trusting = ssl.create_default_context()
        authority.configure_trust(trusting)
        trusted = msgspec.structs.replace(account, tls=trusting)
        assert await refreshed(Mailbox(trusted, tmp_path)) == [f"INBOX/{DAY} Subject.eml"]
