"""Files that a page uploads as forms: read piece by piece, searched, listed, deleted."""

import asyncio
import io
from typing import Any

import aiohttp
import pytest

from hubbub.web import forms
from hubbub.web.routes import sample_uploads
from tests.ingest.documents import pdf
from tests.patience import patience
from tests.servers.reader import ask, read_all
from tests.web.application import Hubbub
from tests.web.wire import connection, exchange, reply, request

PDF = pdf([["Everybody has thirty days of leave a year."]])
Part = tuple[str, str | None, bytes]


def form(*parts: Part) -> aiohttp.FormData:
    data = aiohttp.FormData(default_to_multipart=True)
    for field, name, body in parts:
        if name is None:
            data.add_field(field, body.decode())
        else:
            data.add_field(field, io.BytesIO(body), filename=name)
    return data


async def upload(http: aiohttp.ClientSession, *parts: Part) -> tuple[int, dict[str, Any]]:
    async with http.post("/upload", data=form(*parts)) as response:
        return response.status, await response.json()


async def listed(http: aiohttp.ClientSession) -> list[str]:
    async with http.get("/list_uploaded") as response:
        assert response.status == 200
        return await response.json()


async def delete(http: aiohttp.ClientSession, name: str) -> tuple[int, dict[str, Any]]:
    async with http.post("/delete_uploaded", json={"filename": name}) as response:
        return response.status, await response.json()


async def uploads(http: aiohttp.ClientSession) -> list[dict[str, Any]]:
    async with http.get("/api/collections") as response:
        return [one for one in (await response.json())["collections"] if one["name"] == "Uploads"]


async def test_upload_list_ask_show_delete(
    hubbub: Hubbub, ann: aiohttp.ClientSession, bob: aiohttp.ClientSession
) -> None:
    assert await listed(ann) == []
    assert await uploads(ann) == []  # only asking makes none
    assert await upload(ann, ("file", "leave.pdf", PDF)) == (200, {"message": "leave.pdf: ready to be asked about."})
    assert await listed(ann) == ["leave.pdf"]
    [collection] = await uploads(ann)
    assert collection["is_mine"]
    assert not collection["is_shared"]
    asked = await ask(ann, "", "How many days of leave?", collections=[collection["id"]])
    events = await read_all(ann, "", asked["answer"]["id"])
    assert "thirty days" in str(events)
    async with ann.get("/content/leave.pdf") as response:
        assert await response.read() == PDF
    assert await listed(bob) == []
    assert (await delete(bob, "leave.pdf"))[0] == 404
    assert await delete(ann, "leave.pdf") == (200, {"message": "leave.pdf was deleted."})
    status, error = await delete(ann, "leave.pdf")
    assert (status, error["error"]) == (404, "There is no such file among your uploads.")
    assert await listed(ann) == []
    async with ann.get("/content/leave.pdf") as response:
        assert response.status == 404


async def test_a_file_replaces_the_one_of_its_name(ann: aiohttp.ClientSession) -> None:
    for text in (b"first", b"second"):
        assert (await upload(ann, ("file", "a.txt", text)))[0] == 200
    assert await listed(ann) == ["a.txt"]
    async with ann.get("/content/a.txt") as response:
        assert await response.read() == b"second"


async def test_several_files_and_other_fields(ann: aiohttp.ClientSession) -> None:
    status, said = await upload(
        ann,
        ("note", None, b"hello"),
        ("file", "b.txt", b"B"),
        ("other", "x.txt", b"X" * 300_000),
        ("file", "a.txt", b"A"),
    )
    assert (status, said["message"]) == (200, "b.txt, a.txt: ready to be asked about.")
    assert await listed(ann) == ["a.txt", "b.txt"]


async def test_two_at_once_share_a_collection(ann: aiohttp.ClientSession) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(upload(ann, ("file", f"{number}.txt", b"text"))) for number in range(5)]
    assert {task.result()[0] for task in tasks} == {200}
    assert len(await uploads(ann)) == 1
    assert len(await listed(ann)) == 5


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("C:\\files\\leave days.txt", "leave days.txt"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("a/b/c.txt", "c.txt"),
        ("Überblick.txt", "Überblick.txt"),
        ("U\u0308berblick.txt", "Überblick.txt"),
        ("a;b=c.txt", "a;b=c.txt"),
        ("日本.txt", "日本.txt"),
        ("..txt", "..txt"),
    ],
)
async def test_a_file_keeps_its_own_name_alone(
    hubbub: Hubbub, ann: aiohttp.ClientSession, sent: str, kept: str
) -> None:
    # As browsers send it: as it is, in UTF-8.
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="%b"\r\n\r\ntext\r\n--b--\r\n' % sent.encode()
    [cookie] = ann.cookie_jar
    headers = {"Content-Type": "multipart/form-data; boundary=b", "Cookie": f"{cookie.key}={cookie.value}"}
    status, _, said = await exchange(hubbub.port, request("POST", "/upload", headers, body))
    assert status == 200, said
    assert await listed(ann) == [kept]


