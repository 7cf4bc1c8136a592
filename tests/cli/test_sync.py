"""A collection is kept equal to a folder from the terminal, however often that is killed."""

import asyncio
import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from typer.testing import Result

from tests.cli.commands import run, start
from tests.ingest.places import mail
from tests.servers.mail_server import DAY, PASSWORD, USER, MailServer
from tests.servers.object_server import KEY_ID, SECRET, ObjectServer
from tests.servers.web_server import WebServer

Invoke = Callable[..., Result]
KILLS = 3
ROUNDS_SECONDS = 20.0


def test_one_run_says_what_it_did(hubbub: Invoke, folder: Path) -> None:
    docs = folder.parent / "docs"
    docs.mkdir()
    (docs / "a.txt").write_text("Text of a.")
    (docs / ".hidden").write_text("Hidden.")
    result = hubbub("sync", str(docs), "--collection", "rules")
    assert result.exit_code == 0
    first, _, skipped = result.stderr.splitlines()
    assert first == "rules: 1 added, 0 changed, 0 removed, 0 unchanged, 1 skipped."
    assert ".hidden: skipped, since" in skipped
    assert held(folder) == on_disk(docs)
    (docs / "a.txt").unlink()
    result = hubbub("sync", str(docs), "--collection", "rules")
    assert result.exit_code == 1
    assert "nothing was removed" in result.stderr
    assert set(held(folder)) == {"a.txt"}
    result = hubbub("sync", str(docs), "--collection", "rules", "--even-if-empty")
    assert (result.exit_code, held(folder)) == (0, {})


def test_two_folders_ingested_one_after_the_other_keep_their_files_apart(hubbub: Invoke, folder: Path) -> None:
    for name in ("one", "two"):
        docs = folder.parent / name
        docs.mkdir()
        (docs / "readme.txt").write_text(f"Text of {name}.")
        assert hubbub("ingest", str(docs), "--collection", "rules").exit_code == 0
    assert set(held(folder)) == {"readme.txt", "two/readme.txt"}
    (folder.parent / "two" / "readme.txt").rename(folder.parent / "two" / "new.txt")
    hubbub("ingest", str(folder.parent / "two"), "--collection", "rules", "--remove-missing")
    assert set(held(folder)) == {"readme.txt", "new.txt"}


def test_killed_at_any_point_it_goes_on(folder: Path) -> None:
    chance = random.Random(16)
    docs = folder.parent / "docs"
    docs.mkdir()
    for _ in range(KILLS):
        process = start(folder, "sync", str(docs), "--collection", "rules", "--every", "0.1")
        try:
            _wait_for_a_change(folder, docs, chance)
            assert process.poll() is None
            os.kill(process.pid, signal.SIGKILL)
        finally:
            process.kill()
            process.communicate()
    code, _, err = run(folder, "sync", str(docs), "--collection", "rules")
    assert code == 0, err
    assert held(folder) == on_disk(docs)


def _wait_for_a_change(folder: Path, docs: Path, chance: random.Random) -> None:
    """Change the folder until the collection changes, too: the kill comes in the middle of the work."""
    before = held(folder)
    until = time.monotonic() + ROUNDS_SECONDS
    while held(folder) == before:
        assert time.monotonic() < until, "nothing was synced"
        there = list(docs.iterdir())
        path = docs / f"{chance.randrange(400)}.txt"
        if len(there) > 60:
            chance.choice(there).unlink()
        elif len(there) > 40 and chance.random() < 0.5:
            chance.choice(there).rename(path)
        else:
            path.write_text(f"Text {chance.random()}.")
            time.sleep(0.02)  # a person writes, too, while the work goes on


def on_disk(docs: Path) -> dict[str, str]:
    return {
        path.relative_to(docs).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in docs.iterdir()
        if not path.name.startswith(".")
    }


def held(folder: Path) -> dict[str, str]:
    """Return the contents of the collection by name; each document has passages, and no passage lost its document."""
    if not (folder / "library.db").exists():
        return {}
    database = sqlite3.connect(folder / "library.db", timeout=10)
    try:
        if not database.execute("select 1 from sqlite_master where name = 'document'").fetchone():
            return {}
        query = "select d.name, d.sha256 from document d join collection c on c.id = d.collection_id"
        return dict(database.execute(f"{query} where c.name = 'rules'").fetchall())
    finally:
        database.close()


