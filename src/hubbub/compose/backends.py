"""Open back ends by their names."""

import inspect
from contextlib import AsyncExitStack
from typing import Any

from hubbub.registry import Kind, load


async def open_backend(stack: AsyncExitStack, kind: Kind, name: str, **resources: object) -> Any:
    """Open a back end for as long as the stack: its class takes the resources that its parameters name.

    Raises:
        SettingsError: there is no such back end, or it can't be imported.
    """
    made = load(kind, name)
    wanted = inspect.signature(made).parameters
    backend = made(**{name: resource for name, resource in resources.items() if name in wanted})
    return await stack.enter_async_context(backend) if hasattr(backend, "__aenter__") else backend
