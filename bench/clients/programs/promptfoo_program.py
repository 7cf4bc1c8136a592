"""promptfoo: evaluations of prompts by chat completions, by Responses and by completions, as its command runs them."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from cells import BASE_URL, KEY, MODEL, OVER_DOCUMENTS, PDF, PNG, SCHEMA, WEATHER, run, same

PROMPTFOO = Path(os.environ["ENVIRONMENT"]) / "node_modules" / ".bin" / "promptfoo"
CHAT, RESPONSES, COMPLETIONS = "chat", "responses", "completion"


def evaluated(prompt, *wanted, ways=(CHAT, RESPONSES), model=MODEL, tests=1, **how):
    """Evaluate a prompt, and fail unless every output contains what is wanted."""
    config = {"apiBaseUrl": BASE_URL, "apiKey": KEY, **how}
    settings = {
        "prompts": [prompt if isinstance(prompt, str) else json.dumps(prompt)],
        "providers": [{"id": f"openai:{way}:{model}", "config": config} for way in ways],
        "tests": [
            {"vars": {"number": str(number)}, "assert": [{"type": "contains", "value": one} for one in wanted]}
            for number in range(tests)
        ],
    }
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "settings.json").write_text(json.dumps(settings))
        words = ("eval", "-c", "settings.json", "-o", "told.json", "--no-cache", "--no-write", "--no-table")
        env = {**os.environ, "HOME": folder, "PROMPTFOO_DISABLE_TELEMETRY": "1", "PROMPTFOO_DISABLE_UPDATE": "1"}
        done = subprocess.run([PROMPTFOO, *words], cwd=folder, env=env, capture_output=True, text=True, timeout=120)
        told = Path(folder, "told.json")
        assert told.exists(), (done.stdout + done.stderr)[-500:]
        results = json.loads(told.read_text())["results"]["results"]
    same(len(results), tests * len(ways))
    for one in results:
        assert one["success"], one.get("error") or one["response"]
    return [one["response"]["output"] for one in results]


def said(role, content):
    return {"role": role, "content": content}


def two_turns():
    turns = [said("user", "Hi"), said("assistant", "Hello"), said("user", "And?")]
    evaluated(turns, "Question 2, first 'Hi'")
    evaluated("Hi", "Question 1", ways=(CHAT, RESPONSES, COMPLETIONS))


def parallel():
    evaluated("Both TOGETHER.", "Oslo", "Rome", ways=(CHAT,), tools=[WEATHER])
    flat = {"type": "function", **WEATHER["function"]}
    evaluated("Both TOGETHER.", "Oslo", "Rome", ways=(RESPONSES,), tools=[flat])


def structured():
    form = {"type": "json_schema", "json_schema": {"name": "form", "strict": True, "schema": SCHEMA}}
    for output in evaluated("A FORM", ways=(CHAT, RESPONSES), response_format=form):
        same(output if isinstance(output, dict) else json.loads(output), {"city": "Oslo", "degrees": 21})


def refusal():
    evaluated("REFUSE", "can't")


def picture():
    part = {"type": "image_url", "image_url": {"url": PNG}}
    evaluated([said("user", [{"type": "text", "text": "What?"}, part])], "Pictures: 1.", ways=(CHAT,))
    part = {"type": "input_image", "image_url": PNG}
    evaluated([said("user", [{"type": "input_text", "text": "What?"}, part])], "Pictures: 1.", ways=(RESPONSES,))


def pdf():
    file = {"filename": "wombat.pdf", "file_data": PDF}
    evaluated([said("user", [{"type": "file", "file": file}])], "The wombat digs.", ways=(CHAT,))
    evaluated([said("user", [{"type": "input_file", **file}])], "The wombat digs.", ways=(RESPONSES,))


def documents():
    evaluated("How many days of leave?", "Thirty days [1].", model=OVER_DOCUMENTS)


def file_search():
    tools = [{"type": "file_search", "vector_store_ids": ["Rules"]}, {"type": "function", **WEATHER["function"]}]
    evaluated("How many days of leave?", "Thirty days [1].", ways=(RESPONSES,), tools=tools)


def batch():
    same(len(set(evaluated("Number {{number}}", "Question 1", ways=(CHAT,), tests=100))), 100)


def errors():
    evaluated("BUSY promptfoo {{number}}", "Question 1", ways=(CHAT,))


if __name__ == "__main__":
    run(
        {
            "two turns": two_turns,
            "parallel calls": parallel,
            "structured": structured,
            "refusal": refusal,
            "picture": picture,
            "pdf": pdf,
            "documents": documents,
            "file_search and functions": file_search,
            "batch of 100": batch,
            "errors": errors,
        }
    )
