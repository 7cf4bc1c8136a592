"""The simple chat in FastAPI: Hubbub asks the model, and nobody waits for anybody else."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import FileResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel

from hubbub import Hub
from hubbub.core.errors import HubbubError

PAGE = Path(__file__).resolve().parents[1] / "page"
SYSTEM = {"role": "system", "content": "You are a helpful assistant."}

hub = Hub()  # asks what OPENAI_BASE_URL and OPENAI_MODEL name; where they name nothing, the embedded model
app = FastAPI(lifespan=hub.lifespan)
app.mount("/page", StaticFiles(directory=PAGE))


class Chat(BaseModel):
    """All that was said, each time."""

    messages: list[dict[str, Any]]


@app.get("/")
async def index() -> FileResponse:
    """Give the page."""
    return FileResponse(PAGE / "index.html")


@app.post("/chat/stream")
async def stream(chat: Chat) -> StreamingResponse:
    """Answer, a line a piece. Whoever leaves stops the answer, at the model, too."""

    async def lines() -> AsyncIterator[str]:
        try:
            async for piece in hub.chat([SYSTEM, *chat.messages]):
                yield json.dumps({"delta": {"content": piece}}) + "\n"
        except HubbubError as error:
            yield json.dumps({"error": error.message}) + "\n"

    return StreamingResponse(lines(), media_type="application/x-ndjson")
