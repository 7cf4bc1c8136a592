"""Keep collections equal to the folders that the settings name, in one of the processes on a data folder."""

import asyncio
import logging

from hubbub.compose.shelf import Shelf
from hubbub.core.errors import Conflict, HubbubError
from hubbub.core.lasting import Lasting
from hubbub.core.people import OPERATOR_ID
from hubbub.core.tasks import Tasks
from hubbub.ingest.globs import Globs
from hubbub.ingest.sync import FolderSync
from hubbub.search.base import Library
from hubbub.settings import Settings
from hubbub.settings.ingest import SyncedFolder

ROUND = "sync"
"""The work of comparing a folder: one process of all does so at a time, a server or the command line."""
_log = logging.getLogger(__name__)


async def keep_synced(shelf: Shelf, settings: Settings) -> None:
    """Compare the folders of the settings with their collections, until cancelled; one process of all does."""
    if not settings.ingest.folders:
        return
    async with shelf.alone("syncing"), Tasks() as group:
        await shelf.origins.prune([one.id for one in await shelf.library.collections()])
        for wanted in settings.ingest.folders:
            group.create_task(_keep_one(shelf, settings, wanted), name=f"syncing {wanted.path}")


async def _keep_one(shelf: Shelf, settings: Settings, wanted: SyncedFolder) -> None:
    syncing = FolderSync(
        shelf.pipeline,
        shelf.library,
        shelf.files,
        shelf.origins,
        wanted.path,
        globs=Globs(wanted.include, wanted.exclude),
        quiet_seconds=wanted.quiet_seconds,
        removes_all=wanted.removes_all,
    )
    fails, held_back, refused = Lasting(_log), Lasting(_log), Lasting(_log)
    while True:
        try:
            collection_id = await _collection(shelf.library, wanted)
            async with shelf.alone(ROUND):
                done = await syncing.once(collection_id)
        except HubbubError as error:
            fails.met(f"the folder {wanted.path} can't be synced now", error.for_operators)
        else:
            fails.over()
            if done.did_something:
                _log.info("%s: %s", wanted.path, done.counts)
            _say(held_back, f"not all of {wanted.path} is synced", done.held_back)
            _say(refused, f"files of {wanted.path} are refused", "; ".join(": ".join(one) for one in done.refused[:5]))
        await asyncio.sleep(wanted.every_seconds)


def _say(trouble: Lasting, what: str, why: str) -> None:
    if why:
        trouble.met(what, why)
    else:
        trouble.over()


async def _collection(library: Library, wanted: SyncedFolder) -> str:
    """Return the id of the operator's collection of this name; it is made where it is not there."""
    while True:
        for one in await library.named_collections():
            if (one.name, one.owner_id) == (wanted.collection, OPERATOR_ID):
                return one.id
        try:
            return (await library.create(wanted.collection, owner_id=OPERATOR_ID, is_shared=wanted.is_shared)).id
        except Conflict:
            continue  # another process was first
