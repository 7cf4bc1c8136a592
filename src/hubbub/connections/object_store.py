"""Use an S3 bucket or an Azure container by the library obstore. What goes wrong there is told in our words."""

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
from hubbub.core.errors import HubbubError, Invalid

T = TypeVar("T")

INSTALL = "pip install 'hubbub[buckets]'"
SCHEMES: Mapping[str, Literal["s3", "azure"]] = {"s3": "s3", "az": "azure", "azure": "azure"}
CHUNK_BYTES = 1024 * 1024
SILENCE_SECONDS = 60.0
"""A server that sends nothing for so long is given up."""
OBJECT_SECONDS = 600.0
CONNECT_SECONDS = 10.0
RETRIES = 2

GONE = "gone"
"""The code of the error that an object is not there."""
_CODE = re.compile(r"<Code>([A-Za-z]{1,60})</Code>")
_STATUS = re.compile(r"status code: (\d{3})")
_NO_BUCKET = ("NoSuchBucket", "ContainerNotFound")


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


class Listed(msgspec.Struct, frozen=True):
    """An object as the bucket lists it."""

    key: str
    size: int
    version: str
    """Another one once the object has changed: its ETag, as a rule."""
    modified_at: float
    """In seconds since the epoch, by the bucket's clock."""


class ObjectStore:
    """A bucket. Its keys are those of the objects, prefix included."""

    def __init__(self, where: Place, *, silence_seconds: float = SILENCE_SECONDS) -> None:
        """Take where the bucket is.

        Raises:
            Invalid: the URL names no bucket.
        """
        self._kind, self._name, self.prefix = parsed(where.url)
        self.name = self._name
        self._where = where
        self._silence_seconds = silence_seconds
        self._library: Any = None
        self._store: Any = None

    async def open(self) -> None:
        """Load the library, if that was not done yet. Nothing is asked of the bucket.

        Raises:
            Invalid: it is not installed, or can't use the settings.
        """
        if self._store is None:
            self._store = await in_a_thread(self._opened)

    async def listed(self, prefix: str) -> AsyncGenerator[Listed]:
        """Yield the objects below a prefix."""
        await self.open()
        try:
            async for chunk in self._patiently(self._library.list(self._store, prefix or None, chunk_size=1000)):
                for one in chunk:
                    yield _listed(one)
        except Exception as error:
            raise self.foreign(error, "read") from error

    async def get(self, key: str) -> tuple[Listed, AsyncGenerator[bytes]]:
        """Return what is known of an object, and its pieces.

        Raises:
            Invalid: it can't be had; `code` is GONE where it is not there.
        """
        await self.open()
        try:
            async with asyncio.timeout(self._silence_seconds):
                arrived = await self._library.get_async(self._store, key)
            return _listed(arrived.meta), self._pieces(arrived)
        except Exception as error:
            raise self.foreign(error, "fetched") from error

    async def head(self, key: str) -> Listed | None:
        """Return what is known of an object; None where it is not there."""
        await self.open()
        try:
            async with asyncio.timeout(self._silence_seconds):
                return _listed(await self._library.head_async(self._store, key))
        except Exception as error:
            if (told := self.foreign(error, "read")).code == GONE:
                return None
            raise told from error

    async def put(self, key: str, content: Path | bytes) -> None:
        """Store an object, whatever was there before. It is there as a whole or not at all."""
        await self.open()
        try:
            await self._library.put_async(self._store, key, content)
        except Exception as error:
            raise self.foreign(error, "written") from error

    async def delete(self, key: str) -> None:
        """Delete an object, if it is there."""
        await self.open()
        try:
            async with asyncio.timeout(self._silence_seconds):
                await self._library.delete_async(self._store, key)
        except Exception as error:
            if (told := self.foreign(error, "written")).code != GONE:
                raise told from error

    async def _pieces(self, arrived: Any) -> AsyncGenerator[bytes]:
        try:
            async for piece in self._patiently(arrived.stream(min_chunk_size=CHUNK_BYTES)):
                yield bytes(piece)
        except Exception as error:
            raise self.foreign(error, "fetched") from error

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
                raise self.foreign(error, "fetched") from error
            yield piece

    def _opened(self) -> Any:
        """Return the library's store for the bucket."""
        if importlib.util.find_spec("obstore") is None:
            raise Invalid(f"“{self._where.url}” needs the package obstore. Run on the server: {INSTALL}")
        self._library = importlib.import_module("obstore")
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
            raise self.foreign(error, "opened") from error

    def foreign(self, error: Exception, what: str) -> HubbubError:
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
            todo = f"Check the key, and that it may {'write and delete' if what == 'written' else 'list and read'}."
        elif status == "404" or isinstance(error, FileNotFoundError) or kind == "NotFoundError":
            why, todo = "it is not there", "Check its name, region and endpoint."
            named = named if code in _NO_BUCKET else GONE
        elif "invalid path" in text or "EmptySegment" in text or "BadSegment" in text or kind == "InvalidPathError":
            why = "it holds an object whose name is no path, such as one with “//”"
            todo = "Rename that object, or name a prefix without it."
        elif kind == "UnknownConfigurationKeyError" or what == "opened":
            why, todo = "its settings can't be used", "Check the account, the region and the endpoint."
        said = ", ".join(part for part in (f"status {status}" if status else "", code) if part)
        return Invalid(
            f"“{self._where.url}” could not be {what}: {why}{f' ({said})' if said else ''}. {todo}", code=named
        )


def _listed(one: Any) -> Listed:
    length = int(one["size"])
    version = one["e_tag"] or f"{one['last_modified']} {length}"
    return Listed(str(one["path"]), length, str(version).strip('"'), one["last_modified"].timestamp())


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