async def test_a_website_and_a_repository_are_synced_like_folders(folder: Path) -> None:
    async with WebServer() as site:
        site.put("/sitemap.xml", f"<urlset><url><loc>{site.url}/leave</loc></url></urlset>", "text/xml")
        site.put("/leave", "<p>Thirty days of leave.</p>")
        variables = {"HUBBUB_INGEST__URLS__NETWORKS": '["127.0.0.1"]', "HUBBUB_INGEST__URLS__PORTS": f"[{site.port}]"}
        code, _, said = await asyncio.to_thread(
            run, folder, "sync", site.url, "--collection", "rules", variables=variables
        )
        assert (code, said.splitlines()[0]) == (0, "rules: 1 added, 0 changed, 0 removed, 0 unchanged.")
        assert set(held(folder)) == {"leave.html"}
        site.put("/sitemap.xml", f"<urlset><url><loc>{site.url}/new</loc></url></urlset>", "text/xml")
        site.put("/new", "<p>Forty days.</p>")
        code, _, said = await asyncio.to_thread(
            run, folder, "sync", site.url, "--collection", "rules", variables=variables
        )
        assert (code, said.splitlines()[0]) == (0, "rules: 1 added, 0 changed, 1 removed, 0 unchanged.")
        assert set(held(folder)) == {"new.html"}
        code, _, said = await asyncio.to_thread(run, folder, "sync", site.url, "--collection", "rules")
        assert (code, "ingest.urls." in said) == (1, True)
    code, _, said = await asyncio.to_thread(
        run, folder, "sync", f"file://{folder.parent}/nothing.git", "--collection", "rules"
    )
    assert (code, "could not be fetched" in said) == (1, True)
    assert set(held(folder)) == {"new.html"}


async def test_a_bucket_and_a_mailbox_are_synced_by_their_names(folder: Path) -> None:
    async with ObjectServer() as objects, MailServer() as mails:
        bucket, mailbox = "HUBBUB_INGEST__BUCKETS__HANDBOOK__", "HUBBUB_INGEST__MAILBOXES__SUPPORT__"
        variables = {
            f"{bucket}URL": "s3://docs/below",
            f"{bucket}ENDPOINT": objects.url,
            f"{bucket}REGION": "eu-central-1",
            f"{bucket}ACCESS_KEY_ID": KEY_ID,
            f"{bucket}SECRET_ACCESS_KEY": SECRET,
            f"{bucket}COLLECTION": "another",
            f"{mailbox}HOST": "127.0.0.1",
            f"{mailbox}PORT": str(mails.port),
            f"{mailbox}SECURITY": "none",
            f"{mailbox}USER": USER,
            f"{mailbox}PASSWORD": PASSWORD,
            f"{mailbox}COLLECTION": "another",
        }

        async def synced(name: str) -> tuple[int, str]:
            words = ("sync", name, "--collection", "rules")
            code, _, said = await asyncio.to_thread(run, folder, *words, variables=variables)
            return code, said

        objects.objects = {"below/leave.txt": b"Thirty days.", "beside.txt": b"Not taken."}
        mails.put("INBOX", mail("Leave", "Forty days.", attached=b"Fifty days, says the lease."))
        for name in ("handbook", "support"):
            code, said = await synced(name)
            assert (code, said.splitlines()[0]) == (0, "rules: 1 added, 0 changed, 0 removed, 0 unchanged.")
        assert set(held(folder)) == {"leave.txt", f"INBOX/{DAY} Leave.eml"}
        objects.objects.clear()
        code, said = await synced("handbook")
        assert (code, "holds no files any more, so nothing was removed" in said) == (1, True)
        mails.refuses = True
        code, said = await synced("support")
        assert (code, "refuses the name or the password" in said, PASSWORD in said) == (1, True, False)
        assert set(held(folder)) == {"leave.txt", f"INBOX/{DAY} Leave.eml"}
