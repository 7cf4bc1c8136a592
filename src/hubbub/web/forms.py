"""Read the files that a form carries piece by piece (RFC 7578), with the reader that comes with aiohttp."""

from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import contextmanager
from email.message import Message
from email.utils import collapse_rfc2231_value
from typing import Any, cast

from aiohttp import BodyPartReader, MultipartReader
from aiohttp.http_exceptions import HttpProcessingError
from fastapi import Request
from starlette.requests import ClientDisconnect

from hubbub.core.errors import Malformed, TooLarge

PIECE_BYTES = 64 * 1024
LINE_BYTES = 16 * 1024
OTHER_BYTES = 1024 * 1024
"""So much may come in a form besides its files."""


async def files_in(
    request: Request, field: str, texts: dict[str, str] | None = None
) -> AsyncGenerator[tuple[str, AsyncIterator[bytes]]]:
    """Yield the name and the pieces of each file in a field of a form. The pieces end where the next one is asked for.

    What other fields say is put into `texts` as it comes.

    Raises:
        Malformed: it is no form, or it is damaged or breaks off.
        TooLarge: too much comes besides the files.
    """
    content_type = request.headers.get("content-type", "")
    if content_type.split(";")[0].strip().lower() != "multipart/form-data":
        raise Malformed(f"Files are sent as a form: multipart/form-data, with a field {field!r}.")
    content = _Content(request)
    with _as_malformed():
        reader = MultipartReader({"Content-Type": content_type}, cast(Any, content))
    while True:
        with _as_malformed():
            part = await reader.next()
        if part is None:
            return
        if not isinstance(part, BodyPartReader):
            raise Malformed("A form in a form is not understood.")
        name, file_name = _names_of(part)
        if name == field and file_name is not None:
            yield file_name, _pieces(part, content)
        elif texts is not None and file_name is None:
            with _as_malformed():
                texts[name] = await part.text()


class _Content:
    """What aiohttp's reader reads from: a request's body, of which no more is held than it looks at."""

    def __init__(self, request: Request) -> None:
        self._stream = request.stream()
        self._held = bytearray()
        self._is_over = False
        self._other_bytes = 0

    async def read(self, most_bytes: int) -> bytes:
        """Return some bytes, or none at the end."""
        if not self._held:
            await self._hold_more()
        return self._take(min(most_bytes, len(self._held)))

    async def readline(self, *, max_line_length: int | None = None) -> bytes:
        """Return a line with its end, or what is left."""
        most_bytes = max_line_length or LINE_BYTES
        searched = 0
        while (end := self._held.find(b"\n", searched)) < 0:
            searched = len(self._held)
            if searched > most_bytes:
                raise ValueError("a line is too long")
            if not await self._hold_more():
                return self._take(searched)
        return self._take(end + 1)

    def unread_data(self, data: bytes) -> None:
        """Take bytes back."""
        self._held[:0] = data

    def at_eof(self) -> bool:
        """Tell whether the body has ended and all of it was taken."""
        return self._is_over and not self._held

    def count_as_file(self, size_bytes: int) -> None:
        """Note that so many of the bytes were a file's."""
        self._other_bytes -= size_bytes

    async def _hold_more(self) -> bool:
        try:
            piece = await anext(self._stream, b"")
        except ClientDisconnect as error:
            raise Malformed("The request ended before its body did. Send the file again.") from error
        self._is_over = not piece
        self._held += piece
        self._other_bytes += len(piece)
        if self._other_bytes > OTHER_BYTES:
            raise TooLarge(f"More than {OTHER_BYTES // 2**20} MB came in the form besides its files.")
        return not self._is_over

    def _take(self, size_bytes: int) -> bytes:
        taken = bytes(self._held[:size_bytes])
        del self._held[:size_bytes]
        return taken


async def _pieces(part: BodyPartReader, content: _Content) -> AsyncGenerator[bytes]:
    while not part.at_eof():
        with _as_malformed():
            piece = await part.read_chunk(PIECE_BYTES)
        content.count_as_file(len(piece))
        yield piece


def _names_of(part: BodyPartReader) -> tuple[str, str | None]:
    """Return the names of a part's field and of its file; None where it is no file."""
    message = Message()
    message["Content-Disposition"] = part.headers.get("Content-Disposition", "")
    name = message.get_param("name", "", "content-disposition")
    return collapse_rfc2231_value(name or ""), message.get_filename()


@contextmanager
def _as_malformed() -> Generator[None]:
    """Turn what aiohttp raises where a form is damaged into an error with a name."""
    try:
        yield
    except (ValueError, RuntimeError, HttpProcessingError) as error:
        raise Malformed("The form can't be read: it is damaged, or it breaks off.") from error
