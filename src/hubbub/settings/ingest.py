"""The tables of how documents are read, and of the folders that they come from."""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field

from hubbub.connections.addresses import networks_of
from hubbub.settings.table import Count, Seconds, Table, Text

Folder: TypeAlias = Annotated[Path, AfterValidator(Path.expanduser)]


class Synced(Table):
    """What all sources of a collection share."""

    collection: Text
    """The collection, which is the operator's; made where there is none."""
    include: tuple[Text, ...] = ()
    """Only these files are taken, such as `*.pdf` or `reports/**`; none takes all that are not hidden."""
    exclude: tuple[Text, ...] = ()
    """These files are left out."""
    removes_all: bool = False
    """Whether a source that holds no files any more empties its collection; so looks a share that is not mounted."""
    is_shared: bool = False
    """Whether the collection, when it is made, is for everybody who may use the server."""
    every_seconds: Seconds
    """So often the source is looked at."""


class SyncedFolder(Synced):
    """A folder that a collection is kept equal to while the server runs. The table may stand any number of times."""

    path: Folder
    """The folder."""
    every_seconds: Seconds = 30.0
    """So often the folder is looked at."""
    quiet_seconds: Seconds = 2.0
    """A file is taken once it has not changed for so long: before, it may still be being written."""


class SyncedWebsite(Synced):
    """A website that a collection is kept equal to, by its sitemap. The table may stand any number of times."""

    url: Text
    """The site (`https://docs.example.org`), whose robots.txt or `/sitemap.xml` is read, or a sitemap itself."""
    every_seconds: Seconds = 3600.0
    """So often the site is looked at. Pages that did not change are asked for, and not sent again."""
    most_pages: Count = 1000
    """So many pages are taken."""
    pause_seconds: Annotated[float, Field(ge=0)] = 0.5
    """The pause after each page. A longer one that robots.txt asks for is kept, up to 10 s."""


class SyncedRepository(Synced):
    """A git repository that a collection is kept equal to, by the program `git`; any number of times."""

    url: Text
    """The repository, with https://, ssh:// or file://."""
    branch: str = ""
    """The branch; empty is the usual one."""
    every_seconds: Seconds = 300.0
    """So often it is fetched."""
    most_bytes: Annotated[int, Field(ge=1024 * 1024)] = 1024**3
    """The size that its files may have in all, and what git keeps of them. A larger one is not taken."""
    most_files: Count = 50_000
    """So many files it may have."""
    total_seconds: Seconds = 600.0
    """How long fetching and unpacking it may take."""


def _checked_network(text: str) -> str:
    networks_of([text])
    return text


NetworkText: TypeAlias = Annotated[str, AfterValidator(_checked_network)]


class Urls(Table):
    """Documents that are added by URL. They are fetched from the public internet alone, without any credentials."""

    allowed_for: Literal["nobody", "operators", "signed-in", "everybody"] = "signed-in"
    """Who may add documents by URL. Where the server listens on loopback alone and lets everybody in, "signed-in"
    means everybody. The command line always may."""
    networks: tuple[NetworkText, ...] = ()
    """Networks and addresses that may be reached although they are not public, such as `10.1.0.0/16`."""
    ports: tuple[Annotated[int, Field(ge=1, le=65535)], ...] = (80, 443)
    """The ports that may be reached."""
    total_seconds: Seconds = 120.0
    """How long fetching one document may take."""


class Ocr(Table):
    """How scans and pictures of text are read, where the extra `ocr` is installed: `pip install 'hubbub[ocr]'`."""

    is_on: bool = True
    """Whether text on pictures is recognised at all."""
    languages: Annotated[tuple[Text, ...], Field(min_length=1)] = ("deu", "eng")
    """The languages that are looked for, by Tesseract's names. The extra brings English and German; others are
    installed by the system's packages, such as `tesseract-ocr-fra`. Each takes more time."""
    data_folder: Folder | None = None
    """The folder that holds the languages' data (`eng.traineddata`), where it is not at a usual place."""
    doubtful_below: Annotated[int, Field(ge=0, le=100)] = 60
    """A page that is recognised with less confidence than this, in percent, is named in the document's state."""
    cpu_seconds: Seconds = 300.0
    """The processor time that recognising the pages of one document may take: about a second a page."""
    wall_seconds: Seconds = 900.0
    """The time on the clock that it may take."""


class Ingest(Table):
    """How documents are read: in child processes with limits of their own."""

    children: Count = 2
    """How many documents are read at the same time; two more for people of whom none is being read."""
    memory_bytes: Annotated[int, Field(ge=64 * 1024 * 1024)] = 512 * 1024 * 1024
    """The memory that reading one document may take."""
    cpu_seconds: Seconds = 30.0
    """The processor time that reading one document may take."""
    wall_seconds: Seconds = 60.0
    """The time on the clock that reading one document may take."""
    reads_hidden: bool = False
    """Whether hidden sheets, rows, columns and slides are read, too, and marked as hidden."""
    unreadable_update: Literal["keep", "remove"] = "keep"
    """When a document's file is replaced by one that can't be read: "keep" what was read before, marked as the
    earlier version, or "remove" it."""
    passage_characters: Annotated[int, Field(ge=100, le=8000)] = 900
    """About how long a passage is: the piece that is found and cited."""
    ocr: Ocr = Ocr()
    urls: Urls = Urls()
    folders: tuple[SyncedFolder, ...] = ()
    """The folders that collections are kept equal to, each a table `[[ingest.folders]]`: see below."""
    websites: tuple[SyncedWebsite, ...] = ()
    """The websites that collections are kept equal to, each a table `[[ingest.websites]]`: see below."""
    repositories: tuple[SyncedRepository, ...] = ()
    """The git repositories that collections are kept equal to, each a table `[[ingest.repositories]]`: see below."""
