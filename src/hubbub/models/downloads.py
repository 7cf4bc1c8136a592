"""Download a large file, going on where a broken download ended."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import IO

from hubbub.connections.http import Http, Reply
from hubbub.connections.outside import BrokenOff, Unreachable
from hubbub.models.address import host_of
from hubbub.models.files import Files, Progress, WeightsError

ATTEMPTS = 5
"""In a row without a byte of progress."""
PAUSE_SECONDS = 1.0
SILENCE_SECONDS = 30.0
WRITE_BYTES = 1024 * 1024
_RANGE = re.compile(r"bytes (\d+)-\d+/(?:(\d+)|\*)")


async def download(url: str, part: Path, http: Http, files: Files, progress: Progress, *, resumes: bool) -> None:
    """Have the whole file in `part`; with `resumes` what is there already is its beginning.

    Raises:
        WeightsError: the server has no such file, or could not be reached again and again.
    """
    failures = 0
    begun = await files.do(_size, part) if resumes else 0
    while True:
        try:
            await _go_on(url, part, begun, http, files, progress)
            return
        except (BrokenOff, Unreachable, TimeoutError, _Unavailable) as error:
            now = await files.do(_size, part) if resumes else 0
            failures = 1 if now > begun else failures + 1
            begun = now
            if failures >= ATTEMPTS:
                why = str(error) or f"nothing came for {SILENCE_SECONDS:g} s"
                raise WeightsError(
                    f"{url} can't be fetched: {why}. Check the network and try again; it goes on where it was."
                ) from error
        await asyncio.sleep(PAUSE_SECONDS * failures)


class _Unavailable(Exception):
    """The server refused for now."""


async def _go_on(url: str, part: Path, begun: int, http: Http, files: Files, progress: Progress) -> None:
    headers = {"Range": f"bytes={begun}-"} if begun else {}
    async with http.request("GET", url, headers=headers, follow_redirects=True) as reply:
        if reply.status == 416:  # what is there is longer than the file, or is all of it
            total = reply.headers.get("content-range", "").rpartition("/")[2]
            if total == str(begun):
                return
            await files.do(part.unlink)
            raise _Unavailable("what was there before does not fit")
        _raise_for_status(url, reply)
        match = _RANGE.fullmatch(reply.headers.get("content-range", "")) if reply.status == 206 else None
        if reply.status == 206 and (match is None or int(match[1]) != begun):
            raise BrokenOff("it sent another part than was asked for")
        done = begun if match else 0
        length = reply.headers.get("content-length", "")
        total_bytes = done + int(length) if length.isdecimal() else None
        progress(done, total_bytes)
        file = await files.do(part.open, "r+b" if done else "wb")
        try:
            await files.do(file.seek, done)
            await _copy(reply, file, files, lambda more: progress(done + more, total_bytes))
        finally:
            await asyncio.shield(files.do(file.close))


async def _copy(reply: Reply, file: IO[bytes], files: Files, report: Callable[[int], None]) -> None:
    waiting: list[bytes] = []
    waiting_bytes = copied = 0
    try:
        while True:
            async with asyncio.timeout(SILENCE_SECONDS):
                chunk = await reply.chunk()
            waiting.append(chunk)
            waiting_bytes += len(chunk)
            if waiting_bytes >= WRITE_BYTES or not chunk:
                copied += await files.do(file.write, b"".join(waiting))
                waiting, waiting_bytes = [], 0
                report(copied)
            if not chunk:
                return
    except (BrokenOff, TimeoutError):
        await files.do(file.write, b"".join(waiting))
        raise


def _raise_for_status(url: str, reply: Reply) -> None:
    if reply.status in (200, 206):
        return
    if reply.status in (408, 429) or reply.status >= 500:
        raise _Unavailable(f"{host_of(url)} answered with status {reply.status}")
    hint = "Check the address in the settings."
    if reply.status in (401, 403):
        hint = "It asks for a sign-in: fetch the file yourself and give its path in the settings."
    raise WeightsError(f"{url} can't be fetched: status {reply.status}. {hint}", retryable=False)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
