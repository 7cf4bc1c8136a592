"""Keep collections equal to the sources that the settings name, in one of the processes on a data folder."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence

from hubbub.compose.documents import DocumentStore
from hubbub.compose.fetching import fetcher_of
from hubbub.compose.sources import syncing_of, wanted_sources, where
from hubbub.connections.guarded import Guarded
from hubbub.core.errors import Conflict, HubbubError, Invalid, StoreError
from hubbub.core.lasting import Lasting
from hubbub.core.people import OPERATOR_ID
from hubbub.core.tasks import Tasks
from hubbub.identity.deeds import Deeds
from hubbub.search.base import Library
from hubbub.settings import Settings
from hubbub.settings.ingest import Synced

_log = logging.getLogger(__name__)

AGAIN_SECONDS = 1.0


async def keep_synced(store: DocumentStore, settings: Settings, deeds: Deeds | None = None) -> None:
    """Compare the sources of the settings with their collections, until cancelled; one process of all does."""
    if not (sources := wanted_sources(settings)):
        return
    while True:
        with contextlib.suppress(StoreError):  # the lease was lost: whoever has it goes on
            await _keep_all(store, settings, sources, deeds)
        await asyncio.sleep(AGAIN_SECONDS)


async def _keep_all(store: DocumentStore, settings: Settings, sources: Sequence[Synced], deeds: Deeds | None) -> None:
    async with (
        store.alone("syncing"),
        fetcher_of(settings) as fetcher,
        Tasks() as group,
    ):
        await store.origins.prune([one.id for one in await store.library.collections()])
        for wanted in sources:
            keeping = _keep_one(store, settings, wanted, fetcher, deeds or Deeds())
            group.create_task(keeping, name=f"syncing {where(wanted)}")


async def _keep_one(store: DocumentStore, settings: Settings, wanted: Synced, fetcher: Guarded, deeds: Deeds) -> None:
    name = where(wanted)
    try:
        syncing = syncing_of(wanted, store, settings, fetcher)
    except Invalid as error:
        _log.error("%s can't be synced: %s", name, error.for_operators)
        return
    fails, held_back, refused = Lasting(_log), Lasting(_log), Lasting(_log)
    while True:
        try:
            collection_id = await _collection(store.library, wanted)
            done = await syncing.once(collection_id)
            if done.did_something:
                told = f"{name}: {done.counts}"
                await deeds.note("folder synced", by=OPERATOR_ID, of=collection_id, where="the server", detail=told)
        except HubbubError as error:
            fails.met(f"{name} can't be synced now", error.for_operators)
        else:
            fails.over()
            if done.did_something:
                _log.info("%s: %s", name, done.counts)
            _say(held_back, f"not all of {name} is synced", done.held_back)
            _say(refused, f"files of {name} are refused", "; ".join(": ".join(one) for one in done.refused[:5]))
        await asyncio.sleep(wanted.every_seconds)


def _say(trouble: Lasting, what: str, why: str) -> None:
    if why:
        trouble.met(what, why)
    else:
        trouble.over()


async def _collection(library: Library, wanted: Synced) -> str:
    """Return the id of the operator's collection of this name; it is made where it is not there."""
    while True:
        for one in await library.named_collections():
            if (one.name, one.owner_id) == (wanted.collection, OPERATOR_ID):
                return one.id
        try:
            return (await library.create(wanted.collection, owner_id=OPERATOR_ID, is_shared=wanted.is_shared)).id
        except Conflict:
            continue  # another process was first