async def test_a_file_that_cant_be_read_is_not_kept(ann: aiohttp.ClientSession) -> None:
    for name, data in (("broken.pdf", b"no PDF"), ("empty.txt", b""), ("picture.png", b"\x89PNG\r\n\x1a\n\0\0")):
        status, error = await upload(ann, ("file", name, data))
        assert status == 422
        assert error["error"].startswith(f"{name}: ")
    assert await listed(ann) == []
    status, error = await upload(ann, ("file", "good.txt", b"good"), ("file", "broken.pdf", b"no PDF"))
    assert (status, error["error"].split(":")[0]) == (422, "broken.pdf")
    assert await listed(ann) == ["good.txt"]


async def test_one_that_takes_long_to_read_is_ready_later(
    hubbub: Hubbub, ann: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample_uploads, "READ_SECONDS", 0.0)
    status, said = await upload(ann, ("file", "leave.pdf", PDF))
    assert (status, said["message"]) == (200, "leave.pdf: being read, ready soon.")
    assert await listed(ann) == ["leave.pdf"]
    async for _ in hubbub.services.pipeline.watch():
        pass


async def test_large_files(ann: aiohttp.ClientSession) -> None:
    most = 2 * 1024 * 1024  # as the tests' application is set
    # Carriage returns and dashes: what looks like the beginning of a boundary all the time.
    tricky = (b"\r\n--" * (most // 4))[:most]
    assert (await upload(ann, ("file", "most.txt", tricky)))[0] == 200
    async with ann.get("/content/most.txt") as response:
        assert await response.read() == tricky
    status, error = await upload(ann, ("file", "more.txt", b"x" * (most + 1)))
    assert (status, error["error"]) == (413, "The file is larger than 2 MB. Split it into smaller ones.")
    several = [("file", f"{number}.txt", b"x" * (most // 2)) for number in range(4)]
    assert (await upload(ann, *several))[0] == 200  # each is small enough
    assert "more.txt" not in await listed(ann)


async def test_as_many_files_as_may_come_at_once(ann: aiohttp.ClientSession) -> None:
    many = [("file", f"{number}.txt", b"text") for number in range(sample_uploads.MOST_FILES + 1)]
    status, error = await upload(ann, *many)
    assert (status, error["error"]) == (413, "More than 20 files came at once. The first 20 are kept.")
    assert len(await listed(ann)) == sample_uploads.MOST_FILES


async def test_what_comes_besides_files_is_bounded(ann: aiohttp.ClientSession) -> None:
    for parts in (
        [("note", None, b"x" * (forms.OTHER_BYTES // 2))] * 3,
        [("other", "x.bin", b"x" * (forms.OTHER_BYTES + 1)), ("file", "a.txt", b"A")],
        [("file", "a.txt", b"A"), *[("note", None, b"x" * 1000) for _ in range(1100)]],
    ):
        status, error = await upload(ann, *parts)
        assert (status, error["error"]) == (413, "More than 1 MB came in the form besides its files.")


DISPOSITION = b'Content-Disposition: form-data; name="file"; filename="a.txt"'
FAULTS: dict[str, tuple[str, bytes]] = {
    "no boundary": ("multipart/form-data", b"--b\r\n" + DISPOSITION + b"\r\n\r\nA\r\n--b--\r\n"),
    "another boundary": ("multipart/form-data; boundary=c", b"--b\r\n" + DISPOSITION + b"\r\n\r\nA\r\n--b--\r\n"),
    "a long boundary": ("multipart/form-data; boundary=" + "c" * 71, b"--b\r\n\r\n"),
    "nothing": ("multipart/form-data; boundary=b", b""),
    "no part": ("multipart/form-data; boundary=b", b"--b--\r\n"),
    "no end": ("multipart/form-data; boundary=b", b"--b\r\n" + DISPOSITION + b"\r\n\r\nA"),
    "no end after a line": ("multipart/form-data; boundary=b", b"--b\r\n" + DISPOSITION + b"\r\n\r\nA\r\n"),
    "half a boundary": ("multipart/form-data; boundary=bb", b"--bb\r\n" + DISPOSITION + b"\r\n\r\nA\r\n--b"),
    "only heads": ("multipart/form-data; boundary=b", b"--b\r\n" + DISPOSITION),
    "no heads": ("multipart/form-data; boundary=b", b"--b\r\n\r\nA\r\n--b--\r\n"),
    "broken heads": ("multipart/form-data; boundary=b", b"--b\r\nno colon\r\n\r\nA\r\n--b--\r\n"),
    "an endless head": ("multipart/form-data; boundary=b", b"--b\r\nX: " + b"x" * 100_000 + b"\r\n\r\nA\r\n--b--\r\n"),
    "many heads": ("multipart/form-data; boundary=b", b"--b\r\n" + b"X: y\r\n" * 5000 + b"\r\nA\r\n--b--\r\n"),
    "an endless line": ("multipart/form-data; boundary=b", b"x" * 100_000),
    "no name": ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nA\r\n--b--\r\n"),
    "no file": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nA\r\n--b--\r\n',
    ),
    "another field": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\nA\r\n--b--\r\n',
    ),
    "a form in a form": (
        "multipart/form-data; boundary=b",
        b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n"
        + DISPOSITION
        + b"\r\n\r\n--c\r\n\r\nA\r\n--c--\r\n--b--\r\n",
    ),
    "an odd charset": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\n' + b"x" * 40 + b"\r\n--b--\r\n",
    ),
    "JSON": ("application/json", b"{}"),
    "a file alone": ("application/octet-stream", b"A"),
    "a form without files": ("application/x-www-form-urlencoded", b"file=A"),
    "no type": ("", b"A"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_damaged_forms_are_refused(hubbub: Hubbub, ann: aiohttp.ClientSession, fault: str) -> None:
    content_type, body = FAULTS[fault]
    [cookie] = ann.cookie_jar
    headers = {"Content-Type": content_type, "Cookie": f"{cookie.key}={cookie.value}"}
    status, given, said = await exchange(hubbub.port, request("POST", "/upload", headers, body))
    assert (status, given["content-type"]) == (400, "application/json"), said
    assert b'"error":' in said
    assert await listed(ann) == []


@pytest.mark.parametrize(
    "name", ["", " ", "a\tb.txt", "x" * 501, "a\u0085b"], ids=["none", "blank", "a tab", "long", "a control character"]
)
async def test_names_that_cant_be_used(hubbub: Hubbub, ann: aiohttp.ClientSession, name: str) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="%b"\r\n\r\nA\r\n--b--\r\n' % name.encode()
    [cookie] = ann.cookie_jar
    headers = {"Content-Type": "multipart/form-data; boundary=b", "Cookie": f"{cookie.key}={cookie.value}"}
    status, _, said = await exchange(hubbub.port, request("POST", "/upload", headers, body))
    assert status in (400, 422), said
    assert await listed(ann) == []


async def test_a_form_may_come_in_any_pieces(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    body = b"a preamble\r\n--b\r\n" + DISPOSITION + b"\r\n\r\nA\r\n-b\r\n--\r\n--b--\r\nan epilogue"
    [cookie] = ann.cookie_jar
    headers = {
        "Content-Type": 'multipart/form-data; boundary="b"',
        "Cookie": f"{cookie.key}={cookie.value}",
        "Content-Length": str(len(body)),
    }
    async with connection(hubbub.port) as (reader, writer):
        writer.write(request("POST", "/upload", headers))
        for byte in body:
            writer.write(bytes([byte]))
            await writer.drain()
        status, _, said = await reply(reader)
    assert status == 200, said
    async with ann.get("/content/a.txt") as response:
        assert await response.read() == b"A\r\n-b\r\n--"


async def test_one_that_breaks_off_leaves_nothing(hubbub: Hubbub, ann: aiohttp.ClientSession) -> None:
    [cookie] = ann.cookie_jar
    headers = {
        "Content-Type": "multipart/form-data; boundary=b",
        "Cookie": f"{cookie.key}={cookie.value}",
        "Content-Length": "1000000",
    }
    incoming = hubbub.services.files.path("x" * 64).parents[1] / "incoming"

    def entries() -> int:
        return len(list(incoming.iterdir()))

    loop = asyncio.get_running_loop()
    async with connection(hubbub.port) as (_, writer):
        writer.write(request("POST", "/upload", headers, b"--b\r\n" + DISPOSITION + b"\r\n\r\n" + b"A" * 200_000))
        await writer.drain()
        async with patience():
            while await loop.run_in_executor(None, entries) == 0:
                await asyncio.sleep(0.01)
    async with patience():
        while await loop.run_in_executor(None, entries) > 0:
            await asyncio.sleep(0.01)
    assert await listed(ann) == []


async def test_pages_of_other_sites_send_no_files(ann: aiohttp.ClientSession) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        async with ann.post("/upload", data=form(("file", "a.txt", b"A")), headers=headers) as response:
            assert response.status == 403
            assert "error" in await response.json()
    assert await listed(ann) == []
