"""Give files names in a collection that no other source's documents have."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path, PurePosixPath

from msgspec.structs import replace

from hubbub.connections.threads import in_a_thread
from hubbub.ingest.origins import Origin, Origins
from hubbub.ingest.walk import Found


async def claimed(origins: Origins, collection_id: str, files: Sequence[Found]) -> list[Found]:
    """Return files under the names that their documents have or get; these names are theirs from now on.

    A file keeps its name. A new one gets the name that it wants, or, where another source has that, the folders
    above it as well. A document that came from nowhere is taken over by the file of its name, and so is one whose
    source is no longer there: the folder was moved.
    """
    owners = await origins.owners(collection_id)
    sources = {file.source for file in files}
    known = {source: await origins.known(collection_id, source) for source in sources}
    gone = await in_a_thread(lambda: {source for source in set(owners.values()) if _is_gone(source)})
    taken = {name for name, source in owners.items() if source not in gone or source in sources}
    named = list(_named(files, known, taken))
    new = [(one.source, one.inside, one.name) for one in named if one.inside not in known[one.source]]
    if new:
        await origins.claim(collection_id, new)
    return named


def _is_gone(source: str) -> bool:
    return "://" not in source and not Path(source).exists()


def _named(files: Iterable[Found], known: Mapping[str, Mapping[str, Origin]], taken: set[str]) -> Iterator[Found]:
    for file in files:
        if (origin := known[file.source].get(file.inside)) is not None:
            yield replace(file, name=origin.name)
            continue
        name = next(name for name in _candidates(file) if name not in taken)
        taken.add(name)
        yield replace(file, name=name)


def _candidates(file: Found) -> Iterator[str]:
    yield file.name
    parts = PurePosixPath(file.source.replace("\\", "/")).parts
    for more in range(1, len(parts)):
        yield "/".join((*parts[-more:], file.inside))
    path = PurePosixPath(file.name)
    for number in count(2):
        yield str(path.with_name(f"{path.stem} ({number}){path.suffix}"))
