"""Open an index at Azure AI Search, where Azure's client is installed."""

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from hubbub.connections.threads import in_a_thread
from hubbub.core.errors import SettingsError
from hubbub.search.azure_place import AzureIndex

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from hubbub.search.azure_service import Service


@asynccontextmanager
async def open_service(
    place: AzureIndex, credential: "str | AsyncTokenCredential", tls: ssl.SSLContext | None
) -> "AsyncGenerator[Service]":
    """Open the service; nothing is sent yet.

    Raises:
        SettingsError: Azure's client is not installed.
    """
    made = await in_a_thread(_service)  # the import reads hundreds of files
    async with made(place, credential, tls=tls) as service:
        yield service


def _service() -> "type[Service]":
    try:
        from hubbub.search.azure_service import Service
    except ImportError as error:
        raise SettingsError(
            [f"Azure AI Search needs a part that is not installed ({error.name}). Run: pip install 'hubbub[azure]'"]
        ) from error
    return Service
