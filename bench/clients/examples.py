"""Run the examples of OpenAI's own client as they are: `PYTHONPATH=src python -m bench.clients.examples FOLDER`.

FOLDER is `examples` of openai-python: of its source archive (`pip download --no-deps --no-binary openai openai`), or
of a clone. Each one is run against Hubbub, which serves the models that it names, and holds where it ends well and says
something. Those that need what no part of Hubbub is are named with the reason.
"""

import argparse
import asyncio
import json
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from bench.clients.__main__ import install, key_of, python_of
from bench.clients.model import calling, text_of
from bench.clients.table import Client
from tests.servers.hubbub_server import hubbub_serving
from tests.servers.model_server import ModelServer, Script, Seen

EXAMPLES = Client("examples", "examples_program.py", ("openai[httpx2]", "rich"))
SECONDS = 60.0
REASONS = {
    r"[Bb]edrock|x509|mtls|client_certificate": "it is about another service's credentials",
    r"playwright": "it drives a browser of its own",
    r"\.audio\.|audio_util|sounddevice|whisper|tts-": "sound is neither heard nor made here",
    r"\.images\.|\.videos\.": "pictures and films are not made here",
    r"realtime": "there is no realtime API here",
    r"\.connect\(|websocket": "answers are streamed by HTTP, not by WebSocket",
    r"\.uploads\.|\.files\.": "files are put into collections here",
    r"\.input_tokens\.": "tokens are not counted ahead here",
    r"multi_agent": "agents of the service's own are not run here",
    r"azure_ad|azure_endpoint|base_url\s*=\s*\"https?:": "it goes to an address of its own",
}
"""By what stands in an example, why it is not run."""
_MODEL = re.compile(r"model\s*=\s*\"([^\"<>]+)\"")


class Obliging(ModelServer):
    """Calls the first tool once for each question, fills in whatever form is asked for, and else says what it heard."""

    async def _answer(self, script: Script, request: Seen, writer: Any) -> bool:
        return await super()._answer(_said(request.body), request, writer)


def _said(body: Mapping[str, Any]) -> Script:
    messages: list[dict[str, Any]] = body["messages"]
    tools: list[dict[str, Any]] = body.get("tools", [])
    if tools and messages[-1]["role"] == "user":
        function = tools[0]["function"]
        return calling([(function["name"], json.dumps(instance(function.get("parameters", {}))))])
    form = body.get("response_format") or {}
    if form.get("type") == "json_schema":
        return Script(tokens=[json.dumps(instance(form["json_schema"]["schema"]))])
    words = (f" word{number}" for number in range(20))  # slow enough for an event each: some come back behind the tenth
    return Script(tokens=["You said: ", text_of(messages[-1]), *words], seconds_between=0.03)


def instance(schema: Mapping[str, Any], root: Mapping[str, Any] | None = None) -> Any:
    """Return something that a schema describes."""
    root = root or schema
    if "$ref" in schema:
        found: Any = root
        for name in str(schema["$ref"]).removeprefix("#/").split("/"):
            found = found[name]
        return instance(found, root)
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            return instance(schema[word][0], root)
    if "enum" in schema or "const" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    kind = schema.get("type", "object")
    match kind[0] if isinstance(kind, list) else kind:
        case "object":
            fields = cast(dict[str, Any], schema.get("properties", {}))
            return {name: instance(field, root) for name, field in fields.items()}
        case "array":
            return [instance(schema.get("items", {"type": "string"}), root)]
        case "integer" | "number":
            return 1
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return "word"


def sorted_out(folder: Path) -> tuple[dict[Path, str], dict[Path, str]]:
    """Return the examples that are run, with their text, and why the others are not."""
    run: dict[Path, str] = {}
    others: dict[Path, str] = {}
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text("utf-8", "replace")
        reason = next((why for words, why in REASONS.items() if re.search(words, text)), "")
        if not _MODEL.search(text) or "import" not in text or "openai" not in text:
            reason = reason or "it asks no model by name: a part of something larger"
        if reason:
            others[path] = reason
        else:
            run[path] = text
    return run, others


async def _run(folder: Path, environments: Path, *, installs: bool) -> bool:
    run, others = sorted_out(folder)
    python = python_of(EXAMPLES, environments)
    if not python.exists() and installs:
        await install(EXAMPLES, environments)
    has_fallen = False
    async with Obliging() as server:
        variables: dict[str, str] = {}
        for name in {name for text in run.values() for name in _MODEL.findall(text)}:
            model = {"PROVIDER": "compatible", "BASE_URL": server.base_url, "MODEL": "scripted", "CALLS_TOOLS": "true"}
            variables |= {f"HUBBUB_MODELS__{name}__{field}": value for field, value in model.items()}
        with tempfile.TemporaryDirectory(prefix="hubbub-examples-") as name:
            key = await key_of(Path(name), variables)
            async with hubbub_serving(Path(name), variables) as hubbub:
                own = {"OPENAI_BASE_URL": f"{hubbub.url.rstrip('/')}/v1", "OPENAI_API_KEY": key}
                for path in run:
                    outcome = await _outcome(python, path, {**os.environ, **own})
                    has_fallen = has_fallen or outcome != "yes"
                    print(f"{path.relative_to(folder)!s:44} {outcome}", flush=True)
    for path, reason in others.items():
        print(f"{path.relative_to(folder)!s:44} -    {reason}")
    print(f"\n{len(run)} were run, {len(others)} were not.")
    return has_fallen or not run


async def _outcome(python: Path, path: Path, env: dict[str, str]) -> str:
    process = await asyncio.create_subprocess_exec(
        *(str(python), str(path)),
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS):
            told, errors = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return f"NO   not done after {SECONDS:.0f} s"
    if process.returncode:
        return f"NO   {errors.decode('utf-8', 'replace').strip().rpartition(chr(10))[2][:200]}"
    return "yes" if told.strip() else "NO   it said nothing"


def main() -> None:
    """Run what the command line asks for; exit with 1 where an example fell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--environments", type=Path, default=Path.home() / ".cache" / "hubbub-clients")
    parser.add_argument("--install", action="store_true", help="install the client, by itself")
    asked = parser.parse_args()
    sys.exit(asyncio.run(_run(asked.folder, asked.environments, installs=asked.install)))


if __name__ == "__main__":
    main()
