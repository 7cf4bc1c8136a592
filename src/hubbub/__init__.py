"""Hubbub: chat and search for many people at once.

`Hub` gives it to an application of one's own. It is loaded when it is asked for: importing this package does nothing.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hubbub.hub import Hub

__all__ = ["Hub", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Load what is asked for."""
    if name != "Hub":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from hubbub.hub import Hub

    globals()["Hub"] = Hub
    return Hub
