"""The house's own rules: what importing does, how modules open, what files mention."""

import ast
import asyncio
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from blockbuster import BlockingError

import hubbub.connections.watchdog
import hubbub.core.errors
from hubbub.core.errors import HubbubError
from tools.write_reference import SETTINGS_PAGE, settings_page

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "hubbub"
MODULES = sorted(PACKAGE.rglob("*.py"))
EMPTY_NAMES = {"utils", "helpers", "common", "misc", "util", "helper"}
MOST_LINES = 500

# Runs in a process of its own. Importing may read files; it may not write, listen, connect or start anything.
WATCHED_IMPORT = """
import importlib, json, pkgutil, sys, threading

deeds, current = {}, ""
ACTS = ("socket.", "subprocess.", "sqlite3.", "tempfile.", "signal.", "os.fork", "os.mkdir", "os.posix_spawn",
        "os.remove", "os.rename")
start = threading.Thread.start

def watch(event, arguments):
    writes = event == "open" and (arguments[2] & 3 or set(arguments[1] or "r") & set("wax+"))
    if writes or event.startswith(ACTS):
        deeds.setdefault(current, []).append(event)

def start_seen(thread):
    deeds.setdefault(current, []).append("thread")
    start(thread)

def take(name):
    global current
    current = name
    module = importlib.import_module(name)
    for found in pkgutil.iter_modules(getattr(module, "__path__", ()), name + "."):
        if not found.name.endswith("__main__"):
            take(found.name)

threading.Thread.start = start_seen  # its audit event came with Python 3.12 only
sys.addaudithook(watch)
take(sys.argv[1])
print(json.dumps({"deeds": deeds, "threads": threading.active_count(), "modules": sorted(sys.modules)}))
"""


def import_apart(name: str, *, path: Path = ROOT / "src") -> dict[str, Any]:
    """Import a module, or a package with all in it, in a process of its own; tell what that did."""
    command = [sys.executable, "-B", "-W", "error", "-c", WATCHED_IMPORT, name]
    environment = {"PYTHONPATH": str(path)}
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def repository_files() -> Iterator[Path]:
    """The files that git knows or would take; in an unpacked archive, those of the usual folders."""
    if shutil.which("git") and (ROOT / ".git").exists():
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
        yield from (ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file())
    else:
        for folder in ("src", "tests", "docs", "tools", "bench"):
            yield from (path for path in (ROOT / folder).rglob("*") if path.is_file() and "static" not in path.parts)


def texts() -> Iterator[tuple[Path, str]]:
    for path in repository_files():
        try:
            yield path.relative_to(ROOT), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def test_importing_does_nothing() -> None:
    answer = import_apart("hubbub")
    assert answer["deeds"] == {}
    assert answer["threads"] == 1


def test_importing_the_composition_stays_light() -> None:
    loaded = set(import_apart("hubbub.compose")["modules"])
    assert not loaded & {
        "azure.identity",
        "numpy",
        "onnxruntime",
        "xllamacpp",
        "tokenizers",
        "pypdfium2",
        "docx",
        "lxml",
        "pytest",  # the suites of hubbub.testing need it, and nothing else
    }


def test_importing_the_package_or_the_composition_loads_nothing_else() -> None:
    """What the package offers is loaded when it is asked for, and HTTP by those processes alone that serve."""
    told = "print(*sys.modules)"
    code = f"import sys, hubbub; {told}; import hubbub.compose, hubbub.cli.serve; {told}; hubbub.Hub"
    command = [sys.executable, "-c", code]
    loaded = subprocess.run(command, capture_output=True, check=True, env={"PYTHONPATH": str(ROOT / "src")}).stdout
    with_package, with_composition = (set(line.split()) for line in loaded.decode().splitlines())
    assert {name for name in with_package if name.startswith("hubbub")} == {"hubbub"}
    assert not with_package & {"fastapi", "aiohttp", "msgspec", "pydantic", "asyncio"}
    assert not with_composition & {"fastapi", "starlette.routing", "uvicorn", "hubbub.web.app"}


