"""Refuse what can't be meant well before it costs anything: foreign origins, foreign names, bodies too large or slow.

Plain ASGI, because Starlette's own base class for middleware hides that a client has left.
"""

import asyncio
import ipaddress
from collections.abc import Mapping, Sequence

import msgspec
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hubbub.core.errors import HubbubError, Malformed, NotAllowed, TooLarge, TooSlow, Unsupported
from hubbub.core.reasons import because
from hubbub.web.address import Proxies, client_address
from hubbub.web.headers import headers_of
from hubbub.web.large_bodies import Holding, LargeBodies
from hubbub.web.origins import Origins
from hubbub.web.shapes import headers_for, told

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}
"""What every response says."""
_RAW_HEADERS = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
_PUT_BELOW = "/documents/"
_POSTED_TO = ("/upload", "/v1/files", "/api/pictures", "/api/chats/import")
_LARGE = ("/v1/chat/completions", "/v1/responses", "/v1/responses/input_tokens", "/v1/conversations", "/chat_history")
"""What may hold pictures, or a whole chat each time."""
LARGE_AT_ONCE, LARGE_OF_ONE = 8, 4
"""So many of the largest bodies are held at once in a process, and so many of them for one address."""
PACE_BYTES = 64 * 1024
"""So much of an upload has to come while its body is waited for as long as another body may take altogether."""
WHOLE_PACE_BYTES = 512 * 1024
"""So much of it in the same time on the whole: with 30 s that is 17 KiB a second, and 50 MiB within an hour."""


