"""Reading documents from the terminal."""

import asyncio
import os
import re
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
from typer.testing import Result

from tests.cli.commands import PLAIN, run, start
from tests.ingest import documents as samples
from tests.ingest.scans import encoded, scan
from tests.servers.hubbub_server import hubbub_serving
from tests.servers.web_server import WebServer

Invoke = Callable[..., Result]
SAMPLES = Path(samples.__file__).parent / "data"


@pytest.fixture
def documents(folder: Path) -> Path:
    """A folder with two documents that can be read."""
    documents = folder.parent / "documents"
    (documents / "below").mkdir(parents=True)
    (documents / "a.md").write_text("# A\n\nText of a.")
    (documents / "below" / "b.txt").write_text("Text of b.")
    return documents


def kept(folder: Path) -> dict[str, str]:
    """Return the documents of the library that are not of the guide, and their states."""
    database = sqlite3.connect(folder / "library.db")
    query = (
        "select d.name, d.state from document d join collection c on c.id = d.collection_id where c.name <> 'Hubbub'"
    )
    try:
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
        rows = database.execute(query).fetchall()
    finally:
        database.close()
    assert len(rows) == len(dict(rows))
    return dict(rows)


def test_good_and_bad_files(hubbub: Invoke, folder: Path, documents: Path) -> None:
    (documents / "empty.txt").write_text("")
    (documents / "broken.pdf").write_bytes(b"%PDF-1.7\nrubbish")
    (documents / "program.exe").write_bytes(bytes(range(256)) * 20)
    result = hubbub("ingest", str(documents), "--collection", "rules")
    assert result.exit_code == 1
    first, seen_by, *others = result.stderr.splitlines()
    assert first == "rules: 2 read, 0 unchanged, 3 failed."
    assert "hubbub collections share" in seen_by
    assert len(others) == 3
    assert "  empty.txt: The file is empty." in result.stderr
    assert "  broken.pdf: The file is damaged" in result.stderr
    assert "  program.exe: Files like “program.exe” are not understood." in result.stderr
    states = {
        "a.md": "ready",
        "below/b.txt": "ready",
        "empty.txt": "failed",
        "broken.pdf": "failed",
        "program.exe": "failed",
    }
    assert kept(folder) == states


def test_what_was_read_in_part_is_said(hubbub: Invoke, documents: Path) -> None:
    (documents / "scan.pdf").write_bytes(samples.pdf([["One page has text."], None, None]))
    for counts in ("3 read, 0 unchanged", "0 read, 3 unchanged"):
        result = hubbub("ingest", str(documents), "--collection", "rules")
        first, _, *others = result.stderr.splitlines()
        assert (result.exit_code, first) == (0, f"rules: {counts}, 1 ready in part.")
        assert others == ["  scan.pdf: ready, but 2 of 3 pages hold no text."]


def test_what_was_recognised_on_pictures_is_said(hubbub: Invoke, documents: Path) -> None:
    (documents / "scan.png").write_bytes(encoded(scan(), "PNG"))
    first, _, *others = hubbub("ingest", str(documents), "--collection", "rules").stderr.splitlines()
    assert first == "rules: 3 read, 0 unchanged."
    [said] = others
    assert re.fullmatch(r"  scan\.png: 1 page read by OCR, confidence \d\d %\.", said)


def test_a_folder_of_every_kind(hubbub: Invoke) -> None:
    result = hubbub("ingest", str(SAMPLES), "--collection", "rules")
    first, _, *others = result.stderr.splitlines()
    assert (result.exit_code, first) == (
        0,
        f"rules: {len(list(SAMPLES.iterdir()))} read, 0 unchanged, 4 ready in part.",
    )
    assert others == [
        "  chart.pptx: ready, but 1 hidden slide was left out.",
        "  formula_nocache.xlsx: ready, but 1 formula is not calculated in the file.",
        "  hidden.xlsx: ready, but 1 hidden row was left out; 2 hidden sheets were left out.",
        "  only_formula.xlsx: ready, but 1 formula is not calculated in the file.",
    ]


def test_unchanged_changed_and_missing(hubbub: Invoke, folder: Path, documents: Path) -> None:
    command = ("ingest", str(documents), "--collection", "rules")
    assert hubbub(*command).stderr.splitlines()[:1] == ["rules: 2 read, 0 unchanged."]
    assert hubbub(*command).stderr.splitlines()[:1] == ["rules: 0 read, 2 unchanged."]
    (documents / "a.md").write_text("# A\n\nOther text of a.")
    assert hubbub(*command).stderr.splitlines()[:1] == ["rules: 1 read, 1 unchanged."]
    (documents / "below" / "b.txt").unlink()
    result = hubbub(*command)
    assert (result.exit_code, result.stderr.splitlines()[:1]) == (0, ["rules: 0 read, 1 unchanged."])
    assert set(kept(folder)) == {"a.md", "below/b.txt"}
    result = hubbub(*command, "--remove-missing")
    assert (result.exit_code, result.stderr.splitlines()[:1]) == (0, ["rules: 0 read, 1 unchanged, 1 removed."])
    assert set(kept(folder)) == {"a.md"}


