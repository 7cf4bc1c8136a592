"""What a URL leads to becomes a document with a name and bytes that can be read."""

from collections.abc import AsyncIterator

import pytest

from hubbub.connections.addresses import networks_of
from hubbub.connections.guarded import Guarded
from hubbub.core.errors import Invalid, NotFound, TooLarge, Unsupported
from hubbub.ingest.urls import document_name, document_pieces
from tests.servers.web_server import Put, WebServer


@pytest.fixture
async def site() -> AsyncIterator[WebServer]:
    async with WebServer() as site:
        yield site


async def fetched(site: WebServer, path: str, most_bytes: int = 10_000) -> tuple[str, bytes]:
    async with (
        Guarded(listed=networks_of(["127.0.0.1"]), ports=[site.port]) as fetcher,
        fetcher.get(site.url + path) as arrived,
    ):
        name = document_name(arrived)
        return name, b"".join([piece async for piece in document_pieces(arrived, most_bytes)])


@pytest.mark.parametrize(
    ("path", "media_type", "name"),
    [
        ("/", "text/html", "index.html"),
        ("/handbook/", "text/html; charset=utf-8", "handbook/index.html"),
        ("/handbook/leave", "text/html", "handbook/leave.html"),
        ("/handbook/leave.html", "text/html", "handbook/leave.html"),
        ("/handbook/leave.htm", "text/html", "handbook/leave.htm"),
        ("/page.php?id=3&b=4", "text/html", "page.php (id=3&b=4).html"),
        ("/report", "application/pdf", "report.pdf"),
        ("/report.PDF", "application/octet-stream", "report.PDF"),
        ("/v1.2", "application/pdf", "v1.2.pdf"),
        ("/notes.md", "text/plain; charset=utf-8", "notes.md"),
        ("/notes", "text/plain", "notes.txt"),
        ("/code.py", "text/x-python", "code.py"),
        ("/%C3%9Cbersicht.html", "text/html", "Übersicht.html"),
        ("/a%2F..%2Fb.txt", "text/plain", "a/b.txt"),
        ("/a%3Ab%00c.txt", "text/plain", "a_b_c.txt"),
    ],
)
async def test_names(site: WebServer, path: str, media_type: str, name: str) -> None:
    site.put(path, "x", media_type)
    site.pages |= dict.fromkeys(("/Übersicht.html", "/a:b%00c.txt"), site.pages[path])  # as the client writes them
    assert (await fetched(site, path))[0] == f"127.0.0.1/{name}"


async def test_the_name_that_is_sent_along_is_taken_without_its_folders(site: WebServer) -> None:
    site.put("/get?id=1", "x", "application/pdf", content_disposition='attachment; filename="../../Rules 2026.pdf"')
    site.put("/dots", "x", "application/pdf", content_disposition='attachment; filename=".."')
    assert (await fetched(site, "/get?id=1"))[0] == "127.0.0.1/Rules 2026 (id=1).pdf"
    assert (await fetched(site, "/dots"))[0] == "127.0.0.1/dots.pdf"


@pytest.mark.parametrize("media_type", ["image/gif", "video/mp4", "application/x-msdownload", "", "font/woff2"])
async def test_what_is_not_read_is_refused_by_its_kind(site: WebServer, media_type: str) -> None:
    site.put("/thing", "x", media_type)
    with pytest.raises(Unsupported):
        await fetched(site, "/thing")


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, NotFound), (410, NotFound), (401, Invalid), (403, Invalid), (500, Invalid), (204, Invalid)],
)
async def test_what_a_server_does_not_give(site: WebServer, status: int, error: type[Exception]) -> None:
    site.pages["/thing"] = Put(status=status)
    with pytest.raises(error):
        await fetched(site, "/thing")


@pytest.mark.parametrize(
    ("body", "media_type", "kept"),
    [
        ("Grüße".encode("cp1252"), "text/html; charset=iso-8859-1", b"\xef\xbb\xbf" + "Grüße".encode()),
        ("Привет".encode("koi8-r"), "text/plain; charset=KOI8-R", b"\xef\xbb\xbf" + "Привет".encode()),
        ("Grüße".encode(), "text/html; charset=utf-8", b"\xef\xbb\xbf" + "Grüße".encode()),
        ("\ufeffGrüße".encode(), "text/html; charset=iso-8859-1", "\ufeffGrüße".encode()),
        ("Grüße".encode("cp1252"), "text/html", "Grüße".encode("cp1252")),
        (b"%PDF\xe4", "application/pdf; charset=utf-16", b"%PDF\xe4"),
        (b"x", "text/plain; charset=nonsense", b"x"),
    ],
)
async def test_an_encoding_that_only_http_says(site: WebServer, body: bytes, media_type: str, kept: bytes) -> None:
    site.put("/thing", body, media_type)
    assert (await fetched(site, "/thing"))[1] == kept


async def test_what_is_too_large(site: WebServer) -> None:
    site.put("/thing", b"x" * 100, "text/plain")
    with pytest.raises(TooLarge):
        await fetched(site, "/thing", most_bytes=50)
