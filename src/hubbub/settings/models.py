"""The tables of models that somebody names: one shape a provider, so that half a back end can't be written down."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, SecretStr

from hubbub.settings.table import Count, Secret, Table, Text


class OpenAi(Table):
    """A model of OpenAI's, at OpenAI. Behind another address it is `compatible`."""

    provider: Literal["openai"]
    """Always "openai"."""
    api_key: Secret
    """The key."""
    model: Text
    """The model's name at OpenAI."""
    context_tokens: Count = 128_000
    """How much of a conversation the model can read."""
    can_ground: bool = True
    """Whether it writes answers over documents; if not, passages are quoted."""
    reads_images: bool = True
    """Whether it can be shown pictures."""
    calls_tools: bool = True
    """Whether it can be given tools to call."""


class Azure(Table):
    """A deployment on Azure OpenAI."""

    provider: Literal["azure"]
    """Always "azure"."""
    endpoint: Text
    """The resource's address: `https://<name>.openai.azure.com`."""
    deployment: Text
    """The deployment's name."""
    api_key: Secret
    """The resource's key."""
    context_tokens: Count = 128_000
    """How much of a conversation the model can read."""
    can_ground: bool = True
    """Whether it writes answers over documents; if not, passages are quoted."""
    reads_images: bool = True
    """Whether it can be shown pictures."""
    calls_tools: bool = True
    """Whether it can be given tools to call."""


class Compatible(Table):
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
    can_ground: bool = True
    """Whether it writes answers over documents; if not, passages are quoted."""
    reads_images: bool = False
    """Whether it can be shown pictures."""
    calls_tools: bool = True
    """Whether it can be given tools to call."""


class Scripted(Table):
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


ModelTable: TypeAlias = Annotated[OpenAi | Azure | Compatible | Scripted, Field(discriminator="provider")]
