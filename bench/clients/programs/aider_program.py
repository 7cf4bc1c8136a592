"""aider, from Python as its documentation says: a coder that is asked twice, with its own retries."""

import base64
import os
import tempfile
from pathlib import Path

os.environ |= {"OPENAI_API_BASE": os.environ["BASE_URL"], "AIDER_ANALYTICS": "false"}
FOLDER = tempfile.mkdtemp()
os.chdir(FOLDER)

from aider.coders import Coder  # noqa: E402 # it reads the variables, and writes its history where it stands
from aider.io import InputOutput  # noqa: E402
from aider.models import Model  # noqa: E402

from cells import MODEL, OVER_DOCUMENTS, PNG, holds, run  # noqa: E402


def coder(name=MODEL, *, is_streamed=True, files=(), **able):
    model = Model(f"openai/{name}")
    model.info |= able
    made = Coder.create(
        main_model=model, edit_format="ask", io=InputOutput(yes=True, pretty=False), fnames=files, use_git=False
    )
    made.stream = is_streamed
    return made


def turns(made):
    first = made.run("Hi")
    holds(first, "Question")
    second = made.run("And?")
    assert number_of(second) > number_of(first), (first, second)


def number_of(said):
    return int(said.partition("Question ")[2].partition(",")[0])


def two_turns():
    turns(coder(is_streamed=False))


def streamed():
    turns(coder())


def picture():
    Path("dot.png").write_bytes(base64.b64decode(PNG.partition(",")[2]))
    holds(coder(files=["dot.png"], supports_vision=True).run("What is it?"), "Question")


def documents():
    holds(coder(OVER_DOCUMENTS).run("How many days of leave?"), "Thirty days [1].")


def errors():
    holds(coder().run("BUSY aider"), "Question")


if __name__ == "__main__":
    run({"two turns": two_turns, "streamed": streamed, "picture": picture, "documents": documents, "errors": errors})
