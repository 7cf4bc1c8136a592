"""Hold the files of a built page in memory, and send them so that browsers fetch nothing twice."""

import gzip
import hashlib
import mimetypes
import os
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from hubbub.core.errors import SettingsError

FOREVER = "public, max-age=31536000, immutable"
MOST_FILES = 5_000
MOST_BYTES = 128 * 1024 * 1024
"""More than any page has: a folder of others may be one that was not meant."""
_TOO_MUCH = (
    f"server.frontend: there are more than {MOST_FILES:,} files or {MOST_BYTES // 2**20} MiB in this folder; "
    "name the one that the page was built into"
)
_COMPRESSED = ("text/", "application/json", "application/javascript", "image/svg")


class File(NamedTuple):
    """A file as it is sent."""

    body: bytes
    compressed: bytes | None
    media_type: str
    etag: str


def read_own(folder: Path | Traversable, prefix: str = "") -> dict[str, File]:
    """Return the files of a folder of our own, by their paths below it; none where it is not there.

    Beside one of text the build has put its compressed form, `NAME.gz`, so that no start waits for that.
    """
    found: dict[str, File] = {}
    entries = {entry.name: entry for entry in folder.iterdir()} if folder.is_dir() else {}
    for name, entry in entries.items():
        if entry.is_dir():
            found |= read_own(entry, f"{prefix}{name}/")
        elif name.removesuffix(".gz") not in entries or not name.endswith(".gz"):
            made = entries.get(f"{name}.gz")
            found[prefix + name] = file_of(name, entry.read_bytes(), made.read_bytes() if made else None)
    return found


def read_foreign(folder: Path) -> dict[str, File]:
    """Return the files of somebody else's folder: nothing that links lead to outside of it, and nothing hidden.

    Raises:
        SettingsError: there is more in it than a page has, or something can't be read.
    """
    root = folder.resolve()
    found: dict[str, File] = {}
    total_bytes = 0
    try:
        for place, folders, names in os.walk(root, onerror=_raise):  # links to folders are not followed
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in names:
                path = Path(place, name)
                if name.startswith(".") or not path.resolve().is_relative_to(root) or not path.is_file():
                    continue
                body = path.read_bytes()
                total_bytes += len(body)
                if len(found) >= MOST_FILES or total_bytes > MOST_BYTES:
                    raise SettingsError([_TOO_MUCH])
                found[path.relative_to(root).as_posix()] = file_of(name, body)
    except OSError as error:
        raise SettingsError([f"server.frontend: {error.filename} can't be read ({error.strerror})"]) from error
    return found


def response_of(request: Request, file: File, headers: dict[str, str]) -> Response:
    """Return a file with these headers, compressed where that is understood; or that the browser has it already."""
    headers |= {"etag": file.etag}
    if file.compressed is not None:
        headers |= {"vary": "accept-encoding"}
    if _has(request.headers.get("if-none-match", ""), file.etag):
        return Response(status_code=304, headers=headers)
    if file.compressed is not None and _takes_gzip(request.headers.get("accept-encoding", "")):
        headers |= {"content-encoding": "gzip"}
        return Response(file.compressed, media_type=file.media_type, headers=headers)
    return Response(file.body, media_type=file.media_type, headers=headers)


def file_of(name: str, body: bytes, compressed: bytes | None = None) -> File:
    """Return a file of this name and content; it is compressed here unless that was done."""
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if compressed is None and media_type.startswith(_COMPRESSED):
        compressed = gzip.compress(body, 6)
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'  # weak: it stands for the compressed form as well
    return File(body, compressed, media_type, etag)


def _raise(error: OSError) -> None:
    raise error


def _has(tags: str, etag: str) -> bool:
    """Tell whether If-None-Match names an entity tag, weak or strong (RFC 9110, 13.1.2)."""
    known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
    return "*" in known or etag.removeprefix("W/") in known


def _takes_gzip(encodings: str) -> bool:
    for encoding in encodings.lower().split(","):
        name, _, weight = encoding.replace(" ", "").partition(";q=")
        if name == "gzip":
            return weight.strip("0.") != "" or not weight
    return False
