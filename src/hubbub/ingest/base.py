"""The door of the loaders: what reads a format of documents, and what it makes of a file."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, BinaryIO, Protocol, cast

import msgspec

from hubbub.core.documents import Omission
from hubbub.core.errors import HubbubError
from hubbub.core.options import options_for
from hubbub.ingest.blocks import Block, Code, Heading, Hidden, Loaded, Paragraph, Table

__all__ = [
    "Block",
    "Code",
    "Heading",
    "Hidden",
    "Loaded",
    "Loader",
    "NotInstalled",
    "Omission",
    "OwnFormat",
    "Paragraph",
    "ReadsFiles",
    "Table",
]


NOT_INSTALLED = "not_installed"


class NotInstalled(HubbubError):
    """A package is missing that reads this kind of file. It may be tried again: somebody may install it."""

    code = NOT_INSTALLED
    status = 501


class ReadsFiles(Protocol):
    """What reads files of a format."""

    def load(self, file: BinaryIO) -> Loaded:
        """Return what an open file holds, read from its beginning.

        It is called in a sandbox: in a process of its own, without network, files and much memory.

        Raises:
            Invalid, Unsupported, TooLarge: why it can't be read, fit for a person.
        """
        ...


class Loader(ReadsFiles, Protocol):
    """A loader of somebody's own. Its class is imported in the server, too, and made there to see that it can be."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """How the names of its files end, in lower case with the point: ".acme"."""
        ...

    @property
    def media_type(self) -> str:
        """What its files are sent as: "text/plain"."""
        ...


class OwnFormat(msgspec.Struct, frozen=True):
    """A format that a loader of somebody's own reads, as a sandbox's child is told of it."""

    name: str
    place: str
    """The loader's class, "package.module:Class"."""
    suffixes: tuple[str, ...]
    media_type: str
    settings: Mapping[str, Any] = msgspec.field(default_factory=dict[str, Any])

    def loader(self) -> ReadsFiles:
        """Return what reads it."""
        module, _, attribute = self.place.partition(":")
        made = getattr(import_module(module), attribute)
        return cast(ReadsFiles, made(**options_for(made, self.settings, f"backends.loaders.{self.name}.settings")))