def test_the_watch_over_imports_sees_what_they_do(tmp_path: Path) -> None:
    source = "import socket, threading\nsocket.socket().close()\nopen(__file__ + '.txt', 'w').close()\n"
    (tmp_path / "busy.py").write_text(source + "threading.Thread(target=print).start()\n")
    assert import_apart("busy", path=tmp_path)["deeds"] == {"busy": ["socket.__new__", "open", "thread"]}


async def test_a_blocking_call_of_ours_on_the_loop_fails() -> None:
    """The watch that tests/conftest.py keeps over every test is awake: reading a file is fine anywhere but there."""
    size = await asyncio.get_running_loop().run_in_executor(None, hubbub.connections.watchdog.read_resident_bytes)
    assert size > 0 or sys.platform != "linux"
    with pytest.raises(BlockingError):
        hubbub.connections.watchdog.read_resident_bytes()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_opens_with_a_sentence_and_is_no_longer_than_it_may_be(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    docstring = ast.get_docstring(ast.parse(text))
    assert docstring, "says nothing about itself"
    assert re.search(r"[.:…]$", docstring.splitlines()[0]), "does not open with one whole sentence on one line"
    assert text.count("\n") <= MOST_LINES


def test_task_groups_raise_errors_by_their_names() -> None:
    """asyncio's own wraps them, so that one fault has two looks: see `core.tasks`."""
    calls = re.compile(r"TaskGroup\(\)|\(asyncio\.TaskGroup\):")
    assert [path.name for path in MODULES if calls.search(path.read_text("utf-8"))] == ["tasks.py"]


def test_no_module_has_an_empty_name() -> None:
    assert [path for path in MODULES if path.stem in EMPTY_NAMES or path.parent.name in EMPTY_NAMES] == []


def test_no_file_mentions_a_machine() -> None:
    machine = re.compile(r"(?<![\w.~$}])/(?:work|root|home/\w+|Users/\w+)/")
    found = [f"{path}: {match[0]}" for path, text in texts() for match in machine.finditer(text)]
    assert found == []


def test_the_locks_say_nothing_about_where_packages_come_from() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text()
        assert "://" not in text
        pins = re.findall(r"^[a-z0-9].*$", text, re.MULTILINE)
        assert pins
        assert all("==" in pin and pin.endswith("\\") for pin in pins), "a package without a pin or a hash"
    npm_lock = ROOT / "frontend" / "package-lock.json"
    assert not npm_lock.exists() or '"resolved": "http' not in npm_lock.read_text()


def test_the_error_tree_in_the_docstring_is_the_one_in_the_code() -> None:
    drawn = dict(re.findall(r"\b([A-Z]\w+) (\d{3})\b", hubbub.core.errors.__doc__ or ""))
    classes = {kind for kind in vars(hubbub.core.errors).values() if isinstance(kind, type)}
    # A class with a code of its own is one that a person meets; the others only group them.
    met = {kind for kind in classes if issubclass(kind, HubbubError) and "code" in vars(kind)} - {HubbubError}
    assert drawn == {kind.__name__: str(kind.status) for kind in met if kind.code != "settings"}
    assert "SettingsError" in (hubbub.core.errors.__doc__ or "")
    assert len({kind.code for kind in met}) == len(met), "two errors share a code"


def test_every_setting_is_documented_and_the_page_is_fresh() -> None:
    page = SETTINGS_PAGE.read_text(encoding="utf-8")
    assert "| None |" not in page, "a setting without a docstring"
    assert page == settings_page(), "run `make docs`"


def test_what_the_package_is_said_to_need_is_what_it_imports() -> None:
    """Every import of the package from outside is declared in pyproject.toml, so that no lock leaves it out."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = [
        *project["dependencies"],
        *(item for items in project["optional-dependencies"].values() for item in items),
    ]
    known = {re.split(r"[<>=;\[ ]", item)[0].lower().replace("-", "_") for item in declared}
    # Import names that differ from their distributions', and what comes with the frameworks and the settings.
    known |= {"argon2", "azure", "docx", "markdown_it", "sqlite_vec", "Stemmer"}
    known |= {"starlette", "pydantic", "pydantic_core", "anyio", "werkzeug"}
    found: set[str] = set()
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            found |= {name.partition(".")[0] for name in names}
    assert found - set(sys.stdlib_module_names) - known - {"hubbub"} == set()