def test_an_empty_folder_removes_nothing_unless_told(hubbub: Invoke, folder: Path, documents: Path) -> None:
    assert hubbub("ingest", str(documents), "--collection", "rules").exit_code == 0
    documents.rename(documents.parent / "elsewhere")
    (documents / "lost+found").mkdir(parents=True)  # what a share leaves that is not mounted
    result = hubbub("ingest", str(documents), "--collection", "rules", "--remove-missing")
    assert result.exit_code == 1
    assert "holds no files, so nothing was removed. Is its disk or share mounted?" in result.stderr
    assert set(kept(folder)) == {"a.md", "below/b.txt"}
    result = hubbub("ingest", str(documents), "--collection", "rules", "--remove-missing", "--even-if-empty")
    assert (result.exit_code, result.stderr.splitlines()[:1]) == (0, ["rules: 0 read, 0 unchanged, 2 removed."])
    assert kept(folder) == {}


def test_what_is_passed_by_is_counted(hubbub: Invoke, documents: Path) -> None:
    (documents / ".git").mkdir()
    (documents / "~$a.docx").write_text("locked")
    result = hubbub("ingest", str(documents), "--collection", "rules")
    assert result.stderr.splitlines()[0] == "rules: 2 read, 0 unchanged, 2 skipped."


