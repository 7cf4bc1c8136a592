"""Build what the search at Azure needs, from the settings and the names that Azure's samples use."""

import os
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

from hubbub.compose.providers import provider_names
from hubbub.connections.azure import open_credential
from hubbub.core.errors import SettingsError
from hubbub.search.azure_place import AzureIndex, Names
from hubbub.settings import Settings

LOOPBACK = ("127.0.0.1", "::1", "localhost")
_INDEX = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,126}[a-z0-9])?")
_TRUE = ("true", "1", "yes")


async def azure_resources(
    stack: AsyncExitStack, settings: Settings, environ: Mapping[str, str] = os.environ
) -> dict[str, object]:
    """Return the resources of the back end "azure", open for as long as the stack; none for any other.

    Raises:
        SettingsError: what is said of the index is not enough.
    """
    if settings.search.backend != "azure":
        return {}
    table = settings.search.azure
    environ = environ if settings.discovery.is_enabled else {}
    key = _key(settings, environ)
    index = azure_index(settings, environ, has_key=bool(key))
    if key:
        return {"azure": index, "credential": key}
    opening = open_credential(table.credential, tenant_id=table.tenant_id, client_id=table.client_id)
    return {"azure": index, "credential": await stack.enter_async_context(opening)}


def azure_faults(settings: Settings, environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Say what is missing of the index, where the search is at Azure."""
    environ = environ if settings.discovery.is_enabled else {}
    try:
        if settings.search.backend == "azure":
            azure_index(settings, environ, has_key=bool(_key(settings, environ)))
    except SettingsError as error:
        return error.faults
    return ()


def azure_index(settings: Settings, environ: Mapping[str, str], *, has_key: bool) -> AzureIndex:
    """Return the index that the settings tell of; what they leave out, the environment fills in.

    Raises:
        SettingsError: it is told of by halves, or as nothing that can be.
    """
    table = settings.search.azure
    faults: list[str] = []
    service = table.service or environ.get("AZURE_SEARCH_SERVICE", "")
    endpoint = table.endpoint or environ.get("AZURE_SEARCH_ENDPOINT", "")
    endpoint = (endpoint or (f"https://{service}.search.windows.net" if service else "")).rstrip("/")
    parts = urlsplit(endpoint)
    if not endpoint:
        faults.append("search.azure.endpoint: is needed: the service's address (or AZURE_SEARCH_SERVICE, its name)")
    elif parts.scheme != "https" and not (has_key and parts.scheme == "http" and parts.hostname in LOOPBACK):
        faults.append("search.azure.endpoint: must begin with https://")
    name = table.index or environ.get("AZURE_SEARCH_INDEX", "")
    if not name:
        faults.append("search.azure.index: is needed: the index's name (or AZURE_SEARCH_INDEX)")
    elif not _INDEX.fullmatch(name):
        faults.append("search.azure.index: must be of small letters, digits and dashes, up to 128")
    providers = provider_names(settings)
    provider = table.provider or (providers[0] if len(providers) == 1 else "")
    if provider and provider not in providers:
        faults.append(f"search.azure.provider: there is no provider {provider!r}; there is {', '.join(providers)}")
    elif table.fields == "sample" and table.names.groups and len(providers) > 1 and not provider:
        faults.append(
            f"search.azure.provider: say whose groups the index lists ({', '.join(providers)}), or set "
            'search.azure.names.groups = "" to go by none'
        )
    if faults:
        raise SettingsError(faults)
    is_ranked = table.semantic_ranker
    if is_ranked is None:
        is_ranked = environ.get("AZURE_SEARCH_SEMANTIC_RANKER", "disabled").lower() != "disabled"
    is_rewriting = table.query_rewriting
    if is_rewriting is None:
        is_rewriting = environ.get("AZURE_SEARCH_QUERY_REWRITING", "").lower() in _TRUE
    language = table.query_language or environ.get("AZURE_SEARCH_QUERY_LANGUAGE") or "en-us"
    return AzureIndex(
        endpoint,
        name,
        names=None if table.fields == "own" else _names(settings, environ),
        query_vectors=table.query_vectors,
        has_unrestricted=table.shows_unrestricted,
        semantic_configuration=table.semantic_configuration,
        is_ranked=is_ranked,
        rewriting_language=language if is_rewriting else "",
        provider=provider,
        analyzer=table.analyzer or environ.get("AZURE_SEARCH_ANALYZER_NAME") or "en.microsoft",
        connect_seconds=table.connect_seconds,
        find_seconds=table.find_seconds,
        write_seconds=table.write_seconds,
    )


def _key(settings: Settings, environ: Mapping[str, str]) -> str:
    given = settings.search.azure.api_key
    return given.get_secret_value() if given else environ.get("AZURE_SEARCH_KEY", "")


def _names(settings: Settings, environ: Mapping[str, str]) -> Names:
    names = settings.search.azure.names
    return Names(
        key=names.key,
        text=names.text or environ.get("KB_FIELDS_CONTENT") or "content",
        page=names.page or environ.get("KB_FIELDS_SOURCEPAGE") or "sourcepage",
        file=names.file,
        category=names.category,
        embedding=names.embedding or environ.get("AZURE_SEARCH_FIELD_NAME_EMBEDDING") or "embedding",
        oids=names.oids,
        groups=names.groups,
    )
