"""The simple chat in Quart: Hubbub asks the model, and nobody waits for anybody else."""

import json
from collections.abc import AsyncIterator

from quart import Quart, Response, request

from hubbub import Hub
from hubbub.core.errors import HubbubError

SYSTEM = {"role": "system", "content": "You are a helpful assistant."}

app = Quart(__name__, static_folder="../page", static_url_path="/page")
hub = Hub()  # asks what OPENAI_BASE_URL and OPENAI_MODEL name; where they name nothing, the embedded model


@app.while_serving
async def open_hub() -> AsyncIterator[None]:
    """Have the hub open while this application serves."""
    async with hub:
        yield


@app.get("/")
async def index() -> Response:
    """Give the page."""
    return await app.send_static_file("index.html")


@app.post("/chat/stream")
async def chat() -> Response:
    """Answer, a line a piece. Whoever leaves stops the answer, at the model, too."""
    messages = (await request.get_json())["messages"]

    async def lines() -> AsyncIterator[str]:
        try:
            async for piece in hub.chat([SYSTEM, *messages]):
                yield json.dumps({"delta": {"content": piece}}) + "\n"
        except HubbubError as error:
            yield json.dumps({"error": error.message}) + "\n"

    response = Response(lines(), mimetype="application/x-ndjson")
    response.timeout = None  # Quart would break it off after a minute
    return response
