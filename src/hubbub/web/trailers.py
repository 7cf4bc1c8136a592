"""Keep trailers out of the headers under uvicorn's own protocol, where somebody else's server runs the application."""

from collections.abc import Callable
from typing import Any, cast

try:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
except ImportError:  # another server, without uvicorn's extras
    HttpToolsProtocol = None

_OnHeader = Callable[[Any, bytes, bytes], None]


def drop_trailers() -> None:
    """Make uvicorn's protocol drop trailers, once for this process.

    uvicorn 0.54 appends them to the list of headers that the application was given, or will be: one that arrives with
    the head is there before the application runs, which can't tell it from a header. A proxy that deletes a header
    from outside, such as the name of a person, lets it through as a trailer (RFC 9110, 6.5.1).
    """
    if HttpToolsProtocol is None or hasattr(HttpToolsProtocol.on_header, "drops_trailers"):
        return
    take = cast(_OnHeader, HttpToolsProtocol.on_header)

    def on_header(self: Any, name: bytes, value: bytes) -> None:
        if "method" not in self.scope:  # which is set once the head is complete
            take(self, name, value)

    on_header.drops_trailers = True  # pyright: ignore[reportFunctionMemberAccess]
    HttpToolsProtocol.on_header = on_header
