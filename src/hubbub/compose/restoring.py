"""Restore a backup: checked first, made whole beside what is there, and asked a question before it is used."""

import asyncio
import contextlib
import shutil
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hubbub.compose.backends import has_documents_in_folder
from hubbub.compose.backing_up import CHATS_FILE, FILES, LIBRARY_FILE, Steps, sync_folder
from hubbub.compose.backing_up_pieces import (
    READ_BYTES,
    Manifest,
    Piece,
    Told,
    check_pieces,
    make_folders,
    opened,
    read_manifest,
)
from hubbub.compose.data_folder import prepare_folder
from hubbub.compose.databases import CHATS, LIBRARY, POSTGRES, chats_of
from hubbub.compose.moving_places import ALIVE_SECONDS
from hubbub.compose.one_folder import MARK
from hubbub.compose.restoring_check import Checked, check_restored
from hubbub.connections.lock import FolderLock
from hubbub.connections.private import make_private_folder
from hubbub.connections.sqlite import BESIDE, Sqlite
from hubbub.connections.sqlite_copy import HeldFile, damage_of
from hubbub.core.errors import Conflict, SettingsError, StoreError
from hubbub.settings import Settings

if TYPE_CHECKING:
    from hubbub.connections.postgres import Postgres

KNOWN: Mapping[str, Mapping[str, int]] = {CHATS_FILE: CHATS, LIBRARY_FILE: LIBRARY, "postgresql": POSTGRES}
LOCK_SECONDS = 2.0
STAGING = "restoring"
REPLACED = "replaced"
_PLACES = (CHATS_FILE, LIBRARY_FILE, FILES, MARK)
_RUNS = "A server runs on {what}, or was killed just now. Stop it, wait a moment, and try again."


class Restored(msgspec.Struct, frozen=True):
    """What was restored."""

    manifest: Manifest
    checked: Checked
    replaced: Path | None
    """Where what was there before lies now."""
    notes: tuple[str, ...]
    """What is not as it was, each in a sentence."""


async def restore(settings: Settings, backup: Path, *, replaces: bool, told: Told) -> Restored:
    """Restore a backup into the data folder and the database that the settings name.

    Files are restored beside those that are there, checked, and then put in their place. A PostgreSQL is filled in one
    transaction.

    Raises:
        NotFound, StoreError: the backup is not whole; nothing was restored.
        Conflict: a newer version made it, or a server runs; nothing was restored.
        SettingsError: the target holds something, or is of another kind; nothing was restored.
    """
    steps = Steps()
    try:
        manifest = await steps.run(lambda: read_manifest(backup))
        check_schemas(manifest)
        _check_kind(settings, manifest)

        def checking(what: str, size: int) -> None:
            steps.check()
            told(what, size)

        await steps.run(lambda: check_pieces(backup, manifest, checking))
        data = settings.server.data_folder
        await steps.run(lambda: prepare_folder(data))
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(LOCK_SECONDS):
                    await stack.enter_async_context(FolderLock(data / "people.lock", retry_seconds=0.1))
            except TimeoutError:
                raise Conflict(_RUNS.format(what=data)) from None
            database = None
            if settings.database.url is not None:
                database = await stack.enter_async_context(chats_of(settings))
            await steps.run(lambda: _check_folder(data, manifest, replaces=replaces))
            return await _Restoring(settings, backup, manifest, steps, told).run(database, replaces=replaces)
    finally:
        steps.close()


class _Restoring:
    def __init__(self, settings: Settings, backup: Path, manifest: Manifest, steps: Steps, told: Told) -> None:
        self._settings = settings
        self._backup = backup
        self._manifest = manifest
        self._steps = steps
        self._told = told
        self._data = settings.server.data_folder
        self._staging = self._data / STAGING

    async def run(self, database: "Sqlite | Postgres | None", *, replaces: bool) -> Restored:
        run = self._steps.run
        notes: list[str] = []
        await run(lambda: shutil.rmtree(self._staging, ignore_errors=True))  # what a kill has left
        await run(lambda: make_private_folder(self._staging))
        try:
            await run(self._copy_pieces)
            await run(self._check_files)
            if database is not None and not isinstance(database, Sqlite):
                from hubbub.compose.restoring_postgres import fill

                notes += await fill(
                    database, self._backup, self._manifest, run, self._told, replaces=replaces, alive=ALIVE_SECONDS
                )
            server = self._settings.server.model_copy(update={"data_folder": self._staging})
            self._told("questions to what was restored", 0)
            checked = await check_restored(self._settings.model_copy(update={"server": server}))
            replaced = await run(self._put_in_place)
        finally:
            await asyncio.shield(run(lambda: shutil.rmtree(self._staging, ignore_errors=True)))
        if not self._manifest.has_originals:
            notes.append("The backup holds no files of documents: they are searched, and can't be opened or read anew.")
        if self._manifest.missing:
            notes.append(
                f"{len(self._manifest.missing):,} files of documents were gone or damaged when the backup was made."
            )
        return Restored(self._manifest, checked, replaced, tuple(notes))

    def _copy_pieces(self) -> None:
        done = 0
        for piece in self._manifest.pieces:
            if piece.path.split("/")[0] not in _PLACES:
                continue
            self._copy(piece)
            done += piece.bytes
            self._told("bytes of files", done)

    def _copy(self, piece: Piece) -> None:
        make_folders(self._staging, (self._staging / piece.path).parent)
        output = opened(self._staging, piece.path)
        try:
            with (self._backup / piece.path).open("rb") as source:
                while data := source.read(READ_BYTES):
                    self._steps.check()
                    output.write(data)
            if output.finish() != piece:
                raise StoreError(f"{self._backup / piece.path} changed while it was read. Nothing was restored.")
        finally:
            output.drop()

    def _check_files(self) -> None:
        """See that each database is whole, and holds as many rows as were counted."""
        for name in (CHATS_FILE, LIBRARY_FILE):
            path = self._staging / name
            if not path.exists():
                continue
            self._told(f"{name} checked", 0)
            if damage := damage_of(path):
                raise StoreError(f"{name} of the backup is damaged ({damage}). Use another backup.")
            file = HeldFile(path)
            try:
                file.hold()
                there = file.tables()
                for table, count in self._manifest.counts.get(name, {}).items():
                    self._steps.check()
                    found = file.count(table) if table in there else 0
                    if found != count:
                        raise StoreError(
                            f"{name} of the backup has {found:,} rows in {table}, and its manifest says {count:,}. "
                            "Use another backup."
                        )
            finally:
                file.close()

    def _put_in_place(self) -> Path | None:
        """Put what was there aside, and the restored files in its place."""
        there = [path for path in _places_of(self._data) if path.exists()]
        aside: Path | None = None
        if there:
            aside = self._data / f"{REPLACED}-{time.strftime('%Y%m%d-%H%M%S')}"
            make_private_folder(aside)
            for path in there:
                path.rename(aside / path.name)
            sync_folder(aside)
        for path in _places_of(self._staging):
            with contextlib.suppress(FileNotFoundError):
                path.rename(self._data / path.name)
        sync_folder(self._data)
        return aside


