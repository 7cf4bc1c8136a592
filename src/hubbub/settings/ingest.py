"""The tables of how documents are read, and of the folders that they come from."""

from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from hubbub.connections.addresses import networks_of
from hubbub.connections.azure import CredentialKind
from hubbub.settings.bucket import BucketAccess
from hubbub.settings.table import Count, Seconds, Table, Text

LOOPBACK = ("localhost", "127.0.0.1", "::1")
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


class SyncedBucket(BucketAccess, Synced):
    """An S3 bucket or an Azure container that a collection is kept equal to; needs `pip install 'hubbub[buckets]'`."""

    url: Text
    """The bucket, as `s3://bucket/prefix`, or the container, as `az://container/prefix`."""
    is_public: bool = False
    """Whether it is read without signing in."""
    every_seconds: Seconds = 300.0
    """So often the bucket is looked at. Objects that did not change are not fetched again."""
    most_files: Count = 50_000
    """So many objects are taken."""
    most_bytes: Annotated[int, Field(ge=1024 * 1024)] = 10 * 1024**3
    """The size that they may have in all."""


class MailboxOAuth(Table):
    """What gets the tokens that sign in to a mailbox in place of a password, as Microsoft 365 and Gmail want it."""

    token_url: str = ""
    """Where tokens are had: `https://login.microsoftonline.com/TENANT/oauth2/v2.0/token`,
    `https://oauth2.googleapis.com/token`."""
    client_id: str = ""
    """The application's id there."""
    client_secret: SecretStr | None = None
    """The application's secret; a public application has none."""
    refresh_token: SecretStr | None = None
    """What a person's sign-in gave the application. Without one the application signs in as itself (client
    credentials). A newer one that the server gives is kept in the data folder, and goes before this one."""
    scope: str = ""
    """What the token is for; at Microsoft 365 `https://outlook.office365.com/.default` without a refresh token."""

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        if not self.token_url:
            if self.model_fields_set:
                raise ValueError("oauth needs a token_url")
            return self
        url = urlsplit(self.token_url)
        if url.scheme != "https" and not (url.scheme == "http" and url.hostname in LOOPBACK):
            raise ValueError("token_url does not begin with https://")
        if not self.client_id or (self.client_secret is None and self.refresh_token is None):
            raise ValueError("oauth needs a client_id with a client_secret, a refresh_token or both")
        return self


class SyncedMailbox(Synced):
    """A mailbox that a collection is kept equal to, over IMAP. Nothing in it is changed, nor marked as seen."""

    host: Text
    """The server's name."""
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Its port; not given: 993 with "tls", else 143."""
    security: Literal["tls", "starttls", "none"] = "tls"
    """How the connection is encrypted: "none" only for a server on this machine."""
    user: Text
    """The name to sign in with."""
    password: SecretStr | None = None
    """The password for that; many servers want one that is made for programs."""
    oauth: MailboxOAuth = MailboxOAuth()
    folders: Annotated[tuple[Text, ...], Field(min_length=1)] = ("INBOX",)
    """The folders that are read, by their paths with `/`. `*` stands for all but drafts, junk and trash."""
    every_seconds: Seconds = 120.0
    """So often the mailbox is looked at. A mail that is known is not fetched again."""
    most_mails: Count = 20_000
    """So many mails are taken, the newest ones."""
    timeout_seconds: Seconds = 30.0
    """The longest silence of the server."""

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        if (self.password is None) != bool(self.oauth.token_url):
            raise ValueError("give either a password or oauth")
        if self.security == "none" and self.host not in LOOPBACK:
            raise ValueError('security = "none" sends the password readable; use "tls" or "starttls"')
        return self


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


class DocumentIntelligence(Table):
    """The resource of Azure Document Intelligence that pictures are sent to where `ingest.ocr.reader` is "azure"."""

    endpoint: str = ""
    """The resource's address: `https://<name>.cognitiveservices.azure.com`."""
    model: Literal["prebuilt-read", "prebuilt-layout"] = "prebuilt-read"
    """What reads: "prebuilt-layout" finds tables, too, and costs more."""
    api_key: SecretStr | None = None
    """The resource's key. Without one Hubbub signs in with an identity, as with a model at Azure."""
    credential: CredentialKind = "auto"
    """Who signs in without a key, as with a model at Azure."""
    tenant_id: str = ""
    """The tenant to sign in to with the developer's command line; empty: AZURE_TENANT_ID."""
    client_id: str = ""
    """The client id of a user-assigned managed identity; empty: AZURE_CLIENT_ID, or else the system-assigned one."""
    scope: Text = "https://cognitiveservices.azure.com/.default"
    """What the token is for; clouds other than Azure's public one have their own."""


class Ocr(Table):
    """How scans and pictures of text are read: here, by `pip install 'hubbub[ocr]'`, or elsewhere."""

    is_on: bool = True
    """Whether text on pictures is recognised at all."""
    reader: Literal["tesseract", "model", "azure"] = "tesseract"
    """Who reads: "tesseract" on this server; a "model" that can be shown pictures, or "azure" (Document Intelligence).
    To the latter two pictures of pages are sent, which may cost money."""
    model: str = ""
    """The name of the model that reads, for "model"."""
    most_pictures: Count = 50
    """So many pictures of one document are sent. Those that were not are counted in the document's state."""
    pictures_per_day: Count = 2000
    """So many pictures are sent a day by each server, counted from its start."""
    picture_seconds: Seconds = 90.0
    """How long reading one picture elsewhere may take."""
    azure: DocumentIntelligence = DocumentIntelligence()
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
    """The time on the clock that it may take, and the same for what is read elsewhere."""


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
    """Whether hidden sheets, rows, columns, slides and layers are read, too, and marked as hidden."""
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
    buckets: dict[str, SyncedBucket] = Field(default_factory=dict)
    """The buckets that collections are kept equal to, each a table `[ingest.buckets.NAME]`: see below."""
    mailboxes: dict[str, SyncedMailbox] = Field(default_factory=dict)
    """The mailboxes that collections are kept equal to, each a table `[ingest.mailboxes.NAME]`: see below."""
