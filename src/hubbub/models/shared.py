"""Share one process of the embedded model between all processes of a data folder."""

import asyncio
import logging
import os
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from hubbub.connections.http import Http
from hubbub.connections.lock import FolderLock
from hubbub.connections.outside import BrokenOff, Unreachable
from hubbub.connections.private import open_private
from hubbub.core.errors import HubbubError, ModelError
from hubbub.core.lasting import Lasting
from hubbub.models.address import Secret
from hubbub.models.files import Files, Progress, WeightsError
from hubbub.models.local import NOT_STARTED, LocalModel, LocalState
from hubbub.models.openai import OpenAiModel

LOOK_SECONDS = 0.25
"""How often the holder tells what is new, and how often the others look."""
HEALTH_SECONDS = 2.0

logger = logging.getLogger(__name__)


class Notice(msgspec.Struct, frozen=True):
    """What the process that holds the lock tells the others."""

    state: LocalState = "loading"
    fetched: tuple[int, int | None] = (0, None)
    url: str = ""
    key: str = ""
    failures: int = 0
    """How many there were in this folder: a new one has a new number."""
    message: str = ""
    code: str = "not_ready"
    """Of the last failure."""
    detail: str = ""
    """What of it is for operators."""


class SharedModel(LocalModel):
    """The embedded model for all processes of a folder, of which one runs it as its child.

    That one holds a lock, and writes address and key into a file that only the owner can read. The
    others use what stands there. When the holder dies, so does its child, and the next one that
    gets the lock takes over: answers under way fail with "model_died". When the child fails, that
    counts as a failure for all of them, so that they don't try again each by itself.
    """

    def __init__(
        self, folder: Path, name: str, fetch: Callable[[Progress], Awaitable[Path]], http: Http, **options: Any
    ) -> None:
        """Take the data folder, which must be there; the rest is as for a model that is not shared."""
        super().__init__(name, fetch, http, **options)
        self._lock_path = folder / "model.lock"
        self._notice_path = folder / "model.json"
        self._unpublished = Lasting(logger)
        self._failures_seen: int | None = None
        self._suspect: tuple[str, str] | None = None
        """Where an answer broke off: it is looked after before the next one goes there."""

    async def _attempt(self) -> ModelError:
        files = Files()
        lock = FolderLock(self._lock_path, retry_seconds=LOOK_SECONDS)
        locking = asyncio.create_task(lock.__aenter__(), name="lock of the embedded model")
        try:
            return await self._borrow(locking, files) or await self._run(files)
        except (HubbubError, OSError) as error:
            return ModelError(NOT_STARTED, code="not_ready", detail=f"The embedded model can't be shared ({error}).")
        finally:
            locking.cancel()
            await asyncio.wait({locking})
            if not locking.cancelled() and locking.exception() is None:
                await lock.__aexit__(None, None, None)
            files.close()

    async def _borrow(self, locking: "asyncio.Task[FolderLock]", files: Files) -> ModelError | None:
        """Use what the holder runs, until that fails; returns None once this process is the holder."""
        if self._failures_seen is None:
            self._failures_seen = (await self._look(files)).failures
        while True:
            await asyncio.wait({locking}, timeout=LOOK_SECONDS)
            notice = await self._look(files)
            if notice.state == "failed" and notice.failures != self._failures_seen:
                self._failures_seen = notice.failures
                return ModelError(notice.message, code=notice.code, detail=notice.detail)
            if locking.done():
                locking.result()
                await self._follow(Notice())
                return None
            await self._follow(notice)

    async def _follow(self, notice: Notice) -> None:
        place = (notice.url, notice.key)
        if notice.state == "ready" and place == self._suspect and not await self._is_well(notice.url):
            notice = Notice()
        if notice.state != "ready":
            async with self._news:
                self._server = None
                self.state, self.fetched = notice.state, notice.fetched
        elif self._server is None or self._place != (notice.url, Secret(notice.key)):
            self._suspect = None
            await self._use(notice.url, Secret(notice.key))

    async def _is_well(self, url: str) -> bool:
        try:
            return (await self._http.get(f"{url}/health", seconds=HEALTH_SECONDS))[0] == 200
        except (Unreachable, BrokenOff):
            return False

    async def _run(self, files: Files) -> ModelError:
        """Run the child, and tell the others about it."""
        failures = self._failures_seen or 0
        await self._publish(Notice(failures=failures), files)
        telling = asyncio.create_task(self._tell_news(files, failures), name="notices of the embedded model")
        last = Notice(failures=failures)  # when this process ends, another one takes over
        try:
            fault = await super()._attempt()
            self._failures_seen = failures + 1
            last = Notice("failed", failures=failures + 1, message=fault.message, code=fault.code, detail=fault.detail)
            return fault
        finally:
            telling.cancel()
            await asyncio.wait({telling})
            await asyncio.shield(self._publish(last, files))

    async def _tell_news(self, files: Files, failures: int) -> None:
        told = Notice(failures=failures)
        while True:
            notice = Notice(self.state, self.fetched, failures=failures)
            if self.state == "ready" and self._place is not None:
                url, key = self._place
                notice = Notice("ready", self.fetched, url, key.reveal(), failures)
            if notice != told and await self._publish(notice, files):
                told = notice
            await asyncio.sleep(LOOK_SECONDS)

    async def _is_noticed(self, server: OpenAiModel | None) -> None:
        if self.pid is None and server is self._server and self._place is not None:  # another process's child
            url, key = self._place
            self._suspect = (url, key.reveal())
            self._server, self.state = None, "loading"
        await super()._is_noticed(server)

    async def _publish(self, notice: Notice, files: Files) -> bool:
        """Write a notice; where the disk is full the others go by the last one, and find out by themselves."""
        try:
            await files.do(self._write, notice)
        except WeightsError as error:
            self._unpublished.met("The other processes can't be told of the embedded model", error.for_operators)
            return False
        self._unpublished.over()
        return True

    async def _look(self, files: Files) -> Notice:
        return await files.do(self._read)

    def _read(self) -> Notice:
        try:
            return msgspec.json.decode(self._notice_path.read_bytes(), type=Notice)
        except (FileNotFoundError, msgspec.DecodeError):
            return Notice()

    def _write(self, notice: Notice) -> None:
        part = self._notice_path.with_name(f"{self._notice_path.name}.{secrets.token_hex(4)}")
        descriptor = open_private(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(notice))
            part.replace(self._notice_path)
        except OSError:
            part.unlink()
            raise
