"""The examples of docs/how-to/openai-clients.md do what they say."""

import asyncio
import contextlib
import io
import re
from pathlib import Path

import pytest

from tests.servers.model_server import Script
from tests.web.openai_wire import Wired
from tests.web.test_openai_sdks import ROOT, find_node

PAGE = (ROOT / "docs" / "how-to" / "openai-clients.md").read_text(encoding="utf-8")


def examples(language: str, served: Wired) -> list[str]:
    """The page's examples in a language, against what is served here."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for there, here in (
        ("http://127.0.0.1:8000/v1", served.base_url),
        ("hb-…", served.key),
        ("gpt-4.1-mini", "big"),
        ("all-MiniLM-L6-v2-int8", "topics-1"),
    ):
        found = [example.replace(there, here) for example in found]
    return found


def printed(example: str) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as output:
        exec(compile(example, "example", "exec"), {"__name__": "example"})
    return output.getvalue()


async def test_in_python(served: Wired) -> None:
    stream, documents, embeddings = examples("py", served)
    assert await asyncio.to_thread(printed, stream) == "Hello, wörld!"
    served.upstream.script = Script(tokens=["Thirty ", "[1]."])
    text, names, hit, *_ = (await asyncio.to_thread(printed, documents)).splitlines()
    assert (text, names) == ("Thirty [1].", "['leave.md']")
    assert hit.startswith("leave.md None ") and "thirty days" in hit
    assert await asyncio.to_thread(printed, embeddings) == "2 4\n"


async def test_in_javascript(served: Wired, tmp_path: Path) -> None:
    modules = ROOT / "frontend" / "node_modules"
    if not (modules / "openai").exists():
        pytest.skip("needs the front end's packages, which `make test` installs")
    [example] = examples("js", served)
    (tmp_path / "node_modules").symlink_to(modules)
    (tmp_path / "example.mjs").write_text(example)
    node = await asyncio.to_thread(find_node)
    process = await asyncio.create_subprocess_exec(node, tmp_path / "example.mjs", stdout=asyncio.subprocess.PIPE)
    async with asyncio.timeout(30):
        out, _ = await process.communicate()
    assert (process.returncode, out.decode()) == (0, "Hello, wörld!\n")


def test_what_the_page_says_of_codes_and_headers_is_so() -> None:
    source = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "src" / "hubbub").rglob("*.py"))
    names = re.findall(r"`([a-z_]+|x-[a-z-]+)`", PAGE.partition("## Errors and limits")[2])
    assert len(names) > 15
    assert [name for name in names if f'"{name}' not in source] == []
