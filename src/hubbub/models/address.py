"""Say where a model is served on the OpenAI wire, and with which key."""

from typing import Literal, TypeAlias
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


class Address(msgspec.Struct, frozen=True):
    """A model on a server that speaks OpenAI's chat completions."""

    base_url: str
    """What stands before `/chat/completions`."""
    model: str
    """The server's own name of the model; with Azure the deployment's."""
    provider: str
    """Whose server it is, fit for a person."""
    api_key: Secret | None = None
    key_header: KeyHeader = "bearer"
    length_field: LengthField = "max_tokens"
    """How the server calls the limit of an answer's length."""

    @property
    def server(self) -> str:
        """The server as messages name it: provider and host, never a key or a password."""
        host = host_of(self.base_url)
        return self.provider if host in self.provider else f"{self.provider} ({host})"

    def headers(self) -> dict[str, str]:
        """Return the headers that carry the key; none where there is no key."""
        if self.api_key is None:
            return {}
        key = self.api_key.reveal()
        return {"api-key": key} if self.key_header == "api-key" else {"Authorization": f"Bearer {key}"}

    def url(self, path: str) -> str:
        """Return the URL of a resource, such as `chat/completions`."""
        return f"{self.base_url.rstrip('/')}/{path}"


def host_of(url: str) -> str:
    """Return host and port of a URL, without user and password."""
    return urlsplit(url).netloc.rpartition("@")[2] or url


def openai_address(model: str, api_key: Secret) -> Address:
    """Return a model's address at OpenAI itself."""
    return Address(OPENAI_URL, model, "OpenAI", api_key, length_field="max_completion_tokens")


def azure_address(endpoint: str, deployment: str, api_key: Secret) -> Address:
    """Return a deployment's address at an Azure OpenAI endpoint."""
    base_url = endpoint.rstrip("/").removesuffix("/openai/v1") + "/openai/v1"
    return Address(base_url, deployment, "Azure OpenAI", api_key, "api-key", "max_completion_tokens")


def compatible_address(
    base_url: str, model: str, api_key: Secret | None = None, *, provider: str | None = None
) -> Address:
    """Return a model's address at any server that speaks the wire, such as Ollama, vLLM or llama.cpp."""
    if host_of(base_url) == host_of(OPENAI_URL) and api_key is not None:
        return openai_address(model, api_key)
    return Address(base_url, model, provider or host_of(base_url), api_key)
