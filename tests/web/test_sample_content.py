"""The documents that a page shows for its citations."""

from urllib.parse import quote

import aiohttp
import pytest

from hubbub.core.people import OPERATOR_ID
from tests.ingest.documents import pdf
from tests.web.application import Hubbub
from tests.web.wire import exchange, request

PDF = pdf([["Thirty days of leave."]])


async def collection(http: aiohttp.ClientSession, name: str = "Mine") -> str:
    async with http.post("/api/collections", json={"name": name}) as response:
        return (await response.json())["id"]


async def put(http: aiohttp.ClientSession, collection_id: str, name: str, data: bytes) -> None:
    path = f"/api/collections/{collection_id}/documents/{quote(name, safe='')}"
    async with http.put(path, data=data) as response:
        assert response.status == 202, name


async def share(hubbub: Hubbub, name: str, data: bytes) -> None:
    async def pieces():
        yield data

    shared = await hubbub.services.library.create("Shared", owner_id=OPERATOR_ID, is_shared=True)
    await hubbub.services.pipeline.add(shared.id, name, pieces())


async def test_a_document_is_shown_as_it_was_put_in(ann: aiohttp.ClientSession) -> None:
    await put(ann, await collection(ann), "leave.pdf", PDF)
    async with ann.get("/content/leave.pdf") as response:
        assert (response.status, response.content_type) == (200, "application/pdf")
        assert await response.read() == PDF
        assert response.headers["content-disposition"] == 'inline; filename="leave.pdf"'
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        assert response.headers["x-frame-options"] == "SAMEORIGIN"
        assert response.headers["cache-control"] == "private, no-cache"
    async with ann.get("/content/leave.pdf", headers={"Range": "bytes=0-3"}) as response:
        assert (response.status, await response.read()) == (206, b"%PDF")


@pytest.mark.parametrize(
    ("name", "media_type", "is_shown"),
    [
        ("a.pdf", "application/pdf", True),
        ("a.txt", "text/plain", True),
        ("a.md", "text/markdown", True),
        ("a.csv", "text/csv", True),
        ("a.json", "application/json", True),
        ("a.png", "image/png", True),
        ("a.JPG", "image/jpeg", True),
        ("a.html", "text/plain", True),
        ("a.htm", "text/plain", True),
        ("a.xhtml", "text/plain", True),
        ("a.svg", "application/octet-stream", False),
        ("a.js", "text/plain", True),
        ("a.xml", "application/octet-stream", False),
        ("png", "application/octet-stream", False),
        ("a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", False),
    ],
)
async def test_what_could_run_is_text_or_a_download(
    ann: aiohttp.ClientSession, name: str, media_type: str, is_shown: bool
) -> None:
    await put(ann, await collection(ann), name, b"<script>alert(1)</script>")
    async with ann.get(f"/content/{name}") as response:
        assert (response.status, response.content_type) == (200, media_type)
        assert response.headers["content-disposition"].startswith("inline" if is_shown else "attachment")
        assert response.headers["content-security-policy"].startswith("sandbox;")
        assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "name",
    [
        "two words.txt",
        "Überblick für März.txt",
        "100%.txt",
        "100% sure.txt",
        "50%20off.txt",
        "plus+and&=.txt",
        "what now?.txt",
        "what now? part 1 of 2.txt",
        "handbook/2026/leave days.txt",
        "a;b,c'd\"e.txt",
        "日本.txt",
        "..hidden.txt",
    ],
)
async def test_names_go_into_addresses_as_they_are(hubbub: Hubbub, ann: aiohttp.ClientSession, name: str) -> None:
    await put(ann, await collection(ann), name, b"text")
    # As a browser sends what a page puts together without escaping, and as a careful client does.
    as_browsers = quote(name, safe="%/?+&=;,'$!()*~@:")
    for path in (as_browsers, quote(name), quote(name, safe="")):
        [cookie] = ann.cookie_jar
        sent = request("GET", f"/content/{path}", {"Cookie": f"{cookie.key}={cookie.value}"})
        status, headers, body = await exchange(hubbub.port, sent)
        assert (status, body) == (200, b"text"), path
        assert headers["content-disposition"].startswith("inline; filename"), path


async def test_own_documents_come_before_shared_ones(
    hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession
) -> None:
    await share(hubbub, "rules.txt", b"shared")
    await put(ann, await collection(ann, "Zoo"), "rules.txt", b"own")
    await put(ann, await collection(ann, "Alone"), "diary.txt", b"secret")
    for http, expected in ((ann, b"own"), (bob, b"shared"), (await hubbub.guest(), b"shared")):
        async with http.get("/content/rules.txt") as response:
            assert (response.status, await response.read()) == (200, expected)
    for stranger in (bob, await hubbub.guest(), await hubbub.program("program")):
        async with stranger.get("/content/diary.txt") as response:
            assert (response.status, (await response.json())["error"]) == (404, "There is no such document.")


HOSTILE = [
    *("..", "../x", "a/../leave.pdf", "./leave.pdf", "/leave.pdf", "//leave.pdf", "leave.pdf/", "%2e%2e/leave.pdf"),
    *("..%2fleave.pdf", "%2fetc%2fpasswd", "/etc/passwd", "%2e%2e%2f%2e%2e%2fhubbub.db", "..%5cleave.pdf"),
    *("..%5c..%5cleave.pdf", "leave.pdf%00", "%00", "leave.pdf%00.txt", "c:%5cleave.pdf", "%252e%252e/leave.pdf"),
    *(
        "....//leave.pdf",
        "..;/leave.pdf",
        "%c0%ae%c0%ae/leave.pdf",
        "%ff%fe",
        "a%0ab",
        "",
        "%",
        "?",
        "files/",
        "a" * 5000,
    ),
    *("..?", "x?../leave.pdf", "?leave.pdf", "leave.pdf?x", "%0d%0aSet-Cookie:%20a=b", "file:///etc/passwd"),
]


async def test_nothing_outside_of_the_library_is_there(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    await put(ann, await collection(ann), "leave.pdf", PDF)
    [cookie] = ann.cookie_jar
    for path in HOSTILE:
        sent = request("GET", f"/content/{path}", {"Cookie": f"{cookie.key}={cookie.value}"})
        status, headers, body = await exchange(hubbub.port, sent)
        if path == "leave.pdf?x":  # what stands behind the ? may be something's that is added to every address
            assert (status, body) == (200, PDF)
            continue
        assert (status, headers["content-type"]) == (404, "application/json"), (path, status)
        assert b'"error":' in body, path
        assert "set-cookie" not in headers, path
    status, headers, body = await exchange(hubbub.port, request("GET", "/content/../../etc/passwd"))
    assert (status, headers["content-type"]) == (404, "application/json")


async def test_a_document_whose_file_is_gone(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    await put(ann, await collection(ann), "leave.pdf", PDF)
    async for _ in hubbub.services.pipeline.watch():
        pass
    await hubbub.services.files.sweep((), young_seconds=-1)
    async with ann.get("/content/leave.pdf") as response:
        assert response.status == 404
        assert "error" in await response.json()
