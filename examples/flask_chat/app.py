"""The simple chat in Flask, as it is written without async: a worker is taken up for as long as an answer takes."""

import json
import os
from collections.abc import Iterator

from flask import Flask, Response, request
from openai import OpenAI, OpenAIError

SYSTEM = {"role": "system", "content": "You are a helpful assistant."}

app = Flask(__name__, static_folder="../page", static_url_path="/page")
client = OpenAI()  # its address and its key are in OPENAI_BASE_URL and OPENAI_API_KEY
model = os.environ["OPENAI_MODEL"]


@app.get("/")
def index() -> Response:
    """Give the page."""
    return app.send_static_file("index.html")


@app.post("/chat/stream")
def chat() -> Response:
    """Answer, a line a piece. Until it is complete this worker serves nobody else."""
    messages = request.get_json()["messages"]

    def lines() -> Iterator[str]:
        try:
            for chunk in client.chat.completions.create(model=model, messages=[SYSTEM, *messages], stream=True):
                if chunk.choices and (piece := chunk.choices[0].delta.content):
                    yield json.dumps({"delta": {"content": piece}}) + "\n"
        except OpenAIError as error:
            yield json.dumps({"error": str(error)}) + "\n"

    return Response(lines(), mimetype="application/x-ndjson")
