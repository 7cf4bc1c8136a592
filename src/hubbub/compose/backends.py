"""Open back ends by their names."""

import inspect
from contextlib import AsyncExitStack
from typing import Any

from hubbub.registry import Kind, load
from hubbub.settings import Settings


def load_backends(settings: Settings) -> None:
    """Import the back ends that the settings name, so that opening them reads no files any more.

    Raises:
        SettingsError: there is no such back end, or it can't be imported.
    """
    load("search", settings.search.backend)
    load("library", settings.search.library)
    load("history", settings.history.backend)
    load("answers", settings.history.answers)
    load("sessions", settings.history.sessions)
    load("keys", settings.identity.keys)
    load("identity", settings.identity.backend)


async def open_backend(stack: AsyncExitStack, kind: Kind, name: str, **resources: object) -> Any:
    """Open a back end for as long as the stack: its class takes the resources that its parameters name.

    Raises:
        SettingsError: there is no such back end, or it can't be imported.
    """
    made = load(kind, name)
    wanted = inspect.signature(made).parameters
    backend = made(**{name: resource for name, resource in resources.items() if name in wanted})
    return await stack.enter_async_context(backend) if hasattr(backend, "__aenter__") else backend
