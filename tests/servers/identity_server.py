"""The identity endpoint of Azure's App Service and Container Apps, on loopback, after its published contract.

`GET <endpoint>?api-version=2019-08-01&resource=…[&client_id=…]` with the header X-IDENTITY-HEADER gives
`{"access_token", "client_id", "expires_on" (a string), "resource", "token_type"}`.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

HEADER = "a-secret-of-the-host"


class IdentityServer:
    """Gives token-1, token-2 … . `refusals` are used up first; while `open` is not set, nobody is answered."""

    def __init__(self, *, clock: Callable[[], float] = time.time, seconds: float = 86_400) -> None:
        self.seconds = seconds
        """How long a token is good."""
        self.refresh_in: float | None = None
        """After how long the service wants it to be replaced, where it says so."""
        self.refusals: deque[tuple[int, dict[str, str], bytes]] = deque()
        """Status, headers and body of what is answered in place of a token."""
        self.asked: list[dict[str, str]] = []
        """The queries of the requests, in order."""
        self.tokens = 0
        self.open = asyncio.Event()
        self.open.set()
        self.came = asyncio.Event()
        """Set with each request."""
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=256)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/msi/token"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
                status, further, body = await self._answer(head[0].split(" ")[1], headers)
                lines = [f"HTTP/1.1 {status} X", "Content-Type: application/json", f"Content-Length: {len(body)}"]
                lines += [f"{name}: {value}" for name, value in further.items()]
                writer.write("\r\n".join([*lines, "", ""]).encode() + body)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, target: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        query = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        self.asked.append(query)
        self.came.set()
        await self.open.wait()
        if headers.get("x-identity-header") != HEADER or query.get("api-version") != "2019-08-01":
            return 400, {}, b'{"statusCode": 400, "message": "Bad Request"}'
        if self.refusals:
            return self.refusals.popleft()
        self.tokens += 1
        token: dict[str, str | int] = {
            "access_token": f"token-{self.tokens}",
            "client_id": query.get("client_id", "00000000-0000-0000-0000-000000000000"),
            "expires_on": str(int(self._clock() + self.seconds)),
            "resource": query["resource"],
            "token_type": "Bearer",
        }
        if self.refresh_in is not None:
            token["refresh_in"] = int(self.refresh_in)
        return 200, {}, json.dumps(token).encode()
