"""A server of OAuth tokens on loopback that follows a script."""

from types import TracebackType
from typing import Self

from aiohttp import web

from tests.servers.mail_server import MailServer


class TokenServer:
    """Gives tokens that a mail server then takes; an async context manager."""

    def __init__(self, mails: MailServer) -> None:
        self.asked: list[dict[str, str]] = []
        """The forms that were sent."""
        self.good = {"first"}
        """Refresh tokens that are taken."""
        self.rotates = False
        """Whether each refresh token is good once, and another one is given for it."""
        self.answers: list[web.Response] = []
        """What is answered first, in this order."""
        self.expires_in: float | str | None = 3600
        self._mails = mails

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/token", self._token)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/token"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append(form)
        if self.answers:
            return self.answers.pop(0)
        given: dict[str, object] = {"token_type": "Bearer", "expires_in": self.expires_in}
        shown = form.get("refresh_token")
        if shown is not None and shown not in self.good:
            return refusal("invalid_grant", f"AADSTS70008: the refresh token {shown} has expired.")
        if shown is not None and self.rotates:
            self.good = {f"after {shown}"}
            given["refresh_token"] = f"after {shown}"
        given["access_token"] = f"token-{len(self.asked)}"
        self._mails.tokens.add(f"token-{len(self.asked)}")
        return web.json_response(given)


def refusal(error: str, description: str) -> web.Response:
    """Return what a token server says where it gives none."""
    return web.json_response({"error": error, "error_description": description}, status=400)