def test_a_log_shows_that_the_work_goes_on(hubbub: Invoke, documents: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubbub.cli.telling.LINE_SECONDS", 0.02)
    lines = hubbub("ingest", str(documents), "--collection", "rules").stderr.splitlines()
    assert any(line.startswith("rules: ") and line.endswith(" of 2 documents read …") for line in lines)
    assert not any("embedded" in line for line in lines)  # nothing embeds here
    assert "rules: 2 read, 0 unchanged." in lines


def test_names_that_can_t_be_shown_are_read_under_names_that_can(hubbub: Invoke, folder: Path, documents: Path) -> None:
    for name in (b"not utf-8 \xff.txt", b"line\nbreak.txt", b"\x1b[2Jescape.txt"):
        Path(os.fsdecode(os.fsencode(documents) + b"/" + name)).write_text("x")
    for counts in ("5 read, 0 unchanged", "0 read, 5 unchanged"):
        result = hubbub("ingest", str(documents), "--collection", "rules", "--remove-missing")
        assert (result.exit_code, result.stderr.splitlines()[0]) == (0, f"rules: {counts}.")
        assert "\x1b" not in result.stderr
        names = set(kept(folder))
        assert len(names) == 5
        assert {"a.md", "below/b.txt"} < names
        assert all(name.isprintable() for name in names)


def test_too_large(hubbub: Invoke, folder: Path, documents: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBBUB_LIMITS__DOCUMENT_BYTES", str(1024 * 1024))
    (documents / "large.txt").write_bytes(b"x" * (1024 * 1024 + 1))
    result = hubbub("ingest", str(documents), "--collection", "rules")
    assert (result.exit_code, "large.txt: The file is larger than 1 MB." in result.stderr) == (1, True)
    assert set(kept(folder)) == {"a.md", "below/b.txt"}


def test_paths_and_names_that_are_none(hubbub: Invoke, documents: Path) -> None:
    for arguments in (
        (str(documents / "nothing"), "--collection", "rules"),
        (str(documents), "--collection", ""),
        (str(documents), "--collection", "x" * 101),
    ):
        result = hubbub("ingest", *arguments)
        assert result.exit_code == 1
        assert result.stderr.startswith("hubbub: ")
        assert len(result.stderr.splitlines()) == 1
    (documents / "below" / "a.md").write_text("another")
    result = hubbub("ingest", str(documents / "a.md"), str(documents / "below" / "a.md"), "--collection", "rules")
    assert (result.exit_code, result.stderr.splitlines()[0]) == (0, "rules: 2 read, 0 unchanged.")
    assert hubbub("ingest", str(documents)).exit_code == 2


def test_interrupted_and_run_again(folder: Path, documents: Path) -> None:
    for number in range(14):
        (documents / f"{number}.txt").write_text(f"Text of {number}.")
    command = ("ingest", str(documents), "--collection", "rules")
    with start(folder, *command) as process:
        database = folder / "library.db"
        ready = "select count(*) from document where state = 'ready'"
        for _ in range(600):
            time.sleep(0.02)
            if _count(database, ready) > 3:
                break
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Interrupted. Nothing is lost" in err
    assert "Traceback" not in err
    before = kept(folder)
    assert 3 < list(before.values()).count("ready") < 16
    code, _, err = run(folder, *command)
    assert code == 0, err
    done = list(before.values()).count("ready")
    assert err.splitlines()[-2] == f"rules: {16 - done} read, {done} unchanged."
    assert list(kept(folder).values()) == ["ready"] * 16


def _count(path: Path, query: str) -> int:
    if not path.exists():
        return 0
    database = sqlite3.connect(path, timeout=5)
    try:
        return database.execute(query).fetchone()[0]
    except sqlite3.OperationalError:  # its tables are not made yet
        return 0
    finally:
        database.close()


async def test_while_a_server_works_on_the_folder(folder: Path, documents: Path) -> None:
    folder = documents.parent  # where a server can be started: it is there
    async with hubbub_serving(folder, PLAIN) as server, aiohttp.ClientSession() as http:
        arguments = ("ingest", str(documents), "--collection", "rules", "--share", "everybody")
        code, _, err = await asyncio.to_thread(run, folder, *arguments)
        assert (code, err.splitlines()[:1]) == (0, ["rules: 2 read, 0 unchanged."])
        async with http.get(f"{server.url}/api/collections") as response:
            collections = {one["name"]: one for one in (await response.json())["collections"]}
        assert (collections["rules"]["is_shared"], collections["rules"]["documents"]) == (True, 2)
        assert await server.terminate() == 0


def test_a_collection_is_private_unless_it_is_to_be_shared(hubbub: Invoke, folder: Path, documents: Path) -> None:
    result = hubbub("ingest", str(documents), "--collection", "rules")
    assert "Only `hubbub ask` sees it." in result.stderr
    assert _shared(folder) == {"rules": False}
    result = hubbub("ingest", str(documents), "--collection", "rules", "--share", "everybody")
    assert "It is seen by everybody." in result.stderr
    hubbub("ingest", str(documents), "--collection", "rules")
    assert _shared(folder) == {"rules": True}  # what was shared stays so


def test_documents_are_only_for_whom_they_are_read_in_for(hubbub: Invoke, folder: Path, documents: Path) -> None:
    hubbub("ingest", str(documents), "--collection", "rules", "--share", "everybody")
    hubbub("ingest", str(documents), "--collection", "rules", "--only-for", "person:bob", "--only-for", "signed-in")
    assert _readers(folder) == {(1, "person:bob"), (1, "signed-in")}  # what is there already, too
    hubbub("ingest", str(documents), "--collection", "rules")
    assert _readers(folder) == {(1, "person:bob"), (1, "signed-in")}  # it stays so
    for odd in ("everybody", "bob", "group:Nobody"):
        result = hubbub("ingest", str(documents), "--collection", "rules", "--only-for", odd)
        assert result.exit_code == 1


def _readers(folder: Path) -> set[tuple[int, str | None]]:
    database = sqlite3.connect(folder / "library.db")
    try:
        return set(
            database.execute(
                "select is_restricted, subject from document left join document_reader on document_id = id"
            )
        )
    finally:
        database.close()


SHARED = "select name, exists (select 1 from permission where collection_id = id) from collection"


def _shared(folder: Path) -> dict[str, bool]:
    database = sqlite3.connect(folder / "library.db")
    try:
        return {name: bool(is_shared) for name, is_shared in database.execute(SHARED)}
    finally:
        database.close()


async def test_urls_are_ingested_beside_files(folder: Path, documents: Path) -> None:
    async with WebServer() as site:
        site.put("/leave", "<p>Thirty days of leave.</p>")
        more = {
            "HUBBUB_INGEST__URLS__NETWORKS": '["127.0.0.1"]',
            "HUBBUB_INGEST__URLS__PORTS": f"[{site.port}]",
        }
        words = ["ingest", str(documents), f"{site.url}/leave", f"{site.url}/nothing", "--collection", "rules"]
        code, _, said = await asyncio.to_thread(run, folder, *words, variables=more)
        assert code == 1
        assert "rules: 3 read, 0 unchanged, 1 failed." in said
        assert f"  {site.url}/nothing: There is nothing at this URL" in said
        assert kept(folder) == {"a.md": "ready", "below/b.txt": "ready", "127.0.0.1/leave.html": "ready"}
        code, _, said = await asyncio.to_thread(
            run, folder, *words[:3], "--collection", "rules", "--remove-missing", variables=more
        )
        assert (code, "rules: 0 read, 3 unchanged." in said) == (0, True)
        code, _, said = await asyncio.to_thread(run, folder, "ingest", f"{site.url}/leave", "--collection", "rules")
        assert (code, "ingest.urls" in said) == (1, True)
