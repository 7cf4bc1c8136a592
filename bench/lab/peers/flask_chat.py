"""The simple chat as its blocking Flask form has it: OpenAI's sync client, one line of JSON a chunk."""

import json
from collections.abc import Generator

from flask import Flask, Response, request, stream_with_context
from openai import OpenAI

app = Flask(__name__)
openai_client = OpenAI()  # address and key come from the environment


@app.post("/chat/stream")
def chat_handler() -> Response:
    """Relay an answer; the worker, or its thread, is taken up until the end."""
    request_messages = request.get_json()["messages"]

    @stream_with_context
    def response_stream() -> Generator[str]:
        all_messages = [{"role": "system", "content": "You are a helpful assistant."}, *request_messages]
        for event in openai_client.chat.completions.create(model="scripted", messages=all_messages, stream=True):
            event_dict = event.model_dump()
            if event_dict["choices"]:
                yield json.dumps(event_dict["choices"][0], ensure_ascii=False) + "\n"

    return Response(response_stream(), mimetype="application/x-ndjson")
