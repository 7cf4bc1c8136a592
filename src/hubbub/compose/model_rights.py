"""Read from the settings who may use which model."""

import logging
from collections.abc import Iterator, Sequence

from hubbub.compose.providers import provider_names
from hubbub.core.people import CLAIM, GROUP, is_of_provider, scoped
from hubbub.models.catalog import Catalog
from hubbub.search.base import Groups
from hubbub.settings import Settings

logger = logging.getLogger(__name__)


def shared_with(settings: Settings, catalog: Catalog) -> dict[str, Sequence[str]]:
    """Return who may use each model that there is, by its name."""
    return {name: _place(settings, name)[1] for name in catalog.names}


def faults_of_sharing(settings: Settings) -> list[str]:
    """Return where a group of a provider is named without its provider."""
    providers = provider_names(settings)
    return [
        f"{where}: {subject!r} does not say at which provider this group is; "
        f"write {' or '.join(repr(CLAIM + scoped(one, 'NAME')) for one in providers)}"
        for where, subjects in _places(settings)
        for subject in subjects
        if subject.startswith(CLAIM) and not is_of_provider(subject, providers)
    ]


async def tell_unknown_groups(settings: Settings, groups: Groups) -> None:
    """Log which groups of the settings are not there: nobody has their right to a model, nor their quota."""
    places = [*_places(settings), ("quotas.groups", tuple(settings.quotas.groups))]
    named = [(where, one.removeprefix(GROUP)) for where, them in places for one in them if one.startswith(GROUP)]
    if not named and not settings.quotas.groups:
        return
    known = {word.casefold() for one in await groups.groups() for word in (one.id, one.name)}
    for where, name in named:
        if name.casefold() not in known:
            logger.warning("%s: there is no group %r; make it with `hubbub groups add`.", where, name)
    for name in settings.quotas.groups:
        if name.casefold() in known:
            told = "quotas.groups: %r is a group that a sign-in names; the one that was made here is %r."
            logger.warning(told, name, GROUP + name)


def _places(settings: Settings) -> Iterator[tuple[str, Sequence[str]]]:
    yield from (_place(settings, name) for name in settings.models)
    yield "embedded.shared_with", settings.embedded.shared_with
    yield "discovery.shared_with", settings.discovery.shared_with


def _place(settings: Settings, name: str) -> tuple[str, Sequence[str]]:
    """Return the setting that says who may use a model, and whom it names."""
    if (table := settings.models.get(name)) is not None:
        return f"models.{name}.shared_with", table.shared_with
    if name == settings.embedded.name:
        return "embedded.shared_with", settings.embedded.shared_with
    return "discovery.shared_with", settings.discovery.shared_with
