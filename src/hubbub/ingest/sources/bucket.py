"""Bring the objects of an S3 bucket or an Azure container into a folder, by the library obstore."""

import asyncio
import importlib
import importlib.util
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import unquote, urlsplit

import msgspec

from hubbub.connections.threads import in_a_thread
from hubbub.core.errors import HubbubError, Invalid, StoreError, TooLarge
from hubbub.core.tasks import Tasks
from hubbub.ingest.globs import Globs
from hubbub.ingest.sources.base import Refreshed, Tell, tell_nobody
from hubbub.ingest.sources.kept import Kept, KeptFiles
from hubbub.ingest.walk import HIDDEN

T = TypeVar("T")

INSTALL = "pip install 'hubbub[buckets]'"
SCHEMES: Mapping[str, Literal["s3", "azure"]] = {"s3": "s3", "az": "azure", "azure": "azure"}
AT_ONCE = 8
MOST_FAILURES = 5
"""After so many objects one after another that can't be fetched, the bucket is left alone until the next round."""
NOTE_OBJECTS = 200
CHUNK_BYTES = 1024 * 1024
SILENCE_SECONDS = 60.0
"""A server that sends nothing for so long is given up."""
OBJECT_SECONDS = 600.0
CONNECT_SECONDS = 10.0
RETRIES = 2

GONE = "gone"
LEFT_OUT = "the patterns leave it out"
TOO_MANY = "there are more files than are taken (most_files)"
TOO_MUCH = "the files before it have the size that is taken (most_bytes)"
_CODE = re.compile(r"<Code>([A-Za-z]{1,60})</Code>")
_STATUS = re.compile(r"status code: (\d{3})")


class Place(msgspec.Struct, frozen=True):
    """Where a bucket is, and who reads it. What is empty is taken from the variables that the vendor's tools read."""

    url: str
    """s3://bucket/prefix or az://container/prefix."""
    endpoint: str = ""
    region: str = ""
    account: str = ""
    """Azure's storage account."""
    key_id: str = ""
    secret: str = ""
    """S3's secret access key, or the account's key."""
    session_token: str = ""
    sas_token: str = ""
    is_public: bool = False
    """Whether it is read without signing in."""

    def __repr__(self) -> str:
        return f"Place({self.url!r})"


