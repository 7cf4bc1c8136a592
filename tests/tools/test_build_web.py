"""The front end's build, with a stand-in for npm that notes its calls: a real program on a PATH of the test's own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import build_web

NPM = """#!/bin/sh
echo "$*" >> "$PWD/../calls"
case "$*" in
  ci*) mkdir -p node_modules ;;
  "run build") mkdir -p ../src/hubbub/web/static; echo "<p>page</p>" > ../src/hubbub/web/static/index.html ;;
  "run test") exit 3 ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "checkout"
    commands = tmp_path / "commands"
    (root / "frontend" / "src").mkdir(parents=True)
    commands.mkdir()
    for name, text in {"package.json": "{}", "package-lock.json": "{}", "src/main.ts": "1"}.items():
        (root / "frontend" / name).write_text(text)
    for name, text in {"node": "#!/bin/sh\necho v22.12.0\n", "npm": NPM}.items():
        (commands / name).write_text(text)
        (commands / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{commands}{os.pathsep}{os.environ['PATH']}")
    return root


def calls(root: Path) -> list[str]:
    path = root / "calls"
    lines = [line.partition(" --")[0] for line in path.read_text().splitlines()] if path.exists() else []
    path.unlink(missing_ok=True)
    return lines


def test_the_page_is_built_once_and_again_when_its_sources_change(checkout: Path) -> None:
    assert build_web.main([], checkout) == 0
    assert calls(checkout) == ["ci", "run build"]
    assert build_web.main(["build"], checkout) == 0
    assert calls(checkout) == []
    (checkout / "frontend" / "src" / "main.ts").write_text("2")
    assert build_web.main([], checkout) == 0
    assert calls(checkout) == ["run build"]
    (checkout / "frontend" / "package-lock.json").write_text("{ }")
    assert build_web.main([], checkout) == 0
    assert calls(checkout) == ["ci", "run build"]


def test_a_built_page_needs_no_node(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_web.main([], checkout)
    monkeypatch.setenv("PATH", "")
    assert build_web.main([], checkout) == 0


def test_a_page_whose_build_broke_off_is_built_again(checkout: Path) -> None:
    build_web.main([], checkout)
    calls(checkout)
    shutil.rmtree(checkout / "src")
    assert build_web.main([], checkout) == 0
    assert calls(checkout) == ["run build"]


def test_what_is_made_is_no_source(checkout: Path) -> None:
    build_web.main([], checkout)
    for folder in ("node_modules", "dist", "coverage"):
        (checkout / "frontend" / folder).mkdir(exist_ok=True)
        (checkout / "frontend" / folder / "made.js").write_text("1")
    calls(checkout)
    build_web.main([], checkout)
    assert calls(checkout) == []


def test_a_script_that_fails_fails_the_command(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build_web.main(["check"], checkout) == 0
    assert build_web.main(["test"], checkout) == 1
    assert "The front end's test failed (exit code 3)" in capsys.readouterr().err
    assert build_web.main(["nonsense"], checkout) == 2


def test_without_a_front_end_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build_web.main([], tmp_path) == 1
    assert "no frontend/" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("version", "is_enough"),
    [
        ("v20.18.3", False),
        ("v20.19.0", True),
        ("v21.7.1", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.1.0", True),
        ("", False),
    ],
)
def test_node_is_new_enough_where_vite_says_so(version: str, is_enough: bool) -> None:
    assert build_web.is_new_enough(version + "\n") == is_enough


def test_the_tool_needs_the_standard_library_only() -> None:
    tool = Path(build_web.__file__)
    answer = subprocess.run([sys.executable, "-I", "-S", str(tool), "nonsense"], capture_output=True, check=False)
    assert answer.returncode == 2
