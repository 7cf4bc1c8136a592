"""The simple chat as its Quart sample writes it: AsyncOpenAI, one line of JSON a chunk."""

import json
from collections.abc import AsyncGenerator

from openai import AsyncOpenAI
from quart import Quart, Response, current_app, request, stream_with_context

app = Quart(__name__)


@app.before_serving
async def configure_openai() -> None:
    """Make the one client of this worker; address and key come from the environment."""
    current_app.openai_client = AsyncOpenAI()


@app.after_serving
async def shutdown_openai() -> None:
    """Close it."""
    await current_app.openai_client.close()


@app.post("/chat/stream")
async def chat_handler() -> Response:
    """Relay an answer."""
    request_messages = (await request.get_json())["messages"]

    @stream_with_context
    async def response_stream() -> AsyncGenerator[str]:
        all_messages = [{"role": "system", "content": "You are a helpful assistant."}, *request_messages]
        try:
            async for event in await current_app.openai_client.chat.completions.create(
                model="scripted", messages=all_messages, stream=True
            ):
                event_dict = event.model_dump()
                if event_dict["choices"]:
                    yield json.dumps(event_dict["choices"][0], ensure_ascii=False) + "\n"
        except Exception as e:
            current_app.logger.error(e)
            yield json.dumps({"error": str(e)}, ensure_ascii=False) + "\n"

    return Response(response_stream(), mimetype="application/x-ndjson")
