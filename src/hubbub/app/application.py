"""Give what Hubbub can do as one object, without HTTP; the composition module builds and closes it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from hubbub.answers.log import Log
from hubbub.answers.runner import Runner
from hubbub.app.access import Access
from hubbub.app.accounts import Accounts
from hubbub.app.answers import Answers
from hubbub.app.askers import Askers
from hubbub.app.assistants import ASSISTANT, Assistants
from hubbub.app.assistants_asked import AskingAssistants, Settled
from hubbub.app.attachments import Attachments
from hubbub.app.by_url import ByUrl
from hubbub.app.chats import Chats
from hubbub.app.collections import Collections
from hubbub.app.directory import Directory
from hubbub.app.document_rights import DocumentRights
from hubbub.app.documents import Documents
from hubbub.app.embeddings import Embeddings
from hubbub.app.giving import Giving
from hubbub.app.groups import Groups
from hubbub.app.guests import Guests
from hubbub.app.importing import Importing
from hubbub.app.limits import RequestLimits
from hubbub.app.locks import Locks
from hubbub.app.model_names import ASSISTANT as ASSISTANT_NAME
from hubbub.app.model_names import ModelNames, is_assistant
from hubbub.app.model_rights import ModelRights, Models, SharedWith
from hubbub.app.operating import Operating
from hubbub.app.own_groups import OwnGroups
from hubbub.app.own_keys import OwnKeys
from hubbub.app.passkeys import Passkeys
from hubbub.app.personal_data import PersonalData
from hubbub.app.program_files import ProgramFiles
from hubbub.app.prompt_rights import PromptRights
from hubbub.app.prompts import Prompts
from hubbub.app.provisioning import Provisioners
from hubbub.app.questions import Questions
from hubbub.app.quotas import Quotas
from hubbub.app.ratings import Ratings
from hubbub.app.readings import Readings
from hubbub.app.responses import Responses
from hubbub.app.rights_watch import RightsWatch
from hubbub.app.sent_along import SentAlong
from hubbub.app.shared_chats import SharedChats
from hubbub.app.texts_of_files import TextsOfFiles
from hubbub.audit.base import Audit
from hubbub.connections.sandbox import Sandbox
from hubbub.connections.watchdog import Watchdog
from hubbub.conversation.engine import Engine
from hubbub.core.embedding import Embedder
from hubbub.core.people import Person
from hubbub.core.scopes import may_use_model
from hubbub.core.shown import ShownSetting
from hubbub.core.tracing import NoTracing, Tracing
from hubbub.history.base import ChatLinks, History, Records, Sessions
from hubbub.identity.base import Identity, Keys, People
from hubbub.identity.deeds import Deeds
from hubbub.identity.grants import Grants
from hubbub.identity.oidc import Providers
from hubbub.identity.sign_ins import SignIns
from hubbub.ingest.files import Files
from hubbub.ingest.pipeline import Pipeline
from hubbub.models.catalog import Catalog
from hubbub.search.base import Library, Search
from hubbub.usage.meter import Meter

MOST_NAMED = 1000
"""So many assistants of one person can be asked for by name."""


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
    passkeys: Passkeys | None = None
    provisioners: Provisioners | None = None
    """Lets providers' SCIM clients in; None where none may come."""
    providers: Providers | None = None
    claim_scopes: Sequence[str] = ()
    """The providers that claimed groups are of; none: the application around Hubbub names them."""
    directory: Directory = field(default_factory=Directory)
    """Says who can be named."""
    keys: Keys | None = None
    """Keeps the API keys; None where an identity of one's own says who asks."""
    links: ChatLinks | None = None
    """Keeps the links by which chats are shared; None where they can't be."""
    shares_with_everybody: bool = False
    """Whether chats may be shared with anybody who has the link."""
    guests: Guests | None = None
    """Lets people take along what they did before they signed in."""
    sign_in_addresses: Sequence[tuple[str, str]] = ()
    """Where else people sign in: names and addresses below the page's."""
    runner: Runner
    log: Log
    history: History
    sessions: Sessions
    records: Records
    engine: Engine
    catalog: Catalog
    """All models: `models_of` has those of a person."""
    models_shared_with: SharedWith = field(default_factory=dict[str, Sequence[str]])
    """Who may use which model; everybody may use those that are not named."""
    search: Search
    library: Library
    files: Files
    pipeline: Pipeline
    pictures: Sandbox
    """Where pages are drawn: not where documents are read, so that looking waits for no ingestion."""
    by_url: ByUrl | None = None
    """Adds documents by URL; None where nothing is fetched."""
    embedder: Embedder | None = None
    """What the search makes vectors with; None where it goes by words alone."""
    limits: RequestLimits = field(default_factory=RequestLimits)
    audit: Audit | None = None
    """Keeps who did what; None where nothing is kept."""
    settings_shown: Sequence[ShownSetting] = ()
    """The settings in force, as operators see them."""
    readings: Readings = field(default_factory=Readings)
    """Says whose things operators read."""
    personal: PersonalData | None = None
    """Takes in exports, erasures and legal holds; None where they can't be kept."""
    deeds: Deeds = field(default_factory=Deeds)
    """Records who does what."""
    meter: Meter = field(default_factory=Meter)
    """Counts what people use, and knows their bounds."""
    watchdog: Watchdog = field(default_factory=Watchdog)
    tracing: Tracing = field(default_factory=NoTracing)
    """Records what happens to questions."""
    locks: Locks = field(default_factory=Locks)
    """For requests that are about the same thing, by its id."""
    texts_of_files: TextsOfFiles = field(default_factory=TextsOfFiles)

    @cached_property
    def access(self) -> Access:
        """Says who may see what."""
        return Access(self.history, self.library, self.log, self.readings)

    @cached_property
    def giving(self) -> Giving:
        """Says whom rights can be given to."""
        return Giving(self.library.groups, self.claim_scopes, self.directory)

    @cached_property
    def model_rights(self) -> ModelRights:
        """Says who may use which model."""
        return ModelRights(self.catalog, self.models_shared_with, self.own_groups)

    @cached_property
    def own_groups(self) -> OwnGroups:
        """Knows who is in which of the groups that were made here."""
        return OwnGroups(self.library.groups)

    @cached_property
    def askers(self) -> Askers:
        """Says for whom usage is recorded."""
        return Askers(self.own_groups)

    async def models_of(self, person: Person) -> Models:
        """Return the models that a person may use."""
        return await self.model_rights.catalog(person)

    @cached_property
    def questions(self) -> Questions:
        """Takes questions in."""
        return Questions(
            self.access,
            self.runner,
            self.log,
            self.history,
            self.engine,
            self.model_rights,
            self.limits,
            self.locks,
            self.grants,
            self.rights,
            self.meter,
            self.askers,
            SentAlong(self.attachments, self.prompts, self.history, self.asking_assistants),
            self.tracing,
        )

    @cached_property
    def attachments(self) -> Attachments:
        """Takes pictures and files that are sent with questions."""
        most_bytes = self.limits.picture_bytes * 3 // 4  # of base64, in which models take them
        parts = (self.access, self.history, self.records, self.library, self.pipeline, self.files, self.model_rights)
        return Attachments(*parts, most_bytes, self.limits.person_bytes)

    @cached_property
    def prompts(self) -> Prompts:
        """Keeps people's prompts, those that they share, and instructions."""
        return Prompts(self.records, self.library.groups, self.giving, self.deeds)

    @cached_property
    def assistants(self) -> Assistants:
        """Keeps people's assistants, and those that they share."""
        rights = PromptRights(self.records, self.library.groups, self.giving, self.deeds, kind=ASSISTANT)
        return Assistants(self.records, rights, self.access, self.library, self.model_rights)

    @cached_property
    def asking_assistants(self) -> AskingAssistants:
        """Settles what questions to assistants are asked with."""
        return AskingAssistants(self.assistants, self.model_rights)

    @cached_property
    def ratings(self) -> Ratings:
        """Keeps what people say of answers."""
        return Ratings(self.access, self.history, self.records, self.log)

    @cached_property
    def answers(self) -> Answers:
        """Shows, follows and stops answers."""
        return Answers(self.access, self.runner, self.log)

    @cached_property
    def chats(self) -> Chats:
        """Keeps people's chats."""
        return Chats(self.access, self.history, self.runner, self.log, self.attachments, self.ratings, self.deeds)

    @cached_property
    def importing(self) -> Importing:
        """Brings along the chats that people have elsewhere."""
        return Importing(self.history, self.log, self.pictures, self.limits, self.deeds)

    @cached_property
    def responses(self) -> Responses:
        """Keeps answers that programs come back to."""
        return Responses(self.access, self.questions, self.log, self.limits)

    @cached_property
    def collections(self) -> Collections:
        """Keeps people's collections."""
        return Collections(self.access, self.library, self.pipeline, self.giving, self.deeds)

    @cached_property
    def groups(self) -> Groups:
        """Keeps the groups that can be given rights."""
        return Groups(self.library.groups, self.deeds, self.directory, self.meter.forget_group)

    @cached_property
    def operating(self) -> Operating:
        """Shows operators what they look after."""
        return Operating(self.library, self.pipeline, self.people, self.keys, self.sign_ins)

    @cached_property
    def quotas(self) -> Quotas:
        """Shows and sets quotas, for operators."""
        parts = (self.meter, self.catalog, self.directory, self.library.groups, self.keys)
        return Quotas(*parts, self.claim_scopes, self.deeds)

    @cached_property
    def documents(self) -> Documents:
        """Keeps the documents in them."""
        return Documents(self.access, self.library, self.search, self.files, self.pipeline, self.pictures, self.deeds)

    @cached_property
    def program_files(self) -> ProgramFiles:
        """Shows documents as files to programs, and takes theirs."""
        return ProgramFiles(self.access, self.library, self.documents, self.attachments)

    @cached_property
    def document_rights(self) -> DocumentRights:
        """Restricts single documents."""
        return DocumentRights(self.access, self.library, self.giving, self.deeds)

    @cached_property
    def own_keys(self) -> OwnKeys | None:
        """Keeps the API keys that people make for themselves; None where nobody can sign in."""
        return OwnKeys(self.keys, self.access, self.model_rights) if self.keys is not None else None

    @cached_property
    def shared_chats(self) -> SharedChats | None:
        """Shares chats by link; None where they can't be shared."""
        if self.links is None:
            return None
        return SharedChats(
            self.links,
            self.chats,
            self.access,
            self.library.groups,
            with_everybody=self.shares_with_everybody,
            has_sign_in=self.sign_ins is not None,
            people=self.people,
            giving=self.giving,
            deeds=self.deeds,
        )

    @cached_property
    def embeddings(self) -> Embeddings | None:
        """Embeds texts for programs; None where the search goes by words alone."""
        return Embeddings(self.embedder, self.meter, self.askers) if self.embedder is not None else None

    async def assistant_named(
        self, person: Person, name: str, *, model: str | None = None, collection_ids: Sequence[str] = ()
    ) -> Settled:
        """Return what an assistant, by its name or id, brings to a question with this model and these collections.

        Raises:
            NotFound: there is no such assistant for this person, or its model is not there for them.
            NotAllowed: they may not ask it, or none of its collections.
        """
        name = name if is_assistant(name) else ASSISTANT_NAME + name
        assistant_id = (await self.model_names(person, name)).read(name).assistant_id
        return await self.asking_assistants.settle(person, assistant_id, model=model, collection_ids=collection_ids)

    async def model_names(self, person: Person, *asked: str) -> ModelNames:
        """Return what a person can ask for, by the names that programs use.

        Where some are `asked` for, and all are models', no collections are looked up.
        """
        models = [model.card.name for model in await self.models_of(person) if may_use_model(person, model.card.name)]
        if asked and all(name in models for name in asked):
            return ModelNames(models, (), person)
        collections = await self.access.known_collections(person)
        if asked and not any(map(is_assistant, asked)):
            return ModelNames(models, collections, person)
        return ModelNames(models, collections, person, await self.assistants.list(person, limit=MOST_NAMED))
