"""The Codex CLI, with its defaults. It streams all that it asks for."""

import base64
import json
import os
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from cells import BASE_URL, MODEL, OVER_DOCUMENTS, PNG, SCHEMA, holds, run, same

CODEX = Path(os.environ["ENVIRONMENT"]) / "node_modules" / ".bin" / "codex"
SETTINGS = f"""
model = "{MODEL}"
model_provider = "hubbub"
[model_providers.hubbub]
name = "hubbub"
base_url = "{BASE_URL}"
env_key = "API_KEY"
wire_api = "responses"
"""


@contextmanager
def home():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.toml").write_text(SETTINGS)
        yield folder


def started(folder, *words):
    command = [CODEX, "exec", "--skip-git-repo-check", "-C", folder, *words]
    env = {**os.environ, "CODEX_HOME": folder}
    return subprocess.Popen(
        command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def told(folder, *words):
    process = started(folder, *words)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors[-500:]
    return said


def two_turns():
    with home() as folder:
        holds(told(folder, "Hi there"), "Question 2")  # the first tells of its surroundings
        holds(told(folder, "resume", "--last", "And?"), "Question 3")


def streamed():
    with home() as folder:
        holds(told(folder, "SLOWLY"), "word39")


def called(words, *cities):
    with home() as folder:
        said = told(folder, "--dangerously-bypass-approvals-and-sandbox", words)
        holds(said, "Results: ")
        for city in cities:
            holds(said, f"{city} 21")
        holds(told(folder, "resume", "--last", "And?"), "Question ")


def loop_of_three():
    called("Look THRICE.", "Oslo", "Rome", "Lima")


def parallel():
    called("Both TOGETHER.", "Oslo", "Rome")


def structured():
    with home() as folder:
        schema = Path(folder, "schema.json")
        schema.write_text(json.dumps(SCHEMA))
        same(json.loads(told(folder, "--output-schema", str(schema), "A FORM"))["city"], "Oslo")


def refusal():
    with home() as folder:
        told(folder, "REFUSE")
        holds(told(folder, "resume", "--last", "And?"), "Question 3")


def picture():
    with home() as folder:
        image = Path(folder, "image.png")
        image.write_bytes(base64.b64decode(PNG.partition(",")[2]))
        holds(told(folder, "-i", str(image), "--", "What?"), "Pictures: 1.")


def documents():
    with home() as folder:
        holds(told(folder, "-m", OVER_DOCUMENTS, "Days of leave?"), "Thirty days [1].")


def errors():
    with home() as folder:
        holds(told(folder, "BUSY codex"), "Question 2")
        process = started(folder, "-m", "none", "Hi")
        _, said = process.communicate(timeout=60)
        assert process.returncode != 0
        holds(said, "none")


def cancel():
    with home() as folder:
        process = started(folder, "--json", "SLOWLY")
        for line in process.stdout:
            if "turn.started" in line:
                break
        process.kill()
        process.communicate()
        holds(told(folder, "Hi there"), "Question 2")


if __name__ == "__main__":
    run(
        {
            "two turns": two_turns,
            "streamed": streamed,
            "loop of three": loop_of_three,
            "parallel calls": parallel,
            "structured": structured,
            "refusal": refusal,
            "picture": picture,
            "documents": documents,
            "errors": errors,
            "cancel": cancel,
        }
    )
