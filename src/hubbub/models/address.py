"""Say where a model is served on the OpenAI wire, and what its server is shown so that it answers."""

from collections.abc import Mapping
from typing import ClassVar, Literal, Protocol, TypeAlias
from urllib.parse import urlsplit

import msgspec

KeyHeader: TypeAlias = Literal["bearer", "api-key"]
LengthField: TypeAlias = Literal["max_tokens", "max_completion_tokens"]

OPENAI_URL = "https://api.openai.com/v1"


class Secret:
    """A key. It shows nowhere: not in repr, str, logs or JSON."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the key itself, for the header it is sent in."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


class Authorization(Protocol):
    """What a server is shown so that it answers: a key, or a token that has to be got first."""

    hints: ClassVar[Mapping[int, str]]
    """What to check where the server refuses with 401 or 403."""

    async def headers(self) -> dict[str, str]:
        """Return the headers that carry it; none where nothing is to be shown.

        Raises:
            ModelError: there is none to be had.
        """
        ...

    def refused(self, headers: Mapping[str, str]) -> bool:
        """Take note that a server refused these headers with 401; returns whether to ask again with new ones."""
        ...

    def hidden(self, text: str) -> str:
        """Return a server's words without the secret in them."""
        ...


class ApiKey(msgspec.Struct, frozen=True):
    """A key, which stays what it is. Without one nothing is shown, as to a server on one's own machine."""

    key: Secret | None = None
    header: KeyHeader = "bearer"

    hints: ClassVar[Mapping[int, str]] = {
        401: "Check the API key.",
        403: "Check that the API key may use this model.",
    }

    async def headers(self) -> dict[str, str]:
        if self.key is None:
            return {}
        key = self.key.reveal()
        return {"api-key": key} if self.header == "api-key" else {"Authorization": f"Bearer {key}"}

    def refused(self, headers: Mapping[str, str]) -> bool:
        return False

    def hidden(self, text: str) -> str:
        key = self.key.reveal() if self.key else ""
        return text.replace(key, "…") if key else text


class Address(msgspec.Struct, frozen=True):
    """A model on a server that speaks OpenAI's chat completions."""

    base_url: str
    """What stands before `/chat/completions`."""
    model: str
    """The server's own name of the model; with Azure the deployment's."""
    provider: str
    """Whose server it is, fit for a person."""
    authorization: Authorization = ApiKey()
    length_field: LengthField = "max_tokens"
    """How the server calls the limit of an answer's length."""
    drop_fields: tuple[str, ...] = ()
    """Fields of a request that are never sent there."""
    extra_fields: dict[str, object] = {}
    """Fields that go along with every request."""

    @property
    def server(self) -> str:
        """The server as messages name it: provider and host, never a key or a password."""
        host = host_of(self.base_url)
        return self.provider if host in self.provider else f"{self.provider} ({host})"

    def url(self, path: str) -> str:
        """Return the URL of a resource, such as `chat/completions`."""
        return f"{self.base_url.rstrip('/')}/{path}"


def host_of(url: str) -> str:
    """Return host and port of a URL, without user and password."""
    return urlsplit(url).netloc.rpartition("@")[2] or url


def bare(url: str) -> str:
    """Return a URL without user and password."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}" if separator else url.rpartition("@")[2]


def openai_address(model: str, api_key: Secret) -> Address:
    """Return a model's address at OpenAI itself."""
    return Address(OPENAI_URL, model, "OpenAI", ApiKey(api_key), "max_completion_tokens")


def azure_address(endpoint: str, deployment: str, authorization: Authorization) -> Address:
    """Return a deployment's address at an Azure OpenAI endpoint."""
    return azure_custom_address(
        endpoint.rstrip("/").removesuffix("/openai/v1") + "/openai/v1", deployment, authorization
    )


def azure_custom_address(base_url: str, deployment: str, authorization: Authorization) -> Address:
    """Return a deployment's address behind a gateway, whose URL is taken as it is."""
    return Address(base_url, deployment, "Azure OpenAI", authorization, "max_completion_tokens")


def compatible_address(
    base_url: str, model: str, api_key: Secret | None = None, *, provider: str | None = None
) -> Address:
    """Return a model's address at any server that speaks the wire, such as Ollama, vLLM or llama.cpp."""
    if host_of(base_url) == host_of(OPENAI_URL) and api_key is not None:
        return openai_address(model, api_key)
    return Address(base_url, model, provider or host_of(base_url), ApiKey(api_key))
