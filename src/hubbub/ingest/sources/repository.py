"""Bring the newest state of a git repository into a folder, by the `git` program."""

import asyncio
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from hubbub.connections.processes import Child
from hubbub.connections.threads import in_a_thread
from hubbub.core.errors import Invalid
from hubbub.ingest.sources.base import Refreshed

PROTOCOLS = ("https", "ssh", "file")
"""Not `ext`, which runs a program; not `git` and `http`, which anybody on the way may change."""
TOTAL_SECONDS = 600.0
LOCKS = ("index.lock", "shallow.lock", "FETCH_HEAD.lock")
_SHORT = re.compile(r"(?:[\w.-]+@)?[\w.-]+:(?!//)[^\x00-\x20]+")
_BRANCH = re.compile(r"[\w][\w./+@-]*")
_KEPT = ("PATH", "HOME", "SSH_AUTH_SOCK", "SYSTEMROOT")


class Repository:
    """A repository, of whose branch the newest state is kept in a folder: without its history, hooks and submodules."""

    def __init__(self, url: str, place: Path, *, branch: str = "", total_seconds: float = TOTAL_SECONDS) -> None:
        """Take the URL, the place where the files and what git keeps are, and the branch; "" is the usual one.

        Raises:
            Invalid: the URL or the branch can't be used.
        """
        check_url(url)
        if branch and (not _BRANCH.fullmatch(branch) or ".." in branch):
            raise Invalid(f"“{branch}” can't be the name of a branch.")
        self._url = url
        self._branch = branch
        self._kept = place / "git"
        name = url.rstrip("/").replace(":", "/").rpartition("/")[2].removesuffix(".git")
        self._folder = place / "files" / (name if name.strip(".") else "repository")
        self._total_seconds = total_seconds

    @property
    def folder(self) -> Path:
        """The folder that holds the files."""
        return self._folder

    async def refresh(self) -> Refreshed:
        """Fetch the branch, and make the folder equal to it.

        Raises:
            Invalid: git is not installed, or it could not fetch; it says why.
        """
        if await in_a_thread(lambda: shutil.which("git")) is None:
            raise Invalid("A git repository needs the program `git`. Install it (on Debian: apt install git).")
        await in_a_thread(self._begin)
        branch = f"refs/heads/{self._branch}" if self._branch else "HEAD"
        try:
            async with asyncio.timeout(self._total_seconds):
                await self._git("init", "--quiet", "--bare", "--template=", "--", str(self._kept))
                before = await in_a_thread(self._state)
                await self._git("fetch", *_FETCHING, "--", self._url, branch)
                await self._git("read-tree", "--reset", "-u", "FETCH_HEAD")
                if before and before != await in_a_thread(self._state):
                    await self._git("gc", "--quiet", "--prune=now")
        except TimeoutError as error:
            raise Invalid(f"“{self._url}” could not be fetched within {self._total_seconds:g} s.") from error
        return Refreshed()

    def _begin(self) -> None:
        for folder in (self._kept, self._folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in LOCKS:  # of a git that was killed; only one works here at a time
            Path(self._kept, name).unlink(missing_ok=True)

    def _state(self) -> str:
        try:
            return Path(self._kept, "FETCH_HEAD").read_text().partition("\t")[0]
        except OSError:
            return ""

    async def _git(self, command: str, *words: str) -> None:
        where = () if command == "init" else (f"--git-dir={self._kept}", f"--work-tree={self._folder}")
        settings = [word for one in _SETTINGS for word in ("-c", one)]
        async with Child(["git", *settings, *where, command, *words], environment=_environment()) as git:
            while await git.read_line():  # it says nothing, but a full pipe would hold it
                pass
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
