"""Contents are kept whole and once, or not at all."""

import asyncio
import errno
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hubbub.core.errors import Invalid, NotFound, StoreError, StoreFull, TooLarge
from hubbub.ingest.files import Files, Kept


@pytest.fixture
async def files(tmp_path: Path) -> AsyncIterator[Files]:
    async with Files(tmp_path / "files", most_bytes=1024 * 1024) as files:
        yield files


async def stream(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def stored(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "files").rglob("*") if path.is_file())


async def test_keeps_a_content_under_its_hash(files: Files, tmp_path: Path) -> None:
    sha256 = hashlib.sha256(b"hello world").hexdigest()
    assert await files.keep(stream(b"hello ", b"", b"world")) == Kept(sha256, 11)
    assert files.path(sha256) == tmp_path / "files" / sha256[:2] / sha256
    assert files.path(sha256).read_bytes() == b"hello world"


async def test_keeps_the_same_content_once(files: Files, tmp_path: Path) -> None:
    kept = await asyncio.gather(*(files.keep(stream(b"same")) for _ in range(8)))
    assert len(set(kept)) == 1
    assert stored(tmp_path) == [kept[0].sha256]


async def test_stops_reading_past_the_limit(files: Files, tmp_path: Path) -> None:
    yielded = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal yielded
        while True:
            yielded += 1
            yield b"x" * 100_000

    with pytest.raises(TooLarge, match="larger than 1 MB"):
        await files.keep(endless())
    assert yielded == 11
    assert stored(tmp_path) == []


async def test_a_source_that_breaks_off_leaves_nothing(files: Files, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"begun"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await files.keep(broken())
    assert stored(tmp_path) == []


async def test_cancelling_leaves_nothing(files: Files, tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"begun"
        begun.set()
        await asyncio.Event().wait()

    keeping = asyncio.create_task(files.keep(slow()))
    await begun.wait()
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    assert stored(tmp_path) == []


@pytest.mark.parametrize(("number", "error"), [(errno.ENOSPC, StoreFull), (errno.EIO, StoreError)])
async def test_a_full_or_broken_disk_is_named(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[Exception]
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(error) as caught:
        await files.keep(stream(b"hello"))
    assert type(caught.value) is error
    assert stored(tmp_path) == []


async def test_reads_ordinary_files_only(files: Files, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 600_000)
    assert b"".join([piece async for piece in files.read(tmp_path / "a")]) == b"x" * 600_000
    os.mkfifo(tmp_path / "pipe")
    for path, error in [(tmp_path / "pipe", Invalid), (tmp_path, Invalid), (tmp_path / "none", NotFound)]:
        with pytest.raises(error):
            await files.keep(files.read(path))


async def test_sweeps_what_nobody_refers_to(files: Files, tmp_path: Path) -> None:
    used = await files.keep(stream(b"used"))
    unused = await files.keep(stream(b"unused"))
    (tmp_path / "files" / "incoming" / "left-over").write_bytes(b"x")
    assert await files.sweep({used.sha256}) == 0
    assert await files.sweep({used.sha256}, young_seconds=-1) == 2
    assert stored(tmp_path) == [used.sha256]
    assert not files.path(unused.sha256).exists()


async def test_keeping_again_makes_a_file_young(files: Files) -> None:
    kept = await files.keep(stream(b"again"))
    os.utime(files.path(kept.sha256), (0, 0))
    await files.keep(stream(b"again"))
    assert await files.sweep(set()) == 0
