"""The Codex CLI, with its defaults: a run, and one that goes on with it."""

import os
import subprocess
import tempfile
from pathlib import Path

from cells import BASE_URL, MODEL, holds, run

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


def told(folder, *words):
    command = [CODEX, "exec", "--skip-git-repo-check", "-C", folder, *words]
    env = {**os.environ, "CODEX_HOME": folder}
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-500:]
    return done.stdout


def two_turns():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.toml").write_text(SETTINGS)
        holds(told(folder, "Hi there"), "Question 2")  # the first tells of its surroundings
        holds(told(folder, "resume", "--last", "And?"), "Question 3")


if __name__ == "__main__":
    run({"two turns": two_turns})
