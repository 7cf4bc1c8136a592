"""Give what Hubbub can do as one object, without HTTP; the composition module builds and closes it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from hubbub.answers.desk import Desk
from hubbub.answers.log import Log
from hubbub.app.access import Access
from hubbub.app.accounts import Accounts
from hubbub.app.answers import Answers
from hubbub.app.chats import Chats
from hubbub.app.collections import Collections
from hubbub.app.documents import Documents
from hubbub.app.embeddings import Embeddings
from hubbub.app.groups import Groups
from hubbub.app.limits import RequestLimits
from hubbub.app.locks import Locks
from hubbub.app.model_names import ModelNames
from hubbub.app.questions import Questions
from hubbub.app.responses import Responses
from hubbub.app.rights_watch import RightsWatch
from hubbub.app.texts_of_files import TextsOfFiles
from hubbub.connections.sandbox import Sandbox
from hubbub.connections.watchdog import Watchdog
from hubbub.conversation.engine import Engine
from hubbub.core.embedding import Embedder
from hubbub.core.people import Person
from hubbub.history.base import History, Sessions
from hubbub.identity.base import Identity, People
from hubbub.identity.grants import Grants
from hubbub.identity.oidc import Providers
from hubbub.identity.sign_ins import SignIns
from hubbub.ingest.files import Files
from hubbub.ingest.pipeline import Pipeline
from hubbub.models.catalog import Catalog
from hubbub.search.base import Library, Search
from hubbub.usage.meter import Meter

if TYPE_CHECKING:
    from hubbub.audit.postgres import PostgresAudit
    from hubbub.audit.sqlite import SqliteAudit


@dataclass(frozen=True, kw_only=True)
class Application:
    """What Hubbub can do: page, REST, programs' protocols, library and command line all ask here.

    Its parts are built once, and used by all requests.
    """

    identity: Identity
    grants: Grants
    """What is open, by what let it in."""
    rights: RightsWatch
    """The open answers, by the collections that they need."""
    people: People | None = None
    """Who is known here; None where nobody can sign in, as the next two."""
    sign_ins: SignIns | None = None
    accounts: Accounts | None = None
    providers: Providers | None = None
    sign_in_addresses: Sequence[tuple[str, str]] = ()
    """Where else people sign in: names and addresses below the page's."""
    desk: Desk
    log: Log
    history: History
    sessions: Sessions
    engine: Engine
    catalog: Catalog
    search: Search
    library: Library
    files: Files
    pipeline: Pipeline
    pictures: Sandbox
    """Where pages are drawn: not where documents are read, so that looking waits for no ingestion."""
    embedder: Embedder | None = None
    """What the search makes vectors with; None where it goes by words alone."""
    limits: RequestLimits = field(default_factory=RequestLimits)
    audit: "SqliteAudit | PostgresAudit | None" = None
    """Keeps who did what; None where nothing is kept."""
    meter: Meter = field(default_factory=Meter)
    """Counts what people use, and knows their bounds."""
    watchdog: Watchdog = field(default_factory=Watchdog)
    locks: Locks = field(default_factory=Locks)
    """For requests that are about the same thing, by its id."""
    texts_of_files: TextsOfFiles = field(default_factory=TextsOfFiles)

    @cached_property
    def access(self) -> Access:
        """Says who may see what."""
        return Access(self.history, self.library, self.log)

    @cached_property
    def questions(self) -> Questions:
        """Takes questions in."""
        return Questions(
            self.access,
            self.desk,
            self.log,
            self.history,
            self.engine,
            self.catalog,
            self.limits,
            self.locks,
            self.grants,
            self.rights,
            self.meter,
        )

    @cached_property
    def answers(self) -> Answers:
        """Shows, follows and stops answers."""
        return Answers(self.access, self.desk, self.log)

    @cached_property
    def chats(self) -> Chats:
        """Keeps people's chats."""
        return Chats(self.access, self.history, self.desk, self.log)

    @cached_property
    def responses(self) -> Responses:
        """Keeps answers that programs come back to."""
        return Responses(self.access, self.questions, self.log, self.limits)

    @cached_property
    def collections(self) -> Collections:
        """Keeps people's collections."""
        return Collections(self.access, self.library, self.pipeline)

    @cached_property
    def groups(self) -> Groups:
        """Keeps the groups that can be given rights."""
        return Groups(self.library.groups)

    @cached_property
    def documents(self) -> Documents:
        """Keeps the documents in them."""
        return Documents(self.access, self.library, self.search, self.files, self.pipeline, self.pictures)

    @cached_property
    def embeddings(self) -> Embeddings | None:
        """Embeds texts for programs; None where the search goes by words alone."""
        return Embeddings(self.embedder, self.meter) if self.embedder is not None else None

    async def model_names(self, person: Person, *asked: str) -> ModelNames:
        """Return what a person can ask for, by the names that programs use.

        Where some are `asked` for, and all are models', no collections are looked up.
        """
        models = [model.card.name for model in self.catalog]
        if asked and all(name in models for name in asked):
            return ModelNames(models, (), person)
        return ModelNames(models, await self.access.known_collections(person), person)
