"""Answer HEAD wherever GET is answered: the same status and headers, and nothing behind them (RFC 9110, 9.3.2)."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send


async def serve_head(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a HEAD request by what serves GET. To that its client has left once the headers are sent.

    The server's extensions are not offered: what writes past `send` would send a body.
    """
    has_begun = asyncio.Event()
    is_read = False

    async def receive_until_begun() -> Message:
        nonlocal is_read
        if not is_read:
            is_read = True
            return await receive()
        await has_begun.wait()
        return {"type": "http.disconnect"}

    async def send_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            has_begun.set()

    await app({**scope, "method": "GET", "extensions": {}}, receive_until_begun, send_headers)
