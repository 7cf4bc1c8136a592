"""Write a ZIP file in threads, so that the event loop goes on; it is there as a whole or not at all."""

import contextlib
import re
import zipfile
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec

from hubbub.connections.private import make_private_folder
from hubbub.connections.threads import in_a_thread

NAME_CHARACTERS = 120


class Archive:
    """A ZIP file that is being written."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file

    async def text(self, name: str, text: str) -> None:
        """Add a text."""
        await self.put(name, text.encode())

    async def json(self, name: str, value: object) -> None:
        """Add a value as JSON that people can read, too."""
        await in_a_thread(lambda: self._file.writestr(name, msgspec.json.format(msgspec.json.encode(value))))

    async def lines(self, name: str, values: Iterable[object]) -> None:
        """Add values as JSON, each on a line."""
        await in_a_thread(
            lambda: self._file.writestr(name, b"".join(msgspec.json.encode(one) + b"\n" for one in values))
        )

    async def put(self, name: str, content: bytes) -> None:
        """Add bytes as a file."""
        await in_a_thread(lambda: self._file.writestr(name, content))

    async def file(self, name: str, path: Path) -> None:
        """Add a copy of a file."""
        await in_a_thread(lambda: self._file.write(path, name))


@asynccontextmanager
async def archive_at(path: Path) -> AsyncGenerator[Archive]:
    """Give an archive to write, which is at a path once all is written. What a kill left half written is replaced."""
    part = path.with_suffix(".part")
    await in_a_thread(lambda: make_private_folder(path.parent))
    file = await in_a_thread(lambda: _opened(part))
    try:
        yield Archive(file)
    except BaseException:
        await in_a_thread(lambda: _dropped(file, part))
        raise
    await in_a_thread(file.close)
    await in_a_thread(partial(part.replace, path))


def plain_name(text: str) -> str:
    """Return a text as the name of a file that leads nowhere else when it is unpacked; empty where nothing is left."""
    return re.sub(r'[\x00-\x1f<>:"\\|?*/]', "_", text).strip(". ")[:NAME_CHARACTERS]


def _opened(path: Path) -> zipfile.ZipFile:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    return zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False)


def _dropped(file: zipfile.ZipFile, path: Path) -> None:
    with contextlib.suppress(OSError):
        file.close()
        path.unlink()
