"""List, rename, share and delete collections in the terminal, while the server runs or not."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import typer
from rich.console import Console
from rich.table import Table

from hubbub.cli.sharing import seen_by, subjects_of
from hubbub.cli.sharing import share as sharing
from hubbub.cli.terminal import printable
from hubbub.compose import DocumentStore, open_deeds, open_document_store, prepare_folder
from hubbub.connections.http import Http
from hubbub.core.documents import Collection
from hubbub.core.errors import Conflict, Invalid, NotFound
from hubbub.core.people import EVERYBODY, OPERATOR, RIGHTS, Right
from hubbub.settings import Settings
from hubbub.settings.tree import Embeddings

output = Console(soft_wrap=True, highlight=False)
notes = Console(stderr=True, soft_wrap=True, highlight=False)


def list_collections(settings: Settings) -> None:
    """Print all collections, whosever they are, and who can see each."""
    collections, seers = asyncio.run(_list(settings))
    if not collections:
        notes.print("There are no collections. Make one with `hubbub ingest`.")
        return
    table = Table("name", "id", "documents", "owner", "seen by", show_edge=False, pad_edge=False)
    for one in collections:
        owner = "the command line" if one.owner_id == OPERATOR.id else one.owner_id
        table.add_row(printable(one.name), one.id, str(one.documents), owner, printable(seers[one.id]))
    output.print(table, markup=False)


def rename(settings: Settings, name_or_id: str, name: str) -> None:
    """Rename a collection.

    Raises:
        NotFound, Conflict: there is none of that name or id, or more than one; or the new name is taken.
        Invalid: it can't be a name.
    """
    was, now = asyncio.run(_rename(settings, name_or_id, name))
    notes.print(f"“{printable(was.name)}” is called “{printable(now.name)}” now.", markup=False)


def share(settings: Settings, name_or_id: str, wanted: Sequence[str], *, right: str, is_stopped: bool) -> None:
    """Let everybody, or those that are wanted, do something with a collection; or let them do nothing more with it.

    Raises:
        NotFound, Conflict: there is none of that name or id, or more than one; or no such group.
        Invalid: somebody is meant that nothing can be shared with, or there is no such right.
    """
    if right not in RIGHTS:
        raise Invalid(f"There is no right {right!r}. There is: {', '.join(RIGHTS)}.")
    collection, seers = asyncio.run(_share(settings, name_or_id, wanted, Right.NONE if is_stopped else RIGHTS[right]))
    notes.print(f"“{printable(collection.name)}” is seen by {printable(seers)} now.", markup=False)


def remove(settings: Settings, name_or_id: str, *, is_agreed: bool) -> None:
    """Delete a collection with its documents, after asking.

    Raises:
        NotFound, Conflict: there is none of that name or id, or more than one.
    """
    prepare_folder(settings.server.data_folder)
    collection = asyncio.run(_find(settings, name_or_id))
    question = f"Delete “{printable(collection.name)}” with its {collection.documents} documents?"
    if not is_agreed:
        typer.confirm(question, abort=True, err=True)
    asyncio.run(_remove(settings, collection.id))
    notes.print(f"“{printable(collection.name)}” was deleted.", markup=False)


async def _list(settings: Settings) -> tuple[list[Collection], dict[str, str]]:
    async with library_open(settings) as store:
        collections = await store.library.collections()
        return collections, {one.id: await seen_by(store.library, one) for one in collections}


async def _share(settings: Settings, name_or_id: str, wanted: Sequence[str], right: Right) -> tuple[Collection, str]:
    async with library_open(settings) as store:
        collection = await _named(store, name_or_id)
        subjects = await subjects_of(wanted or [EVERYBODY], store.library, settings)
        detail = " ".join(f"{one}={right.name.lower()}" for one in subjects) if wanted or right else "with nobody"
        async with (
            open_deeds(settings, store) as deeds,
            deeds.doing("collection shared", of=collection.id, detail=detail),
        ):
            if right is Right.NONE and not wanted:  # shared with nobody any more
                await store.library.permissions.put(collection.id, [])
            else:
                await sharing(store.library, collection.id, subjects, right)
        return collection, await seen_by(store.library, collection)


async def _find(settings: Settings, name_or_id: str) -> Collection:
    async with library_open(settings) as store:
        return await _named(store, name_or_id)


async def _rename(settings: Settings, name_or_id: str, name: str) -> tuple[Collection, Collection]:
    async with library_open(settings) as store:
        collection = await _named(store, name_or_id)
        async with (
            open_deeds(settings, store) as deeds,
            deeds.doing("collection renamed", of=collection.id, detail=f"{collection.name} → {name}"),
        ):
            changed = await store.library.change(collection.id, name=name)
        if changed is None:
            raise NotFound("The collection was deleted just now.")
        return collection, changed


async def _remove(settings: Settings, collection_id: str) -> None:
    async with (
        library_open(settings) as store,
        open_deeds(settings, store) as deeds,
        deeds.doing("collection deleted", of=collection_id),
    ):
        await store.pipeline.remove_collection(collection_id)


@asynccontextmanager
async def library_open(settings: Settings) -> AsyncGenerator[DocumentStore]:
    """Open the library without what embeds: nothing is searched or ingested here."""
    prepare_folder(settings.server.data_folder)
    without = settings.model_copy(update={"embeddings": Embeddings(provider="none")})
    async with Http() as http, open_document_store(without, http) as store:
        yield store


async def _named(store: DocumentStore, name_or_id: str) -> Collection:
    collections = await store.library.collections()
    found = (
        [one for one in collections if one.id == name_or_id]
        or [one for one in collections if one.name == name_or_id]
        or [one for one in collections if one.name.casefold() == name_or_id.casefold()]
    )
    # Somebody on the page may have taken the same name: the command line means its own.
    found = [one for one in found if one.owner_id == OPERATOR.id] or found
    if not found:
        raise NotFound(f"There is no collection “{name_or_id}”. `hubbub collections list` shows those that there are.")
    if len(found) > 1:
        raise Conflict(
            f"{len(found)} people have a collection “{name_or_id}”. Name one by its id: hubbub collections list"
        )
    return found[0]
