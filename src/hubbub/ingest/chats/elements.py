"""Find the chats in a file, one after the other, without taking in all of it: JSON, or a ZIP file that holds JSON."""

import mmap
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import TypeAlias

from hubbub.core.errors import Invalid, TooLarge
from hubbub.core.reasons import because
from hubbub.ingest.chats.base import At

MOST_UNPACKED_BYTES = 300 * 1024 * 1024
MOST_PARTS = 20_000
Data: TypeAlias = "bytes | mmap.mmap"

_CHATS = re.compile(r"(?:.*/)?(?:conversations[^/]*|chats/[^/]+)\.json", re.IGNORECASE)
"""ChatGPT's archive, whole or in parts, and that of all that is a person's here."""
_BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*")
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{}]', re.DOTALL)
"""Strings, and what opens and closes; a quotation mark alone begins a string that never ends."""
_QUOTE, _LIST, _OBJECT = tuple(b'"[{')
_OPENING, _CLOSING = b"[{", b"]}"


def elements(file: int, at: At) -> Iterator[tuple[bytes, At]]:
    """Yield the JSON of each chat of an open file from a place on, with the place behind it.

    Raises:
        Invalid, TooLarge: the file holds no chats, is damaged, or unpacks to too much.
    """
    with open(file, "rb", closefd=False) as opened:
        if os.fstat(file).st_size == 0:
            raise Invalid(because("file_empty"), code="empty")
        if opened.read(4) == b"PK\x03\x04":
            yield from _of_archive(file, at)
        else:
            with mmap.mmap(file, 0, access=mmap.ACCESS_READ) as data:
                for begin, end in _places(data, at.offset):
                    yield data[begin:end], At(0, end)


def _of_archive(file: int, at: At) -> Iterator[tuple[bytes, At]]:
    try:
        with open(file, "rb", closefd=False) as opened, zipfile.ZipFile(opened) as archive:
            for number, part in enumerate(_parts(archive)):
                if number < at.part:
                    continue
                data = archive.read(part)
                for begin, end in _places(data, at.offset if number == at.part else 0):
                    yield data[begin:end], At(number, end)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise Invalid(because("archive_damaged"), code="damaged") from error
    except RuntimeError as error:  # as `zipfile` says that it lacks a password
        raise Invalid(because("encrypted"), code="encrypted") from error


def _parts(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return what holds chats in an archive; `zipfile` unpacks no more of each than the archive says it has."""
    found = sorted(
        [part for part in archive.infolist() if _CHATS.fullmatch(part.filename)], key=lambda one: one.filename
    )
    if not found:
        raise Invalid(because("import_unknown"), code="unsupported")
    if len(found) > MOST_PARTS:
        raise TooLarge(because("too_many_parts", parts=MOST_PARTS))
    if sum(part.file_size for part in found) > MOST_UNPACKED_BYTES:
        raise TooLarge(because("bomb", megabytes=MOST_UNPACKED_BYTES // 1024**2), code="bomb")
    return found


def _places(data: Data, offset: int) -> Iterator[tuple[int, int]]:
    """Yield from where to where each value of a list stands that is in itself a list or an object."""
    first = _BEGINNING.match(data)
    begin = first.end() if first else 0
    opening = data[begin] if begin < len(data) else 0
    if opening not in (_LIST, _OBJECT):
        raise Invalid(because("import_unknown"), code="unsupported")
    depth, start = 0, 0
    for token in _TOKEN.finditer(data, offset or (begin + 1 if opening == _LIST else begin)):
        kind = data[token.start()]
        if kind == _QUOTE:
            if token.end() - token.start() == 1:
                break
        elif kind in _OPENING:
            start = start if depth else token.start()
            depth += 1
        elif not depth:
            return  # the list ends
        else:
            depth -= 1
            if not depth:
                yield start, token.end()
                if opening == _OBJECT:
                    return
    if opening == _LIST or not offset:
        raise Invalid(because("import_cut_off"), code="damaged")
