"""The tables of models that somebody names: one shape a provider, so that half a back end can't be written down."""

from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, SecretStr

from hubbub.connections.azure import CredentialKind
from hubbub.core.people import EVERYBODY
from hubbub.settings.table import Count, Price, Secret, Subjects, Table, Text, Told


class Offered(Table):
    """Who may use a model: the same for all."""

    shared_with: Subjects = (EVERYBODY,)
    """Who may use it, besides operators: "everybody", "signed-in", "group:NAME", "claim:PROVIDER/NAME" or "person:ID".
    For all others it does not exist. Of a pool, the pool's own counts."""


class Priced(Offered):
    """What tokens cost, in whatever currency: the same for all."""

    price_input: Price = Decimal(0)
    """The price of a million tokens of the prompt."""
    price_cached: Price | None = None
    """The price of a million of those that the server had read before; not given: as the others."""
    price_output: Price = Decimal(0)
    """The price of a million tokens of the answer, those of reasoning included."""


class Remote(Priced):
    """What holds for a model on any server."""

    can_ground: bool = True
    """Whether it writes answers over documents; if not, passages are quoted."""
    reads_images: bool = True
    """Whether it can be shown pictures."""
    calls_tools: bool = True
    """Whether it can be given tools to call."""
    reasoning_effort: str = ""
    """How hard a reasoning model thinks where a question doesn't say: minimal, low, medium, high … as it names them."""
    max_tokens: Count | None = None
    """The longest answer where a question doesn't say; not given: as long as the model makes it."""
    drop_fields: tuple[Text, ...] = ()
    """Fields of a request that it is never sent, such as "temperature". Those that it refuses by name it is not sent
    again anyway."""
    extra_fields: dict[str, Any] = Field(default_factory=dict)
    """Fields that are sent with every request, such as `{ top_k = 20 }`."""
    pass_fields: tuple[Text, ...] = ()
    """Fields of a program's request that go on to the server, besides those that only shape an answer; "*" is any."""
    requests_per_minute: Count | None = None
    """How many requests its quota allows; not given: what its replies tell, if they do."""
    tokens_per_minute: Count | None = None
    """How many tokens its quota allows; not given: what its replies tell, if they do."""


class OpenAi(Remote):
    """A model of OpenAI's, at OpenAI. Behind another address it is `compatible`."""

    provider: Literal["openai"]
    """Always "openai"."""
    api_key: Secret
    """The key."""
    model: Text
    """The model's name at OpenAI."""
    context_tokens: Count = 128_000
    """How much of a conversation the model can read."""


class Azure(Remote):
    """A deployment on Azure OpenAI."""

    provider: Literal["azure"]
    """Always "azure"."""
    endpoint: Text
    """The resource's address: `https://<name>.openai.azure.com`."""
    deployment: Text
    """The deployment's name."""
    api_key: SecretStr | None = None
    """The resource's key. Without one Hubbub signs in with an identity, as the following say."""
    credential: CredentialKind = "auto"
    """Who signs in: "managed_identity", "developer_cli" (`azd auth login`) or "default", azure-identity's own chain.
    "auto" takes the managed identity on Azure's hosts, else the developer's where a tenant is named, else the chain."""
    tenant_id: str = ""
    """The tenant to sign in to with the developer's command line; empty: AZURE_TENANT_ID."""
    client_id: str = ""
    """The client id of a user-assigned managed identity; empty: AZURE_CLIENT_ID, or else the system-assigned one."""
    scope: Text = "https://cognitiveservices.azure.com/.default"
    """What the token is for; clouds other than Azure's public one have their own."""
    context_tokens: Count = 128_000
    """How much of a conversation the model can read."""


class Compatible(Remote):
    """A model behind any server that speaks OpenAI's wire: Ollama, vLLM, llama.cpp and others."""

    provider: Literal["compatible"]
    """Always "compatible"."""
    base_url: Text
    """The address of the API, as a rule ending in /v1."""
    model: Text
    """The model's name at that server."""
    api_key: SecretStr | None = None
    """The key, where the server wants one."""
    context_tokens: Count = 8192
    """How much of a conversation the model can read."""
    reads_images: bool = False
    """Whether it can be shown pictures."""


class EmbeddingServer(Table):
    """A server that embeds, spoken to where `embeddings.provider` is "azure" or "openai"."""

    url: str = ""
    """With "azure" the resource's address; empty: AZURE_OPENAI_ENDPOINT or AZURE_OPENAI_SERVICE. With "openai" the
    address of the API; empty: OPENAI_BASE_URL, or else OpenAI's own."""
    model: str = ""
    """With "azure" the deployment's name; empty: AZURE_OPENAI_EMB_DEPLOYMENT. With "openai" the model's name; empty:
    text-embedding-3-small."""
    price_input: Price = Decimal(0)
    """The price of a million tokens that are embedded."""
    dimensions: Count | None = None
    """How many numbers a vector has; none: AZURE_OPENAI_EMB_DIMENSIONS, or else 1536."""
    api_key: SecretStr | None = None
    """The key; none: AZURE_OPENAI_API_KEY or OPENAI_API_KEY. With "azure" and no key an identity signs in."""
    credential: CredentialKind = "auto"
    """Who signs in to Azure without a key, as with a model."""
    tenant_id: str = ""
    """The tenant to sign in to with the developer's command line; empty: AZURE_TENANT_ID."""
    client_id: str = ""
    """The client id of a user-assigned managed identity; empty: AZURE_CLIENT_ID, or else the system-assigned one."""
    scope: Text = "https://cognitiveservices.azure.com/.default"
    """What the token is for; clouds other than Azure's public one have their own."""


class Scripted(Priced):
    """A model that says what it was told to say: for tests and for measuring."""

    provider: Literal["scripted"]
    """Always "scripted"."""
    text: Text = "This is a scripted answer."
    """What it answers, word by word."""
    pause_seconds: Annotated[float, Field(ge=0)] = 0.0
    """The pause before each word."""
    context_tokens: Count = 8192
    """How much of a conversation it can read."""
    can_ground: bool = True
    """Whether it answers over documents itself; if not, passages are quoted."""


class OwnTable(Priced):
    """A model of your own: a class, or one of an installed package."""

    provider: Literal["own"]
    """Always "own"."""
    backend: Text
    """Its class as "package.module:Class", or the name that an installed package gives it."""
    settings: Told = Field(default_factory=dict)
    """What it is told."""


class Member(Table):
    """A deployment in a pool."""

    model: Text
    """The name of the model that is asked: another table, one that was found, or the embedded one."""
    priority: Annotated[int, Field(ge=0, le=100)] = 0
    """The lowest are asked first, others only where none of these can be."""
    weight: Annotated[float, Field(gt=0)] = 1.0
    """How much of what its priority is asked goes to it, as a share of all the weights."""


class Pool(Offered):
    """Several deployments as one model: another one answers where one is busy or fails before it has said anything."""

    provider: Literal["pool"]
    """Always "pool"."""
    members: Annotated[tuple[Member, ...], Field(min_length=1)]
    """The deployments. By themselves they can't be chosen any more."""
    first_token_seconds: Annotated[float, Field(gt=0)] = 15.0
    """The longest wait for the first piece of an answer from one of them; then the next one is asked."""
    hedge_seconds: Annotated[float, Field(gt=0)] | None = None
    """After so long a second one is asked beside the first, and who speaks first answers; not given: never."""


ModelTable: TypeAlias = Annotated[
    OpenAi | Azure | Compatible | Scripted | OwnTable | Pool, Field(discriminator="provider")
]
