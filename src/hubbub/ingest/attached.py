"""Read a file that is sent along with a question as one text, in the sandbox."""

import asyncio
import tempfile
from pathlib import Path

from hubbub.connections.sandbox import Returned, Sandbox
from hubbub.connections.threads import in_a_thread
from hubbub.core.errors import Invalid, TooLarge
from hubbub.core.reasons import because
from hubbub.ingest.blocks import Block, Table, row_line
from hubbub.ingest.reader import MOST_CHARACTERS, loaded_here, storable
from hubbub.ingest.reading import reason

READER = "hubbub.ingest.attached:text_here"


async def text_of(sandbox: Sandbox, data: bytes, name: str) -> str:
    """Return what a file says, in reading order.

    Raises:
        Invalid, Unsupported, TooLarge, NotInstalled, NotNow, ReaderFault: as `read` in `reading` does.
    """
    path = await in_a_thread(lambda: _written(data))
    try:
        outcome = await sandbox.call(READER, {"name": name}, str, files={"file": path})
    finally:
        await asyncio.shield(in_a_thread(path.unlink))
    if isinstance(outcome, Returned):
        return outcome.value
    raise reason(outcome)


def text_here(file: int, name: str) -> str:
    """Return the text of an open file, read in this process: a sandbox's child. Where it has pages, each is named.

    Raises:
        Invalid, Unsupported, TooLarge: why it can't be read.
    """
    texts: list[str] = []
    page: int | None = None
    for block in loaded_here(file, name).blocks:
        if block.page is not None and block.page != page:
            page = block.page
            texts.append(f"[Page {page}]")
        texts.append(_text(block))
    text = storable("\n\n".join(texts))
    if not any(texts):
        raise Invalid(because("no_text"), code="empty")
    if len(text) > MOST_CHARACTERS:
        raise TooLarge(because("file_too_long", characters=MOST_CHARACTERS))
    return text


def _text(block: Block) -> str:
    return "\n".join(map(row_line, block.rows)) if isinstance(block, Table) else block.text


def _written(data: bytes) -> Path:
    descriptor, name = tempfile.mkstemp(prefix="hubbub-")
    with open(descriptor, "wb") as file:  # noqa: PTH123 # a descriptor
        file.write(data)
    return Path(name)
