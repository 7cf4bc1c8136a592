"""Bring the newest state of a git repository into a folder, by the `git` program."""

import asyncio
import contextlib
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from hubbub.connections.processes import Child
from hubbub.connections.threads import in_a_thread
from hubbub.core.errors import Invalid, TooLarge
from hubbub.ingest.sources.base import Refreshed

PROTOCOLS = ("https", "ssh", "file")
"""Not `ext`, which runs a program; not `git` and `http`, which anybody on the way may change."""
TOTAL_SECONDS = 600.0
MOST_BYTES = 1024**3
MOST_FILES = 50_000
WATCH_SECONDS = 0.1
"""So often it is looked at how much git has fetched."""
_SHORT = re.compile(r"(?:[\w.-]+@)?[\w.-]+:(?!//)[^\x00-\x20]+")
_BRANCH = re.compile(r"[\w][\w./+@-]*")
_KEPT = ("PATH", "HOME", "SSH_AUTH_SOCK", "SYSTEMROOT")


class Repository:
    """A repository, of whose branch the newest state is kept in a folder: without its history, hooks and submodules."""

    def __init__(
        self,
        url: str,
        place: Path,
        *,
        branch: str = "",
        total_seconds: float = TOTAL_SECONDS,
        most_bytes: int = MOST_BYTES,
        most_files: int = MOST_FILES,
    ) -> None:
        """Take the URL, the place where the files and what git keeps are, and the branch; "" is the usual one.

        `most_bytes` bounds the files, and what git keeps of one state of them; its two newest may lie side by side.

        Raises:
            Invalid: the URL or the branch can't be used.
        """
        check_url(url)
        if branch and (not _BRANCH.fullmatch(branch) or ".." in branch):
            raise Invalid(f"“{branch}” can't be the name of a branch.")
        self._url = url
        self._branch = branch
        self._kept = place / "git"
        self._aside = place / "git.aside"
        name = url.rstrip("/").replace(":", "/").rpartition("/")[2].removesuffix(".git")
        self._folder = place / "files" / (name if name.strip(".") else "repository")
        self._total_seconds = total_seconds
        self._most_bytes = most_bytes
        self._most_files = most_files

    @property
    def folder(self) -> Path:
        """The folder that holds the files."""
        return self._folder

    async def refresh(self) -> Refreshed:
        """Fetch the branch, and make the folder equal to it.

        Raises:
            Invalid: git is not installed, or it could not fetch; it says why.
            TooLarge: the repository is over a bound. The folder stays as it was.
        """
        if await in_a_thread(lambda: shutil.which("git")) is None:
            raise Invalid("A git repository needs the program `git`. Install it (on Debian: apt install git).")
        has_kept = await in_a_thread(self._begin)
        try:
            async with asyncio.timeout(self._total_seconds):
                try:
                    await self._bring()
                except Invalid:
                    if not has_kept:
                        raise
                    await self._bring_anew()
        except TimeoutError as error:
            await in_a_thread(self._drop_unfinished)
            raise Invalid(
                f"“{self._url}” could not be fetched within {self._total_seconds:g} s. Whoever runs the server can "
                "raise total_seconds in its table of ingest.repositories."
            ) from error
        return Refreshed()

    async def _bring(self) -> None:
        await self._git("init", "--quiet", "--bare", "--template=", "--", str(self._kept))
        before = await in_a_thread(self._state)
        await self._fetch(f"refs/heads/{self._branch}" if self._branch else "HEAD")
        await self._check_files()
        await self._git("read-tree", "--reset", "-u", "FETCH_HEAD")
        await self._git("clean", "-ffdxq", "--", ".")  # what it does not know, a killed one left
        if before and before != await in_a_thread(self._state):
            await self._git("gc", "--quiet", "--prune=now")

    async def _bring_anew(self) -> None:
        """Begin with nothing: what git keeps may be damaged. Where that fails, too, it was not that, and is kept."""
        await in_a_thread(lambda: self._kept.rename(self._aside))
        try:
            await self._bring()
        except BaseException:
            await in_a_thread(self._put_back)
            raise
        await in_a_thread(lambda: shutil.rmtree(self._aside))

    async def _fetch(self, branch: str) -> None:
        """Fetch a branch; git is ended once it keeps too much."""
        fetching = asyncio.create_task(self._git("fetch", *_FETCHING, "--", self._url, branch))
        try:
            while not (await asyncio.wait([fetching], timeout=WATCH_SECONDS))[0]:
                if await in_a_thread(self._kept_bytes) > 2 * self._most_bytes:
                    raise self._too_large("bytes")
            fetching.result()
            if await in_a_thread(self._kept_bytes) > 2 * self._most_bytes:
                raise self._too_large("bytes")
        finally:
            fetching.cancel()
            await asyncio.wait([fetching])
            await in_a_thread(self._drop_unfinished)

    async def _check_files(self) -> None:
        """Count what was fetched before it is unpacked: a few kilobytes can name billions of files."""
        size = count = 0
        async with self._running("ls-tree", "-r", "-l", "--full-tree", "FETCH_HEAD") as git:
            while line := await git.read_line():
                length = line.partition(b"\t")[0].split()[-1]
                size += int(length) if length.isdigit() else 0  # a submodule has none
                count += 1
                if count > self._most_files:
                    raise self._too_large("files")
                if size > self._most_bytes:
                    raise self._too_large("bytes")
            await self._check_end(git)

    def _too_large(self, what: str) -> TooLarge:
        most = f"{self._most_bytes // 1024**2} MB" if what == "bytes" else f"{self._most_files} files"
        return TooLarge(
            f"“{self._url}” holds more than {most}, so it was not taken, and what was there stays. Whoever runs the "
            f"server can raise most_{what} in its table of ingest.repositories."
        )

    def _kept_bytes(self) -> int:
        size = 0
        for folder, _, names in os.walk(self._kept):
            for name in names:
                with contextlib.suppress(OSError):  # git renames what it is done with
                    size += Path(folder, name).stat().st_size
        return size

    def _drop_unfinished(self) -> None:
        """Remove what a git that was ended, or killed, had not finished."""
        for path in (*self._kept.glob("objects/pack/tmp_*"), *self._kept.glob("objects/??/tmp_*")):
            path.unlink(missing_ok=True)

    def _begin(self) -> bool:
        """Make the folders and remove what a killed git left; tell whether anything is kept."""
        if self._aside.exists():
            self._put_back()
        for folder in (self._kept, self._folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in self._kept.rglob("*.lock"):  # only one works here at a time
            path.unlink(missing_ok=True)
        self._drop_unfinished()
        return any(self._kept.iterdir())

    def _put_back(self) -> None:
        if self._kept.exists():
            shutil.rmtree(self._kept)
        self._aside.rename(self._kept)

    def _state(self) -> str:
        try:
            return Path(self._kept, "FETCH_HEAD").read_text().partition("\t")[0]
        except OSError:
            return ""

    def _running(self, command: str, *words: str) -> Child:
        where = () if command == "init" else (f"--git-dir={self._kept}", f"--work-tree={self._folder}")
        settings = [word for one in _SETTINGS for word in ("-c", one)]
        return Child(["git", *settings, *where, command, *words], environment=_environment())

    async def _git(self, command: str, *words: str) -> None:
        async with self._running(command, *words) as git:
            while await git.read_line():  # it says nothing, but a full pipe would hold it
                pass
            await self._check_end(git)

    async def _check_end(self, git: Child) -> None:
        if await git.wait() != 0:
            said = git.last_words.strip().splitlines()
            why = said[-1] if said else f"git ended with {git.exit_code}"
            raise Invalid(f"“{self._url}” could not be fetched: {why}", code="not_fetched")


_FETCHING = ("--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--force", "--no-auto-maintenance")
_SETTINGS: Sequence[str] = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "submodule.recurse=false",
    "fetch.fsckObjects=true",
    # Old versions of git wrote these.
    *(f"fetch.fsck.{one}=ignore" for one in ("zeroPaddedFilemode", "missingSpaceBeforeDate", "badTimezone")),
    "http.followRedirects=false",
    "credential.helper=",
    "gc.auto=0",
    "advice.detachedHead=false",
)


def _environment() -> dict[str, str]:
    """Return the variables for git: nobody's settings, no questions, and only protocols that run nothing."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": ":".join(PROTOCOLS),
        "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "LC_ALL": "C",
    }


def is_repository(text: str) -> bool:
    """Tell whether a text names a git repository: by its end, its protocol, or as `user@host:path`."""
    return text.startswith(("ssh://", "git@")) or (text.startswith(("https://", "file://")) and text.endswith(".git"))


def check_url(url: str) -> None:
    """Return if a repository may be fetched from here.

    Raises:
        Invalid: its protocol is none of those that are allowed, or it holds a password.
    """
    parts = urlsplit(url)
    is_usable = (parts.scheme in PROTOCOLS and "://" in url) or (bool(_SHORT.fullmatch(url)) and "::" not in url)
    if not is_usable or url.startswith("-") or any(one <= " " for one in url):
        raise Invalid(f"“{url}” is no repository that can be fetched: its URL begins with https://, ssh:// or file://.")
    if parts.password is not None or (parts.scheme == "https" and parts.username is not None):
        raise Invalid("The repository's URL holds a password, which others could see. Use ssh:// with a key.")
