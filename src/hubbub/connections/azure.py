"""Open the credential that Azure's services are asked with where there is no key."""

import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

from hubbub.connections.threads import in_a_thread
from hubbub.core.errors import SettingsError

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

CredentialKind: TypeAlias = Literal["auto", "managed_identity", "developer_cli", "default"]

PROCESS_SECONDS = 30
"""How long the Azure Developer CLI may take to give a token; its own default of 10 is short on a busy machine."""
_HOST_MARKS = (
    "IDENTITY_ENDPOINT",  # App Service, Functions, Container Apps, Arc
    "MSI_ENDPOINT",
    "AZURE_FEDERATED_TOKEN_FILE",  # workload identity on Kubernetes
    "WEBSITE_HOSTNAME",
    "CONTAINER_APP_NAME",
    "RUNNING_IN_PRODUCTION",  # the chat samples' own mark of their container
)
_SECRET_MARKS = ("AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_TOKEN_CREDENTIALS")


@asynccontextmanager
async def open_credential(
    kind: CredentialKind = "auto",
    *,
    tenant_id: str = "",
    client_id: str = "",
    environ: Mapping[str, str] = os.environ,
) -> "AsyncGenerator[AsyncTokenCredential]":
    """Open a credential of `azure.identity.aio`; nothing is sent before a token is asked for.

    `client_id` names a user-assigned identity and `tenant_id` the developer's tenant; where they are
    empty, AZURE_CLIENT_ID and AZURE_TENANT_ID hold.

    Raises:
        SettingsError: azure-identity is not installed, or can't do anything with what it was given.
    """
    tenant_id = tenant_id or environ.get("AZURE_TENANT_ID", "")
    client_id = client_id or environ.get("AZURE_CLIENT_ID", "")
    make = partial(_made, chosen_kind(kind, environ, tenant_id=tenant_id), tenant_id, client_id)
    async with await in_a_thread(make) as credential:  # the import reads hundreds of files and runs `uname`
        yield credential


def chosen_kind(kind: CredentialKind, environ: Mapping[str, str], *, tenant_id: str) -> CredentialKind:
    """Return what "auto" comes to: managed identity on Azure's hosts, else a developer's tenant, else the chain."""
    if kind != "auto":
        return kind
    if any(environ.get(mark) for mark in _HOST_MARKS):
        return "managed_identity"
    if tenant_id and not any(environ.get(mark) for mark in _SECRET_MARKS):
        return "developer_cli"
    return "default"


def _made(kind: CredentialKind, tenant_id: str, client_id: str) -> "AsyncTokenCredential":
    try:
        import azure.identity.aio as identity
    except ImportError as error:
        raise SettingsError(
            [f"Azure without a key needs a part that is not installed ({error.name}). Run: pip install 'hubbub[azure]'"]
        ) from error
    try:
        match kind:
            case "managed_identity":
                return identity.ManagedIdentityCredential(client_id=client_id or None)
            case "developer_cli":
                return identity.AzureDeveloperCliCredential(tenant_id=tenant_id, process_timeout=PROCESS_SECONDS)
            case _:
                return identity.DefaultAzureCredential(managed_identity_client_id=client_id or None)
    except ValueError as error:
        raise SettingsError([f"Azure's credential can't be made: {error}"]) from error
