"""Let pages of other origins in: those that were named, and no others (fetch.spec.whatwg.org/#http-cors-protocol).

Never with cookies: who such a page speaks for is told by a key, and without one it speaks for the guest.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.responses import Response

from hubbub.core.errors import NotAllowed
from hubbub.web.address import NOTHING, Forwarded

ANY = "*"
PREFLIGHT_SECONDS = 600


class Origins:
    """The origins whose pages may speak to the server besides its own. "*" is any."""

    def __init__(self, allowed: Sequence[str] = ()) -> None:
        self._allowed = frozenset(allowed)

    def check(self, headers: Mapping[str, str], said: Forwarded = NOTHING) -> None:
        """Return if a request that changes something does not come from a page that may not send it.

        What a trusted proxy says goes before the request's own host, which many proxies replace by their name for us.

        Raises:
            NotAllowed: it does.
        """
        site = headers.get("sec-fetch-site")
        origin = headers.get("origin")
        if site is not None:
            is_own = site in ("same-origin", "none")
        else:
            is_own = origin is None or urlsplit(origin).netloc in (headers.get("host"), said.host or None)
        if not is_own and not self._has(origin):
            raise NotAllowed(
                "Requests from other sites' pages are not accepted. If this page is the server's own, a proxy before "
                "it hides its name: let the proxy pass that on (nginx: proxy_set_header Host $http_host), or name the "
                "page's origin in server.allowed_origins."
            )

    def preflight(self, method: str, headers: Mapping[str, str]) -> Response | None:
        """Return the response to a browser that asks first; None where this is no such request, or no such origin."""
        if (
            method != "OPTIONS"
            or "access-control-request-method" not in headers
            or not self._has(headers.get("origin"))
        ):
            return None
        return Response(
            status_code=204,
            headers={
                "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
                "access-control-allow-headers": "authorization, *",  # the star does not stand for this one
                "access-control-max-age": str(PREFLIGHT_SECONDS),
            },
        )

    def mark(self, request: Mapping[str, str], response: MutableHeaders) -> None:
        """Add to a response what tells the browser which pages may read it."""
        if not self._allowed:
            return
        response.add_vary_header("Origin")
        origin = request.get("origin")
        if origin is not None and self._has(origin):
            response["access-control-allow-origin"] = origin
            response["access-control-expose-headers"] = "*"

    def _has(self, origin: str | None) -> bool:
        return origin is not None and (origin in self._allowed or ANY in self._allowed)
