"""The simple chat as it is usually written with FastAPI: AsyncOpenAI, server-sent events."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from openai import AsyncOpenAI
from pydantic import BaseModel


class Message(BaseModel):
    """One thing said."""

    content: str
    role: str = "user"


class ChatRequest(BaseModel):
    """The whole history, each time."""

    messages: list[Message]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Make the one client; address and key come from the environment."""
    app.state.client = AsyncOpenAI()
    yield
    await app.state.client.close()


app = FastAPI(lifespan=lifespan)


@app.post("/chat/stream")
async def chat_stream(chat_request: ChatRequest) -> StreamingResponse:
    """Relay an answer."""

    async def response_stream() -> AsyncGenerator[str]:
        messages = [{"role": "system", "content": "You are a helpful assistant."}]
        messages += [message.model_dump() for message in chat_request.messages]
        async for event in await app.state.client.chat.completions.create(
            model="scripted", messages=messages, stream=True
        ):
            if event.choices:
                delta = event.choices[0].delta
                yield f"data: {json.dumps({'delta': {'content': delta.content, 'role': delta.role}})}\n\n"

    return StreamingResponse(response_stream(), media_type="text/event-stream")
