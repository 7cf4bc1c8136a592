"""The tables of where passages are found."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from hubbub.connections.azure import CredentialKind
from hubbub.settings.table import Count, Seconds, Table, Text


class AzureNames(Table):
    """What the fields are called in an index that is there already."""

    key: Text = "id"
    """The key."""
    text: str = ""
    """The passage's text; empty: KB_FIELDS_CONTENT, or else `content`."""
    page: str = ""
    """The file and its page, `file.pdf#page=3`; empty: KB_FIELDS_SOURCEPAGE, or else `sourcepage`."""
    file: Text = "sourcefile"
    """The file."""
    category: Text = "category"
    """What kind of document it is."""
    embedding: str = ""
    """The vector; empty: AZURE_SEARCH_FIELD_NAME_EMBEDDING, or else `embedding`."""
    oids: str = "oids"
    """The ids of the people who may see a passage, where the index has such a field; empty: it is not gone by."""
    groups: str = "groups"
    """The ids of the groups who may, likewise; they are those that the sign-in of `search.azure.provider` names."""


class AzureSearch(Table):
    """An index at Azure AI Search."""

    endpoint: str = ""
    """The service's address, `https://<name>.search.windows.net`; empty: AZURE_SEARCH_ENDPOINT, or of `service`."""
    service: str = ""
    """The service's name, in place of the address; empty: AZURE_SEARCH_SERVICE."""
    index: str = ""
    """The index's name; empty: AZURE_SEARCH_INDEX."""
    api_key: SecretStr | None = None
    """The key; none: AZURE_SEARCH_KEY. Without one Hubbub signs in with an identity, as the following say."""
    credential: CredentialKind = "auto"
    """Who signs in without a key: "managed_identity", "developer_cli", "default", or "auto", which chooses."""
    tenant_id: str = ""
    """The tenant to sign in to with the developer's command line; empty: AZURE_TENANT_ID."""
    client_id: str = ""
    """The client id of a user-assigned managed identity; empty: AZURE_CLIENT_ID, or else the system-assigned one."""
    fields: Literal["own", "sample"] = "own"
    """Whether Hubbub makes and fills the index, or reads one that is there, with the fields of the Azure sample."""
    names: AzureNames = AzureNames()
    """What the fields are called in an index that is there."""
    provider: str = ""
    """The provider of `identity` whose people and groups such an index lists; empty: the only one there is."""
    shows_unrestricted: bool = True
    """Whether everybody who may use such an index finds the passages that list nobody there."""
    query_vectors: Literal["service", "embedder", "none"] = "service"
    """What makes queries' vectors for an index that is there: its own vectorizer, or Hubbub's embedder."""
    semantic_configuration: str = "default"
    """The index's semantic configuration; empty: the service has no semantic ranker."""
    semantic_ranker: bool | None = None
    """Whether hits are ranked by it where a question doesn't say; none: AZURE_SEARCH_SEMANTIC_RANKER, or else not."""
    query_rewriting: bool | None = None
    """Whether the service may write queries anew (a preview); none: AZURE_SEARCH_QUERY_REWRITING, or else not."""
    query_language: str = ""
    """The language that it writes in; empty: AZURE_SEARCH_QUERY_LANGUAGE, or else `en-us`."""
    analyzer: str = ""
    """What cuts texts into words in an own index; empty: AZURE_SEARCH_ANALYZER_NAME, or else `en.microsoft`."""
    connect_seconds: Seconds = 5.0
    """The longest wait for a connection."""
    find_seconds: Seconds = 10.0
    """The longest time that a search may take, with all its tries."""
    write_seconds: Seconds = 60.0
    """The longest time that a batch of passages may take, with all its tries."""


class Thorough(Table):
    """What a thorough question may take: a model takes it apart, searches several times, and reads in between."""

    seconds: Seconds = 30.0
    """When these are over, the answer is written from what was found by then."""
    tokens: Count = 12_000
    """About how many tokens the model may read and write for its searches, before it answers."""
    searches: Annotated[int, Field(ge=1, le=100)] = 13
    """How often the documents may be searched for one question; with 1 it is searched for as any other."""
    hits: Annotated[int, Field(ge=1, le=100)] = 16
    """How many passages are kept of all its searches together, unless the question wants more."""


class Search(Table):
    """Where passages are found."""

    backend: Text = "sqlite"
    """The search: "sqlite", "azure", or one of your own: a class as "package.module:Class", or
    the name that an installed package gives it. Left out, it is PostgreSQL where `database.url` is set."""
    library: Text = "sqlite"
    """What knows the collections and their documents: "sqlite"."""
    hits: Annotated[int, Field(ge=1, le=100)] = 8
    """How many passages a question finds."""
    thorough: Thorough = Thorough()
    """What thorough questions may take."""
    azure: AzureSearch = AzureSearch()
    """The index, where the search is "azure"."""
