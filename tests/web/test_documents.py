"""Collections and documents over HTTP."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from tests.ingest import documents as samples
from tests.ingest.scans import encoded, scan
from tests.web.application import LIMITS, Hubbub


@pytest.fixture
async def collection_id(hubbub: Hubbub, ann: aiohttp.ClientSession) -> str:
    async with ann.post("/api/collections", json={"name": "Rules"}) as response:
        assert response.status == 201
        made = await response.json()
    assert (made["is_mine"], made["is_shared"], made["documents"]) == (True, False, 0)
    return made["id"]


def address(collection_id: str, name: str) -> str:
    return f"/api/collections/{collection_id}/documents/{quote(name, safe='')}"


async def put(http: aiohttp.ClientSession, collection_id: str, name: str, data: Any) -> dict[str, Any]:
    async with http.put(address(collection_id, name), data=data) as response:
        assert response.status == 202, await response.text()
        return await response.json()


async def listed(hubbub: Hubbub, http: aiohttp.ClientSession, collection_id: str) -> dict[str, dict[str, Any]]:
    """Return the documents by their names, once none is being read any more."""
    async for _ in hubbub.services.pipeline.watch(collection_id):
        pass
    async with http.get(f"/api/collections/{collection_id}/documents") as response:
        return {document["name"]: document for document in (await response.json())["documents"]}


async def shown(http: aiohttp.ClientSession, document_id: str) -> str:
    async with http.get(f"/api/documents/{document_id}") as response:
        assert response.status == 200
        return " ".join(passage["text"] for passage in (await response.json())["passages"])


def written(make: Callable[[Path], None], folder: Path) -> bytes:
    path = folder / "sample"
    make(path)
    return path.read_bytes()


async def test_each_kind_is_read_and_what_can_t_be_read_says_why(
    hubbub: Hubbub, ann: aiohttp.ClientSession, collection_id: str, tmp_path: Path
) -> None:
    text = "Everybody has thirty days of leave."
    good = {
        "a.pdf": samples.pdf([[text], ["Page two."]]),
        "b.docx": written(samples.word, tmp_path),
        "c.pptx": written(samples.powerpoint, tmp_path),
        "d.xlsx": written(samples.excel, tmp_path),
        "e.html": f"<h1>Leave</h1><p>{text}</p>".encode(),
        "f.md": f"# Leave\n\n{text}".encode(),
        "g.txt": text.encode("utf-16"),
        "h.csv": b"name,days\nann,30\n",
        "i.json": b'{"leave": "thirty days"}',
        "no-suffix": text.encode(),
    }
    bad = {
        "encrypted.pdf": (samples.pdf([[text]], is_encrypted=True), "encrypted"),
        "corrupt.pdf": (b"%PDF-1.7\n" + b"rubbish" * 100, "damaged"),
        "no.docx": (b"not a document", "damaged"),
        "empty.txt": (b"", "empty"),
        "blank.txt": (b" \n ", "no text"),
        "scan.pdf": (samples.pdf([["x"]], picture_only=True), "only pictures"),
        "program.exe": (bytes(range(256)) * 20, "not understood"),
        "old.doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "save it as .docx"),
        "bomb.docx": (written(lambda path: samples.zip_bomb(path, 600), tmp_path), "unpacks"),
        "entities.docx": (written(samples.entity_bomb, tmp_path), ""),
    }
    for name, data in good.items():
        assert (await put(ann, collection_id, name, data))["state"] == "waiting"
    for name, (data, _) in bad.items():
        await put(ann, collection_id, name, data)
    documents = await listed(hubbub, ann, collection_id)
    for name in good:
        assert (documents[name]["state"], documents[name]["reason"]) == ("ready", ""), documents[name]
        assert await shown(ann, documents[name]["id"])
    assert text in await shown(ann, documents["a.pdf"]["id"])
    assert documents["a.pdf"]["pages"] == 2
    for name, (_, reason) in bad.items():
        document = documents[name]
        assert document["state"] == "failed", document
        assert reason in document["reason"]
        assert document["reason"].endswith(".")
        assert document["completeness"].get("why") or name == "entities.docx", document
        assert await shown(ann, document["id"]) == ""
    async with ann.get("/api/collections") as response:
        [collection] = (await response.json())["collections"]
    assert collection["documents"] == len(good) + len(bad)
    assert collection["passages"] == sum(document["passages"] for document in documents.values()) >= len(good)


async def test_a_document_says_how_whole_it_was_read(
    hubbub: Hubbub, ann: aiohttp.ClientSession, collection_id: str
) -> None:
    await put(ann, collection_id, "scan.pdf", samples.pdf([["One page has text."], None, None]))
    document = (await listed(hubbub, ann, collection_id))["scan.pdf"]
    assert document["state"] == "ready"
    missing = {"kind": "pages_without_text", "text": "2 of 3 pages hold no text", "count": 2, "of": 3}
    assert document["progress"] == 1.0
    assert document["completeness"] == {"characters": 15, "held": 0, "omitted": [missing], "ocr": None}


async def test_a_scan_says_so_in_its_document_and_in_its_passages(
    hubbub: Hubbub, ann: aiohttp.ClientSession, collection_id: str
) -> None:
    await put(ann, collection_id, "lease.tif", encoded(scan(), "TIFF"))
    document = (await listed(hubbub, ann, collection_id))["lease.tif"]
    assert (document["state"], document["media_type"]) == ("ready", "image/tiff")
    ocr = document["completeness"]["ocr"]
    assert (ocr["pages"], ocr["of"]) == (1, 1)
    async with ann.get(f"/api/documents/{document['id']}") as response:
        [passage] = (await response.json())["passages"]
    assert passage["heading"] == f"Read by OCR, confidence {ocr['confidence']} %"
    assert passage["page"] == 1


async def test_the_same_again_changes_nothing_and_other_content_replaces(
    hubbub: Hubbub, ann: aiohttp.ClientSession, collection_id: str
) -> None:
    first = await put(ann, collection_id, "a.txt", b"The first text.")
    ready = (await listed(hubbub, ann, collection_id))["a.txt"]
    assert await put(ann, collection_id, "a.txt", b"The first text.") == ready
    replaced = await put(ann, collection_id, "a.txt", b"The second text.")
    assert (replaced["id"], replaced["state"]) == (first["id"], "waiting")
    assert list(await listed(hubbub, ann, collection_id)) == ["a.txt"]
    assert await shown(ann, first["id"]) == "The second text."


async def test_what_failed_is_read_again(hubbub: Hubbub, ann: aiohttp.ClientSession, collection_id: str) -> None:
    await put(ann, collection_id, "a.txt", b"")
    assert (await listed(hubbub, ann, collection_id))["a.txt"]["state"] == "failed"
    assert (await put(ann, collection_id, "a.txt", b""))["state"] == "waiting"
    await put(ann, collection_id, "a.txt", b"Now with text.")
    assert (await listed(hubbub, ann, collection_id))["a.txt"]["state"] == "ready"


async def test_deleting(hubbub: Hubbub, ann: aiohttp.ClientSession, collection_id: str) -> None:
    for name in ("a.txt", "b.txt"):
        await put(ann, collection_id, name, f"Text of {name}.".encode())
    documents = await listed(hubbub, ann, collection_id)
    gone = documents["a.txt"]["id"]
    async with ann.delete(f"/api/documents/{gone}") as response:
        assert response.status == 204
    for path in (f"/api/documents/{gone}", f"/api/documents/{gone}/file", f"/api/documents/{gone}/pages/1"):
        async with ann.get(path) as response:
            assert response.status == 404, path
    assert list(await listed(hubbub, ann, collection_id)) == ["b.txt"]
    async with ann.delete(f"/api/collections/{collection_id}") as response:
        assert response.status == 204
    async with ann.get(f"/api/documents/{documents['b.txt']['id']}") as response:
        assert response.status == 404
    assert await hubbub.services.search.find("text", [collection_id]) == []


async def test_too_large_leaves_what_was_there(hubbub: Hubbub, ann: aiohttp.ClientSession, collection_id: str) -> None:
    await put(ann, collection_id, "a.txt", b"Small.")
    await listed(hubbub, ann, collection_id)

    async def pieces(count: int) -> Any:
        for _ in range(count):
            yield b"x" * 65536

    whole = LIMITS.document_bytes // 65536
    for data in (pieces(whole + 1), io.BytesIO(b"x" * (LIMITS.document_bytes + 1))):  # without and with Content-Length
        async with ann.put(address(collection_id, "a.txt"), data=data) as response:
            problem = await response.json()
        assert (response.status, problem["code"]) == (413, "too_large")
        assert "2 MB" in problem["detail"]
    assert await shown(ann, (await listed(hubbub, ann, collection_id))["a.txt"]["id"]) == "Small."
    await put(ann, collection_id, "just.txt", pieces(whole))


async def test_names(hubbub: Hubbub, ann: aiohttp.ClientSession, collection_id: str, tmp_path: Path) -> None:
    odd = ("a/b/c.txt", "../../etc/passwd", "a/..", "a\\b.txt", "ü – 文.txt", 'q"uo\'te;.txt', "%2e", "con.txt",
           "ends/", "/begins", "x" * 400, "a b.txt", "<img src=x>.html", "?.txt", "#.txt")  # fmt: skip
    for name in odd:
        assert (await put(ann, collection_id, name, f"Text of {name}.".encode()))["name"] == name
    documents = await listed(hubbub, ann, collection_id)
    assert set(documents) == set(odd)
    for name, document in documents.items():
        async with ann.get(f"/api/documents/{document['id']}/file") as response:
            assert (await response.read()).decode() == f"Text of {name}."
            disposition = response.headers["content-disposition"]
            assert response.content_disposition is not None
            assert response.content_disposition.type == "attachment"
            saved = response.content_disposition.filename or ""
        assert saved, disposition
        assert "/" not in saved and "\\" not in saved and saved not in (".", ".."), disposition
        assert disposition.isascii() and disposition.isprintable()
    assert not (tmp_path.parent / "etc").exists()
    before = len(documents)
    for name in ("", " ", "a\0b", "a\nb", "a\r\nSet-Cookie: x=y", "x" * 401, "\x7f", "\x85"):
        async with ann.put(address(collection_id, name), data=b"x") as response:
            said = (response.status, (await response.json())["code"])
        assert said in ((422, "invalid"), (404, "not_found")), name
    assert len(await listed(hubbub, ann, collection_id)) == before
    same = await put(ann, collection_id, "u\u0308.txt", b"x")  # one name, however the ü is written
    assert same["id"] == (await put(ann, collection_id, "\u00fc.txt", b"y"))["id"]


async def test_downloads(hubbub: Hubbub, ann: aiohttp.ClientSession, collection_id: str) -> None:
    evil = b"<script>alert(1)</script>" * 10
    document = await put(ann, collection_id, "page.html", evil)
    path = f"/api/documents/{document['id']}/file"
    async with ann.get(path) as response:
        assert response.headers["content-type"] == "application/octet-stream"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert response.headers["content-disposition"] == 'attachment; filename="page.html"'
        assert await response.read() == evil
    async with ann.get(path, headers={"Range": "bytes=0-7"}) as response:
        assert (response.status, await response.read()) == (206, b"<script>")
    for wrong in ("bytes=9999-", "bytes=x", "bytes=5-1", "rows=1"):
        async with ann.get(path, headers={"Range": wrong}) as response:
            assert response.status in (200, 400, 416), wrong
    hubbub.services.files.path(document["sha256"]).unlink()
    async with ann.get(path) as response:
        assert (response.status, (await response.json())["code"]) == (404, "not_found")


async def test_pictures_of_pages(hubbub: Hubbub, ann: aiohttp.ClientSession, collection_id: str) -> None:
    pdf = await put(ann, collection_id, "a.pdf", samples.pdf([["Thirty days of leave."], ["Two."]]))
    text = await put(ann, collection_id, "a.txt", b"Text.")
    broken = await put(ann, collection_id, "b.pdf", b"%PDF-1.7\n" + b"rubbish" * 100)
    await listed(hubbub, ann, collection_id)
    seen: set[bytes] = set()
    for number, quoted in ((1, ""), (1, "Thirty days"), (2, ""), (2, "nowhere \0 \u2028")):
        params = {"quote": quoted} if quoted else {}
        async with ann.get(f"/api/documents/{pdf['id']}/pages/{number}", params=params) as response:
            assert (response.status, response.content_type) == (200, "image/png")
            data = await response.read()
            assert data.startswith(b"\x89PNG")
            seen.add(data)
    assert len(seen) == 3
    async with ann.get(f"/api/documents/{pdf['id']}") as response:
        [first, _] = (await response.json())["passages"]
    pictures: list[bytes] = []
    for query in ("quote=Thirty+days+of+leave.", f"passage={first['id']}", "passage=nowhere", ""):
        async with ann.get(f"/api/documents/{pdf['id']}/pages/1?{query}") as response:
            pictures.append(await response.read())
    assert pictures[0] == pictures[1] != pictures[2] == pictures[3]
    for path, status in (
        (f"{pdf['id']}/pages/0", 404),
        (f"{pdf['id']}/pages/3", 404),
        (f"{pdf['id']}/pages/-1", 404),
        (f"{pdf['id']}/pages/{10**30}", 404),
        (f"{pdf['id']}/pages/x", 422),
        (f"{pdf['id']}/pages/1?quote={'x' * 4001}", 422),
        (f"{text['id']}/pages/1", 404),
        (f"{broken['id']}/pages/1", 422),
    ):
        async with ann.get(f"/api/documents/{path}") as response:
            assert response.status == status, path
            assert (await response.json())["detail"].endswith(".")


async def test_collections_have_names(hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession) -> None:
    for name, status in (("Mine", 201), ("Mine", 409), (" Mine ", 409), ("", 422), ("x" * 101, 422), ("x" * 100, 201)):
        async with ann.post("/api/collections", json={"name": name}) as response:
            assert response.status == status, name
    async with bob.post("/api/collections", json={"name": "Mine"}) as response:
        assert response.status == 201


async def test_documents_are_listed_page_by_page(
    hubbub: Hubbub, ann: aiohttp.ClientSession, collection_id: str
) -> None:
    names = [f"{number:02}.txt" for number in range(7)]
    for name in names:
        await put(ann, collection_id, name, f"This is {name}.".encode())
    await put(ann, collection_id, "empty.pdf", b"no PDF")
    await listed(hubbub, ann, collection_id)
    path = f"/api/collections/{collection_id}/documents"

    async def page(**asked: str) -> dict[str, Any]:
        async with ann.get(path, params=asked) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    seen: list[str] = []
    after: dict[str, str] = {}
    for _ in range(3):
        found = await page(limit="3", order="name", descending="true", **after)
        seen += [one["name"] for one in found["documents"]]
        after = {"after": found["next"]}
    assert found["next"] is None
    assert seen == ["empty.pdf", *reversed(names)]
    assert found["counts"] == {"unfinished": 0, "ready": 7, "partial": 0, "failed": 1}
    assert [one["name"] for one in (await page(words="0", condition="failed"))["documents"]] == []
    assert [one["name"] for one in (await page(condition="failed"))["documents"]] == ["empty.pdf"]
    assert [one["name"] for one in (await page(words=" 05.T "))["documents"]] == ["05.txt"]
    for bad in (
        {"after": "x"},
        {"after": "WzFd", "order": "size"},
        {"after": found["counts"] and "WyJhIiwiYiJd", "order": "size"},
    ):
        async with ann.get(path, params=bad) as response:
            assert (response.status, (await response.json())["detail"]) == (
                422,
                "`after` is not what `next` of the page before was.",
            )


async def test_a_collection_is_renamed(hubbub: Hubbub, ann: aiohttp.ClientSession, collection_id: str) -> None:
    path = f"/api/collections/{collection_id}"
    async with ann.post("/api/collections", json={"name": "Taken"}) as response:
        assert response.status == 201
    async with ann.patch(path, json={"name": " Laws "}) as response:
        assert (response.status, (await response.json())["name"]) == (200, "Laws")
    for name, status in (("Taken", 409), (" ", 422), ("x" * 101, 422)):
        async with ann.patch(path, json={"name": name}) as response:
            assert response.status == status
    async with ann.get("/api/collections") as response:
        assert "Laws" in [one["name"] for one in (await response.json())["collections"]]


async def test_a_document_is_renamed_and_found_by_its_new_name(
    hubbub: Hubbub, ann: aiohttp.ClientSession, collection_id: str
) -> None:
    made = await put(ann, collection_id, "leave.txt", b"Everybody has thirty days of leave.")
    await put(ann, collection_id, "other.txt", b"Something else.")
    await listed(hubbub, ann, collection_id)
    path = f"/api/documents/{made['id']}"

    async def renamed(name: str) -> tuple[int, dict[str, Any]]:
        async with ann.patch(path, json={"name": name}) as response:
            return response.status, await response.json()

    status, document = await renamed("holidays/zanzibar.txt")
    assert (status, document["name"], document["id"], document["state"]) == (
        200,
        "holidays/zanzibar.txt",
        made["id"],
        "ready",
    )
    assert (await renamed("other.txt"))[0] == 409
    assert (await renamed("leave.pdf"))[0] == (await renamed(" "))[0] == 422
    async with ann.post("/api/search", json={"query": "zanzibar", "collections": [collection_id]}) as response:
        assert [one["hit"]["name"] for one in (await response.json())["results"]] == ["holidays/zanzibar.txt"]
