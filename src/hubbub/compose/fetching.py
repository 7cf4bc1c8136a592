"""Build what fetches documents from the web."""

from contextlib import AsyncExitStack

from hubbub.app.by_url import ByUrl
from hubbub.compose.identity import is_loopback, lets_everybody_in
from hubbub.connections.addresses import networks_of
from hubbub.connections.guarded import Guarded
from hubbub.settings import Settings


def fetcher_of(settings: Settings) -> Guarded:
    """Return what fetches by URL, as the settings guard it."""
    urls = settings.ingest.urls
    return Guarded(listed=networks_of(urls.networks), ports=urls.ports, total_seconds=urls.total_seconds)


async def open_by_url(stack: AsyncExitStack, settings: Settings) -> ByUrl | None:
    """Return what adds documents by URL for people; None where nobody may."""
    fetchers = settings.ingest.urls.allowed_for
    if fetchers == "nobody":
        return None
    if fetchers == "signed-in" and is_loopback(settings.server.host) and lets_everybody_in(settings):
        fetchers = "everybody"
    fetcher = await stack.enter_async_context(fetcher_of(settings))
    return ByUrl(fetcher, fetchers, settings.limits.document_bytes)
