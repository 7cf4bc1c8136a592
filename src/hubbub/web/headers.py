"""Read a request's headers once for all who look into them."""

from collections.abc import Mapping

from starlette.types import Scope

_READ = "hubbub.headers"


def headers_of(scope: Scope) -> Mapping[str, str]:
    """Return a request's headers by their names in lower case; of several of a name, the first."""
    raw, (of, read) = scope["headers"], scope.get(_READ, (None, {}))
    if of is not raw:
        read = {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(raw)}
        scope[_READ] = (raw, read)
    return read