class Guards:
    """Checks each request before the application sees it, and adds headers to each response."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        body_bytes: int,
        body_seconds: float,
        picture_bytes: int | None = None,
        allowed_hosts: Sequence[str],
        origins: Origins,
        answers_addresses: bool = False,
        proxies: Proxies | None = None,
    ) -> None:
        self._app = app
        self._body_bytes = body_bytes
        self._picture_bytes = max(body_bytes, picture_bytes or 0)
        self._large = LargeBodies(LARGE_AT_ONCE * self._picture_bytes, LARGE_OF_ONE * self._picture_bytes)
        self._body_seconds = body_seconds
        self._allowed_hosts = frozenset(allowed_hosts)
        self._origins = origins
        self._answers_addresses = answers_addresses
        self._proxies = proxies or Proxies()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in headers_for(scope).items():
                    headers.setdefault(name, value)
                names = {name for name, _ in headers.raw}
                headers.raw.extend([header for header in _RAW_HEADERS if header[0] not in names])
                self._origins.mark(asked, headers)
                if message["status"] == TooSlow.status and scope.get("http_version", "").startswith("1"):
                    headers["connection"] = "close"  # the rest of the body is not waited for
            await send(message)

        asked = headers_of(scope)
        said = self._proxies.apply(scope)
        holding = self._large.holding(client_address(scope))
        try:
            try:
                self._check_host(asked)
                if (answer := self._origins.preflight(scope["method"], asked)) is not None:
                    await answer(scope, receive, send_with_headers)
                    return
                if scope["method"] not in _SAFE:
                    self._origins.check(asked, said)
                    receive = await self._checked_body(scope, asked, receive, holding)
            except HubbubError as error:
                await told(scope, error)(scope, receive, send_with_headers)
                return
            await self._app(scope, receive, send_with_headers)
        finally:
            holding.release()

    def _check_host(self, headers: Mapping[str, str]) -> None:
        host = headers.get("host", "")
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        if not self._allowed_hosts or name.lower() in self._allowed_hosts:
            return
        if not (self._answers_addresses and _is_address(name)):
            raise NotAllowed(
                f"This server does not answer to the name {name[:100]!r}. Add it to server.allowed_hosts to allow it."
            )

    async def _checked_body(
        self, scope: Scope, headers: Mapping[str, str], receive: Receive, holding: Holding
    ) -> Receive:
        """Return what gives the body; a large one is held until the response has ended."""
        if _is_upload(scope):
            return _paced(receive, self._body_seconds)  # the store of files counts the bytes itself while it writes
        limit_bytes = self._picture_bytes if _may_hold_pictures(scope) else self._body_bytes
        if limit_bytes > self._body_bytes:
            receive = _paced(receive, self._body_seconds)
        try:
            async with asyncio.timeout(None if limit_bytes > self._body_bytes else self._body_seconds):
                body = await self._body(headers, receive, limit_bytes, holding)
        except TimeoutError as error:
            raise TooSlow(f"The request's body did not arrive within {self._body_seconds:g} s.") from error
        is_form = _is_logout(scope)
        if body and not is_form and headers.get("content-type", "").split(";")[0].strip().lower() not in _json(scope):
            raise Unsupported("The body has to be JSON, with the header Content-Type: application/json.")
        if not is_form:
            _check_json(body)
        waiting = [body]  # it is let go once it is taken, however long the response lasts

        async def receive_again() -> Message:
            if waiting:
                return {"type": "http.request", "body": waiting.pop(), "more_body": False}
            return await receive()

        return receive_again

    async def _body(self, headers: Mapping[str, str], receive: Receive, limit_bytes: int, holding: Holding) -> bytes:
        too_large = TooLarge(because("body_too_large", most=limit_bytes))
        declared = headers.get("content-length", "0")
        if not (declared.isascii() and declared.isdigit()):
            raise Malformed("Content-Length has to be a whole number.")
        if int(declared) > limit_bytes:
            raise too_large
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Malformed("The request ended before its body did.")
            body += message.get("body", b"")
            if len(body) > limit_bytes:
                raise too_large
            if len(body) > self._body_bytes:
                holding.grow_to(len(body))
            if not message.get("more_body", False):
                return bytes(body)


def _may_hold_pictures(scope: Scope) -> bool:
    return scope["method"] == "POST" and scope["path"].removeprefix(scope.get("root_path", "")) in _LARGE


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def _is_upload(scope: Scope) -> bool:
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    return (scope["method"] == "PUT" and _PUT_BELOW in path) or (scope["method"] == "POST" and path in _POSTED_TO)


def _paced(receive: Receive, most_seconds: float) -> Receive:
    """Return a `receive` that counts how long it is waited for: in a row, and altogether.

    Each `PACE_BYTES` that come give new time in a row, up to what `WHOLE_PACE_BYTES` are given altogether.

    Raises:
        TooSlow: by that `receive`, where the time is up.
    """
    waited_seconds = 0.0
    whole_seconds = 0.0
    got_bytes = 0
    whole_bytes = 0
    is_over = False

    async def receive_in_time() -> Message:
        nonlocal waited_seconds, whole_seconds, got_bytes, whole_bytes, is_over
        if is_over:  # nothing is waited for any more but the client's leaving
            return await receive()
        clock = asyncio.get_running_loop().time
        began = clock()
        left_altogether = most_seconds * (1 + whole_bytes / WHOLE_PACE_BYTES) - whole_seconds
        try:
            async with asyncio.timeout(min(most_seconds - waited_seconds, left_altogether)):
                message = await receive()
        except TimeoutError as error:
            raise TooSlow(
                f"The upload came too slowly: {PACE_BYTES // 1024} KiB have to come in each {most_seconds:g} s, and "
                f"{WHOLE_PACE_BYTES // 1024} KiB on average. Try again over a faster connection."
            ) from error
        size, seconds = len(message.get("body", b"")), clock() - began
        waited_seconds += seconds
        whole_seconds += seconds
        got_bytes += size
        whole_bytes += size
        if got_bytes >= PACE_BYTES:
            waited_seconds, got_bytes = 0.0, 0
        is_over = not message.get("more_body", False)
        return message

    return receive_in_time


def _json(scope: Scope) -> tuple[str, ...]:
    """Return what a body of JSON may be called. No page can send any of these elsewhere without being asked about."""
    is_scim = scope["path"].removeprefix(scope.get("root_path", "")).startswith("/scim/")
    return ("application/json", "application/scim+json") if is_scim else ("application/json",)


def _check_json(body: bytes) -> None:
    """Check that a body is JSON to the letter: the framework lets halves of characters in, which no store takes."""
    try:
        if body:
            msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("The request's body is not valid JSON.") from error


def _is_logout(scope: Scope) -> bool:
    """Tell whether a provider says that somebody signed out there, which it sends as a form with a signed token."""
    path: str = scope["path"]
    return scope["method"] == "POST" and path.startswith("/api/sign-in/oidc/") and path.endswith("/logout")