class Bucket:
    """A bucket, whose objects are kept in a folder. What has the same ETag as before is not fetched again."""

    def __init__(
        self,
        where: Place,
        place: Path,
        *,
        globs: Globs | None = None,
        most_files: int = 50_000,
        most_bytes: int = 10 * 1024**3,
        document_bytes: int = 50 * 1024 * 1024,
        silence_seconds: float = SILENCE_SECONDS,
        tell: Tell | None = None,
    ) -> None:
        """Take where the bucket is, and the place where the objects and what is known of them are.

        Raises:
            Invalid: the URL names no bucket.
        """
        self._kind, self._name, self._prefix = parsed(where.url)
        self._where = where
        self._files = KeptFiles(place, self._name)
        self._globs = globs or Globs()
        self._most_files = most_files
        self._most_bytes = most_bytes
        self._document_bytes = document_bytes
        self._silence_seconds = silence_seconds
        self._tell = tell or tell_nobody

    @property
    def folder(self) -> Path:
        """The folder that holds the objects."""
        return self._files.folder

    async def refresh(self) -> Refreshed:
        """Fetch what is new and changed, and delete what the bucket no longer has.

        Raises:
            Invalid: the library is not installed, or the bucket can't be read; it says why.
        """
        store = await in_a_thread(self._opened)
        done = Refreshed()
        listed = await self._listed(store, done)
        known = await self._files.begin()
        whole = await self._files.are_whole(known)
        kept = {key: known[key] for key, one in listed.items() if key in whole and known[key].etag == one.etag}
        for key in kept:
            self._files.claim(kept[key].path)
        fetching = _Fetching(
            [(key, one, self._path(key, known)) for key, one in listed.items() if key not in kept], len(kept)
        )
        async with Tasks() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._fetch_all(store, fetching, known, kept, done))
        if fetching.error is not None:
            await self._files.note({**known, **kept})
            raise fetching.error
        await self._files.end(kept)
        return done

    def _path(self, key: str, known: Mapping[str, Kept]) -> str:
        before = known.get(key)
        if before is not None and self._files.is_free(before.path):
            self._files.claim(before.path)
            return before.path
        return self._files.path_for(self._inside(key), key)

    def _inside(self, key: str) -> str:
        return key.removeprefix(f"{self._prefix}/") if self._prefix else key

    async def _listed(self, store: Any, done: Refreshed) -> "dict[str, _Listed]":
        """Return the objects that are to be taken, by their keys."""
        library: Any = importlib.import_module("obstore")
        found: dict[str, _Listed] = {}
        size = 0
        try:
            async for chunk in self._patiently(library.list(store, self._prefix or None, chunk_size=1000)):
                for one in chunk:
                    key, length = str(one["path"]), int(one["size"])
                    why = self._why_not(self._inside(key), length)
                    if not why:
                        why = TOO_MANY if len(found) >= self._most_files else ""
                        why = TOO_MUCH if not why and size + length > self._most_bytes else why
                    if why:
                        done.skipped.append((key, why))
                        continue
                    size += length
                    version = one["e_tag"] or f"{one['last_modified']} {length}"
                    found[key] = _Listed(str(version).strip('"'), length)
        except Exception as error:
            raise self._foreign(error, "read") from error
        return found

    def _why_not(self, name: str, length: int) -> str:
        if any(part.startswith((".", "~$")) for part in name.split("/")):
            return HIDDEN
        if not self._globs.takes(name):
            return LEFT_OUT
        if length > self._document_bytes:
            return f"it is larger than {self._document_bytes // 1024**2} MB"
        return ""

    async def _fetch_all(
        self,
        store: Any,
        fetching: "_Fetching",
        known: Mapping[str, Kept],
        kept: dict[str, Kept],
        done: Refreshed,
    ) -> None:
        """Fetch what is left, one object after the other, until one fails for all."""
        while fetching.left and fetching.error is None:
            key, listed, path = fetching.left.pop()
            try:
                kept[key] = await self._fetch(store, key, listed, path)
                fetching.failures = 0
            except StoreError as error:
                fetching.error = error
            except HubbubError as error:
                if error.code != GONE:  # else it was deleted since it was listed
                    fetching.failures += 1
                    fetching.error = error if fetching.failures >= MOST_FAILURES else None
                    done.refused.append((key, error.message))
                    if key in known:
                        kept[key] = known[key]
            fetching.done += 1
            self._tell(fetching.done, fetching.total)
            if fetching.done % NOTE_OBJECTS == 0:
                await self._files.note({**known, **kept})

    async def _fetch(self, store: Any, key: str, listed: "_Listed", path: str) -> Kept:
        library: Any = importlib.import_module("obstore")
        try:
            async with asyncio.timeout(self._silence_seconds):
                arrived = await library.get_async(store, key)
            version = str(arrived.meta["e_tag"] or listed.etag).strip('"')
            stamp = await self._files.store(path, self._pieces(arrived))
        except HubbubError:
            raise
        except Exception as error:
            raise self._foreign(error, "fetched") from error
        return Kept(path, version, stamp=stamp)

    async def _pieces(self, arrived: Any) -> AsyncGenerator[bytes]:
        size = 0
        async for piece in self._patiently(arrived.stream(min_chunk_size=CHUNK_BYTES)):
            size += len(piece)
            if size > self._document_bytes:
                raise TooLarge(f"It is larger than {self._document_bytes // 1024**2} MB.")
            yield bytes(piece)

    async def _patiently(self, stream: AsyncIterator[T]) -> AsyncGenerator[T]:
        """Yield what comes, and wait for none of it longer than for so long."""
        stream = aiter(stream)
        while True:
            try:
                async with asyncio.timeout(self._silence_seconds):
                    piece = await anext(stream)
            except StopAsyncIteration:
                return
            except TimeoutError as error:  # which is an OSError: whoever stores the piece would take it for the disk's
                raise self._foreign(error, "fetched") from error
            yield piece

    def _opened(self) -> Any:
        """Return the library's store for the bucket."""
        if importlib.util.find_spec("obstore") is None:
            raise Invalid(f"“{self._where.url}” needs the package obstore. Run on the server: {INSTALL}")
        stores: Any = importlib.import_module("obstore.store")
        where = self._where
        shared: dict[str, Any] = {"endpoint": where.endpoint, "skip_signature": where.is_public}
        if self._kind == "s3":
            made = stores.S3Store
            shared |= {"region": where.region, "access_key_id": where.key_id, "secret_access_key": where.secret}
            shared |= {"session_token": where.session_token}
        else:
            made = stores.AzureStore
            shared |= {"account_name": where.account, "account_key": where.secret, "sas_key": where.sas_token}
        try:
            return made(
                self._name,
                config={name: value for name, value in shared.items() if value},
                client_options={
                    "allow_http": where.endpoint.startswith("http://"),
                    "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
                    "timeout": timedelta(seconds=OBJECT_SECONDS),
                },
                retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=SILENCE_SECONDS)},
            )
        except Exception as error:
            raise self._foreign(error, "opened") from error

    def _foreign(self, error: Exception, what: str) -> HubbubError:
        """Return the library's error in our words: its own may quote URLs that are signed."""
        if isinstance(error, HubbubError):
            return error
        text = str(error)
        status = found[1] if (found := _STATUS.search(text)) else ""
        code = found[1] if (found := _CODE.search(text)) else ""
        kind = type(error).__name__
        why, todo, named = "it does not answer", "Is its endpoint right, and can it be reached?", "not_fetched"
        if isinstance(error, TimeoutError):
            why = f"it sent nothing for {self._silence_seconds:g} s"
        elif status in ("401", "403") or kind in ("UnauthenticatedError", "PermissionDeniedError"):
            why = "it refuses the credentials"
            todo = "Check the key, and that it may list and read."
        elif status == "404" or kind == "NotFoundError":
            why, todo, named = "it is not there", "Check its name, region and endpoint.", GONE
        elif "invalid path" in text or "EmptySegment" in text or "BadSegment" in text or kind == "InvalidPathError":
            why = "it holds an object whose name is no path, such as one with “//”"
            todo = "Rename that object, or name a prefix without it."
        elif kind == "UnknownConfigurationKeyError" or what == "opened":
            why, todo = "its settings can't be used", "Check the account, the region and the endpoint."
        said = ", ".join(part for part in (f"status {status}" if status else "", code) if part)
        return Invalid(
            f"“{self._where.url}” could not be {what}: {why}{f' ({said})' if said else ''}. {todo}", code=named
        )


class _Listed(msgspec.Struct, frozen=True):
    """An object as the bucket lists it."""

    etag: str
    size: int


class _Fetching(msgspec.Struct):
    """What is still to be fetched, and how that goes."""

    left: list[tuple[str, _Listed, str]]
    done: int
    failures: int = 0
    error: HubbubError | None = None
    total: int = 0

    def __post_init__(self) -> None:
        self.total = self.done + len(self.left)
        self.left.reverse()


def is_bucket(text: str) -> bool:
    """Tell whether a text names a bucket."""
    return text.partition("://")[0] in SCHEMES and "://" in text


def parsed(url: str) -> tuple[Literal["s3", "azure"], str, str]:
    """Return the kind of a bucket, its name and the prefix.

    Raises:
        Invalid: the URL names none, or holds a secret.
    """
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise Invalid(f"“{url}” names no bucket. Write s3://bucket/prefix, or az://container/prefix.")
    if parts.query or "@" in parts.netloc:
        raise Invalid("A bucket's URL holds no keys and no query. Keys have settings of their own.")
    return SCHEMES[parts.scheme], parts.netloc, unquote(parts.path).strip("/")
