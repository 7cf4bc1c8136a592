"""Name what an API key may be limited to, and check it."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from hubbub.core.errors import NotAllowed
from hubbub.core.people import Person

Scope: TypeAlias = Literal[
    "chat:read",
    "chat:write",
    "chat:share",
    "search",
    "documents:read",
    "documents:write",
    "documents:share",
    "embeddings",
    "operate",
]

SCOPES: Mapping[Scope, str] = {
    "chat:read": "Read chats and answers",
    "chat:write": "Ask, and read, change and delete chats",
    "chat:share": "Share chats by link, prompts and assistants",
    "search": "Search collections, and ask over them",
    "documents:read": "List collections, and read their documents",
    "documents:write": "Add, read and delete documents and collections",
    "documents:share": "Say who may do what with collections and documents",
    "embeddings": "Make embeddings",
    "operate": "Do what operators may do",
}
"""What each lets a key do."""
NO_MODEL = "model_not_allowed"


def has_scope(person: Person, scope: Scope) -> bool:
    """Tell whether a request may do this: by its key, where that is limited. Who may write may read."""
    limits = person.limits
    if limits is None or limits.scopes is None or scope in limits.scopes:
        return True
    area, _, what = scope.partition(":")
    return what == "read" and f"{area}:write" in limits.scopes


def check_scope(person: Person, scope: Scope) -> None:
    """Return if a request may do this.

    Raises:
        NotAllowed: its key lacks the scope, which the message names.
    """
    if not has_scope(person, scope):
        raise NotAllowed(
            f"This API key lacks the scope “{scope}”. Make a key with that scope on the page “API keys”.",
            code="scope_missing",
        )


def may_use_model(person: Person, model: str) -> bool:
    """Tell whether a request may ask a model."""
    return person.limits is None or person.limits.models is None or model in person.limits.models


def check_model(person: Person, model: str) -> None:
    """Return if a request may ask a model; empty: none is asked.

    Raises:
        NotAllowed: its key is for other models.
    """
    if model and not may_use_model(person, model):
        raise NotAllowed(f"This API key is not for the model “{model}”. Name one that it is for.", code=NO_MODEL)


def may_use_collection(person: Person, collection_id: str) -> bool:
    """Tell whether a request may see a collection, as far as its key is limited."""
    return person.limits is None or person.limits.collections is None or collection_id in person.limits.collections