def check_schemas(manifest: Manifest) -> None:
    """Return where this version knows all tables of a backup, older ones too.

    Raises:
        Conflict: a newer version made it.
    """
    for database, rooms in manifest.schemas.items():
        known = KNOWN.get(database, {})
        for room, step in rooms.items():
            if "." not in room and step > known.get(room, 0):
                knows = f"this one knows {known[room]}" if room in known else "this one doesn't know it"
                raise Conflict(
                    f"The backup was made by a newer version of Hubbub, {manifest.version} ({room} {step} in "
                    f"{database}; {knows}). Restore it with that version."
                )


def _check_kind(settings: Settings, manifest: Manifest) -> None:
    """Return where the settings keep things as the backup has them."""
    has_url = settings.database.url is not None
    if manifest.kind == "sqlite" and has_url:
        raise SettingsError(
            [
                "database.url: names a PostgreSQL, and the backup is of a data folder. Restore it without "
                "database.url, then run: hubbub move --to, and the address"
            ]
        )
    if manifest.kind == "postgresql" and not has_url:
        raise SettingsError(
            [
                "database.url: names no PostgreSQL, and the backup is of one. Restore it into an empty one, then run: "
                "hubbub move --to folder"
            ]
        )
    paths = {piece.path.split("/")[0] for piece in manifest.pieces}
    if has_url and (LIBRARY_FILE in paths) != has_documents_in_folder(settings):
        there, wanted = ("the data folder", "set") if LIBRARY_FILE in paths else ("PostgreSQL", "leave out")
        raise SettingsError(
            [
                f"search.backend: the backup has documents in {there}. Restore it as it was: {wanted} "
                'search.backend = "sqlite"'
            ]
        )
    kept_in = settings.database.files
    in_folder = FILES in paths and LIBRARY_FILE not in paths
    in_tables = any(table.name == "file_content" and table.rows for table in manifest.tables)
    if has_url and ((in_tables and kept_in != "database") or (in_folder and kept_in != "folder")):
        place = "database" if in_tables else "folder"
        raise SettingsError([f'database.files: the backup has files in the {place}. Set database.files = "{place}"'])


def _check_folder(data: Path, manifest: Manifest, *, replaces: bool) -> None:
    """Return where nothing of a data folder is written over that somebody uses, or that may not be replaced."""
    if not any(piece.path.split("/")[0] in _PLACES for piece in manifest.pieces):
        return
    if not replaces and any(
        ((data / name).is_dir() and any((data / name).iterdir())) or (data / name).is_file() for name in _PLACES
    ):
        raise SettingsError(
            [
                f"server.data_folder: {data} holds something already. Name an empty one with --data, or say --replace: "
                "what is there is put aside, and nothing of it is deleted"
            ]
        )
    with contextlib.suppress(StoreError):  # it is damaged: that may be why something is restored
        if (data / CHATS_FILE).exists() and manifest.kind == "sqlite":
            file = HeldFile(data / CHATS_FILE)
            try:
                seen = file.all("select max(seen_at) from worker")[0][0] if "worker" in file.tables() else None
            finally:
                file.close()
            if seen is not None and seen > time.time() - ALIVE_SECONDS:
                raise Conflict(_RUNS.format(what=data))


def _places_of(folder: Path) -> list[Path]:
    names = [f"{name}{end}" for name in (CHATS_FILE, LIBRARY_FILE) for end in ("", *BESIDE)]
    return [folder / name for name in (*names, FILES, MARK)]
