"""Install the package of docs/how-to/own-back-ends.md, as its page has it, into a folder of its own."""

import re
import tomllib
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "own-back-ends.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [text for kind, text in _BLOCK.findall(PAGE.read_text("utf-8")) if kind == language]


def named(text: str) -> str:
    """The file that a block's first line names."""
    return text.splitlines()[0].removeprefix("# ")


def install(folder: Path) -> Path:
    """Write the package and what its installer would write beside it; returns the folder that it is imported from."""
    packages = folder / "packages"
    for text in blocks("python"):
        path = packages / named(text)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (packages / "acme" / "__init__.py").write_text('"""Back ends for Hubbub."""\n')
    about = packages / "acme-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    lines: list[str] = []
    for pyproject in blocks("ini"):
        for group, names in tomllib.loads(pyproject)["project"]["entry-points"].items():
            lines += [f"[{group}]", *(f"{name} = {place}" for name, place in names.items())]
    (about / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return packages


def write_settings(folder: Path) -> Path:
    """Write the settings of the page."""
    (settings,) = blocks("toml")
    path = folder / "hubbub.toml"
    path.write_text(settings)
    return path
