"""Say which provider is meant by rights from before the groups of providers carried its name."""

import logging

from hubbub.compose.providers import provider_names
from hubbub.search.base import Library
from hubbub.search.permissions_sqlite import SqlitePermissions
from hubbub.settings import Settings

logger = logging.getLogger(__name__)


async def settle_claims(library: Library, settings: Settings) -> None:
    """Give such rights to the group of the one provider there is. With several, they stay with nobody, and it is said.

    Only the server does this: a command may run without the variables that name the providers.
    """
    permissions = library.permissions
    if not isinstance(permissions, SqlitePermissions) or not (found := await permissions.unscoped()):
        return
    providers = provider_names(settings)
    if len(providers) <= 1:
        await permissions.scope(providers[0] if providers else "")
        return
    for collection, group in found:
        logger.warning(
            "The collection %r is shared with the group %r of a sign-in, which does not say at which provider (%s). "
            "Until it does, nobody has this right: run `hubbub collections share %r --with claim:PROVIDER/%s`.",
            *(collection, group, ", ".join(providers), collection, group),
        )
