"""Build what is spoken to on OpenAI's wire and is more than a key and an address: Azure's sign-in, embedders."""

from collections.abc import Mapping

from hubbub.connections.http import Http
from hubbub.core.errors import SettingsError
from hubbub.models.address import OPENAI_URL, ApiKey, Authorization, Secret, azure_address, compatible_address
from hubbub.models.azure_names import read_azure
from hubbub.models.entra import SignIn, SignIns
from hubbub.models.openai_embedder import OpenAiEmbedder
from hubbub.settings import Azure, EmbeddingServer

OPENAI_EMBEDDING_MODEL = "text-embedding-3-small"
"""Asked for at OpenAI where nothing says which."""
EMBEDDING_DIMENSIONS = 1536
"""Those of text-embedding-3-small and of text-embedding-ada-002."""


async def azure_authorization(table: Azure | EmbeddingServer, sign_ins: SignIns) -> Authorization:
    """Return what Azure is shown: the key, or tokens where there is none.

    Raises:
        SettingsError: what signing in needs is not installed, or makes no sense.
    """
    if table.api_key is not None and (key := table.api_key.get_secret_value()):
        return ApiKey(Secret(key), "api-key")
    return await sign_ins.source(SignIn(table.credential, table.tenant_id, table.client_id, table.scope))


async def azure_embedder(
    table: EmbeddingServer, http: Http, environ: Mapping[str, str], sign_ins: SignIns
) -> OpenAiEmbedder:
    """Return the embedder of an Azure deployment; what the settings don't say, the environment does.

    Raises:
        SettingsError: neither says where it is or how the deployment is called.
    """
    names = read_azure(environ)
    deployment, faults = table.model or names.embedding, list[str]()
    if not table.url:
        faults += names.faults
    if not table.url and not names.endpoint and not names.faults:
        faults.append("embeddings.server.url: is needed, or AZURE_OPENAI_ENDPOINT")
    if not deployment:
        faults.append("embeddings.server.model: is needed, or AZURE_OPENAI_EMB_DEPLOYMENT: the deployment's name")
    if faults:
        raise SettingsError(faults)
    is_keyless = table.url or table.api_key or not names.key  # a key of the environment is for its endpoint only
    authorization = await azure_authorization(table, sign_ins) if is_keyless else names.api_key
    address = (
        azure_address(table.url, deployment, authorization) if table.url else names.address(deployment, authorization)
    )
    return OpenAiEmbedder(address, table.dimensions or names.dimensions or EMBEDDING_DIMENSIONS, http)


def openai_embedder(table: EmbeddingServer, http: Http, environ: Mapping[str, str]) -> OpenAiEmbedder:
    """Return the embedder of OpenAI, or of a server that speaks like it.

    Raises:
        SettingsError: there is no key for OpenAI itself.
    """
    url = table.url or environ.get("OPENAI_BASE_URL") or OPENAI_URL
    key = table.api_key.get_secret_value() if table.api_key else "" if table.url else environ.get("OPENAI_API_KEY", "")
    if url == OPENAI_URL and not key:
        raise SettingsError(["embeddings.server.api_key: is needed, or OPENAI_API_KEY"])
    address = compatible_address(url, table.model or OPENAI_EMBEDDING_MODEL, Secret(key) if key else None)
    return OpenAiEmbedder(address, table.dimensions or EMBEDDING_DIMENSIONS, http)
