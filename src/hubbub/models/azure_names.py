"""Read what the environment says of Azure OpenAI, by all the names that the well-known samples use."""

from collections.abc import Mapping

import msgspec

from hubbub.models.address import Address, ApiKey, Authorization, Secret, azure_address, azure_custom_address, bare
from hubbub.models.entra import SignIn

_DEPLOYMENTS = (
    "AZURE_OPENAI_CHAT_DEPLOYMENT",
    "AZURE_OPENAI_CHATGPT_DEPLOYMENT",
    "AZURE_OPENAI_CHAT_MODEL",  # with a deployment of the model's name, as most are called
    "AZURE_OPENAI_CHATGPT_MODEL",
)
_EMBEDDERS = ("AZURE_OPENAI_EMB_DEPLOYMENT", "AZURE_OPENAI_EMB_MODEL_NAME")
_KEYS = ("AZURE_OPENAI_API_KEY_OVERRIDE", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_KEY")


class AzureNames(msgspec.Struct, frozen=True):
    """What the environment says; what it doesn't say is empty."""

    endpoint: str = ""
    named_by: str = ""
    """The variable that the endpoint comes from."""
    is_custom: bool = False
    """Whether the endpoint is a gateway's URL, to be taken as it is."""
    chat: str = ""
    """The deployment that chats."""
    embedding: str = ""
    """The deployment that embeds."""
    dimensions: int | None = None
    key: Secret | None = None
    client_id: str = ""
    """The identity for the model alone, beside AZURE_CLIENT_ID, which holds for everything."""
    faults: tuple[str, ...] = ()
    """What is wrong with the endpoint."""

    @property
    def sign_in(self) -> SignIn:
        """Who signs in where there is no key."""
        return SignIn("managed_identity", client_id=self.client_id) if self.client_id else SignIn()

    def address(self, deployment: str, authorization: Authorization) -> Address:
        """Return a deployment's address there."""
        make = azure_custom_address if self.is_custom else azure_address
        return make(self.endpoint, deployment, authorization)

    @property
    def api_key(self) -> ApiKey:
        """The key as it is shown."""
        return ApiKey(self.key, "api-key")


def read_azure(environ: Mapping[str, str]) -> AzureNames:
    """Return what the environment says of Azure OpenAI.

    OPENAI_HOST = "azure_custom" takes AZURE_OPENAI_CUSTOM_URL; otherwise AZURE_OPENAI_ENDPOINT, or a
    resource's bare name in AZURE_OPENAI_SERVICE, says where it is.
    """
    faults: list[str] = []
    is_custom = environ.get("OPENAI_HOST", "").lower() == "azure_custom"
    named_by, endpoint = "AZURE_OPENAI_CUSTOM_URL" if is_custom else "AZURE_OPENAI_ENDPOINT", ""
    if environ.get(named_by):
        endpoint = environ[named_by]
        if not endpoint.lower().startswith(("https://", "http://")):
            faults.append(f"{named_by} is {bare(endpoint)}, which is not a URL: it begins with https://.")
    elif is_custom:
        faults.append("OPENAI_HOST is azure_custom, but AZURE_OPENAI_CUSTOM_URL is not set.")
    elif service := environ.get("AZURE_OPENAI_SERVICE"):
        named_by, endpoint = "AZURE_OPENAI_SERVICE", f"https://{service}.openai.azure.com"
    dimensions = environ.get("AZURE_OPENAI_EMB_DIMENSIONS", "")
    key = _first(environ, _KEYS)
    return AzureNames(
        endpoint,
        named_by if endpoint else "",
        is_custom,
        _first(environ, _DEPLOYMENTS),
        _first(environ, _EMBEDDERS),
        int(dimensions) if dimensions.isascii() and dimensions.isdigit() else None,
        Secret(key) if key else None,
        environ.get("AZURE_OPENAI_CLIENT_ID", ""),
        (*faults,),
    )


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environ[name] for name in names if environ.get(name)), "")
