"""Put the text of files, and pictures that are files, in their place, where programs send some in a message."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

from hubbub.app.application import Application
from hubbub.app.images import media_type_of
from hubbub.app.messages import IMAGES, mapping_at
from hubbub.connections.threads import in_a_thread
from hubbub.core.errors import BadParam, HubbubError, NotFound
from hubbub.core.messages import JsonObject
from hubbub.core.people import Person
from hubbub.ingest.attached import text_of
from hubbub.ingest.reader import NotNow
from hubbub.ingest.reading import NotInstalled

T = TypeVar("T")

_KINDS = ("file", "input_file")
_HOLDERS = ("content", "output")
_DATA = re.compile(r"data:(?P<type>[^;,]{0,100})(?:;[^;,]{0,100}){0,4};base64,", re.IGNORECASE)
_SUFFIXES = {"application/pdf": ".pdf", "text/plain": ".txt", "text/markdown": ".md", "text/csv": ".csv"}
MOST_FILES = 20
"""So many files are read for one request."""


async def with_files_read(app: Application, person: Person, messages: Sequence[T], *, where: str) -> list[T]:
    """Return messages, or items of an input, with texts in the place of files, and pictures in that of their ids.

    Those without are returned as they are.

    Raises:
        BadParam: a file can't be read, or there are too many; `param` says which.
    """
    if not any(_is_file(part) for message in messages for _, parts in _parts_of(message) for part in parts):
        return list(messages)
    read: list[T] = []
    count = 0
    for number, message in enumerate(messages):
        changed = message
        for holder, parts in _parts_of(message):
            texts: list[object] = []
            for place, part in enumerate(parts):
                at = f"{where}[{number}].{holder}[{place}]"
                if _is_file(part):
                    count += 1
                    if count > MOST_FILES:
                        raise BadParam(f"There are more than {MOST_FILES} files. Put them into a collection.", at)
                    texts.append(await _read(app, person, cast(JsonObject, part), at))
                else:
                    texts.append(part)
            changed = cast(T, {**cast(JsonObject, changed), holder: texts})
        read.append(changed)
    return read


def _parts_of(message: object) -> list[tuple[str, list[object]]]:
    if not isinstance(message, dict):
        return []
    fields = cast(JsonObject, message)
    return [(name, cast(list[object], parts)) for name in _HOLDERS if isinstance(parts := fields.get(name), list)]


def _is_file(part: object) -> bool:
    if not isinstance(part, dict):
        return False
    kind = cast(JsonObject, part).get("type")
    return kind in _KINDS or (kind in IMAGES and cast(JsonObject, part).get("file_id") is not None)


async def _read(app: Application, person: Person, part: JsonObject, where: str) -> JsonObject:
    if part.get("type") in IMAGES:
        return {**part, "image_url": await _picture(app, person, part.get("file_id"), where)}
    return {"type": "text", "text": await _text(app, person, part, where)}


async def _picture(app: Application, person: Person, file_id: object, where: str) -> str:
    """Return a document that is a picture, as a `data:` URL."""
    try:
        document = await app.access.document(person, str(file_id))
        if document.size_bytes > app.limits.picture_bytes * 3 // 4:  # of base64
            message = f"{where} is a picture of {document.size_bytes:,} bytes. Send a smaller one."
            raise BadParam(message, where, code="too_large")
        address = await in_a_thread(partial(_address, await app.files.here(document.sha256)))
    except NotFound as error:
        raise _unknown(file_id, where) from error
    if address is None:
        raise BadParam(f"{where}: “{document.name}” is no PNG, JPEG, GIF or WebP image.", where)
    return address


def _address(path: Path) -> str | None:
    data = path.read_bytes()
    media_type = media_type_of(data)
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}" if media_type else None


def _unknown(file_id: object, where: str) -> BadParam:
    return BadParam(f"There is no document with the id '{str(file_id)[:64]}' here.", where)


async def _text(app: Application, person: Person, part: JsonObject, where: str) -> str:
    within = part.get("file")
    fields: Mapping[str, object] = part if within is None else mapping_at(within, f"{where}.file")
    given = fields.get("filename")
    name = given if isinstance(given, str) and given else ""
    file_id = fields.get("file_id")
    try:
        if isinstance(file_id, str):
            document = await app.access.document(person, file_id)
            name = name or document.name
            data = await in_a_thread((await app.files.here(document.sha256)).read_bytes)
        else:
            data, suffix = _decoded(fields.get("file_data"), where)
            name = name or f"file{suffix}"
        key = hashlib.sha256(data + b"\0" + name.encode("utf-8", "replace")).digest()
        if (text := app.texts_of_files.get(key)) is None:
            text = await text_of(app.pictures, data, name)
            app.texts_of_files.keep(key, text)
    except (BadParam, NotNow, NotInstalled):
        raise
    except NotFound as error:
        raise _unknown(file_id, where) from error
    except HubbubError as error:
        raise BadParam(f"{where} can't be read. {error.message}", where, code=error.code) from error
    return f"File “{name}”:\n\n{text}"


def _decoded(data: object, where: str) -> tuple[bytes, str]:
    """Return the bytes of a file and the suffix that its media type has: a `data:` URL, or base64 alone."""
    if not isinstance(data, str):
        raise BadParam(f"{where} has to hold file_data, in base64, or the file_id of a document here.", where)
    head = _DATA.match(data)
    try:
        content = base64.b64decode(data[head.end() if head else 0 :], validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadParam(f"{where}: file_data has to be base64.", where) from error
    return content, _SUFFIXES.get(head["type"].lower(), "") if head else ""
