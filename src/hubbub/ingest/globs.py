"""Choose files by patterns: which of them are taken, and which are left out."""

import re
from collections.abc import Sequence
from functools import lru_cache

import msgspec

from hubbub.core.errors import Invalid

_PART = re.compile(r"\*\*/|\*\*|\*|\?|\[!?\]?[^\]]*\]|.", re.DOTALL)


class Globs(msgspec.Struct, frozen=True):
    """Patterns for paths below a folder.

    `*` and `?` stand for anything but `/`, `**` for any folders, `[a-c]` for one of these characters. A pattern
    without `/` holds for the name of a file, and of any folder above it; one with `/` for the path from the top on.
    """

    include: tuple[str, ...] = ()
    """Only these files are taken; empty takes all."""
    exclude: tuple[str, ...] = ()
    """These files, and all below these folders, are left out."""

    def takes(self, path: str) -> bool:
        """Tell whether a file is taken, by its path with '/'."""
        return not _matches(self.exclude, path) and (not self.include or _matches(self.include, path))

    def check(self) -> None:
        """Return if all patterns can be used.

        Raises:
            Invalid: one can't.
        """
        for pattern in (*self.include, *self.exclude):
            try:
                _compiled(pattern)
            except re.error as error:
                raise Invalid(f"“{pattern}” is no pattern for files ({error}).") from error


def _matches(patterns: Sequence[str], path: str) -> bool:
    parts = path.split("/")
    for pattern in patterns:
        compiled = _compiled(pattern)
        if "/" not in pattern.rstrip("/"):
            if any(map(compiled.fullmatch, parts)):
                return True
        elif any(compiled.fullmatch("/".join(parts[:count])) for count in range(1, len(parts) + 1)):
            return True
    return False


@lru_cache(1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    translated: list[str] = []
    for part in _PART.findall(pattern.strip("/")):
        match part:
            case "**/":
                translated.append("(?:[^/]+/)*")
            case "**":
                translated.append(".*")
            case "*":
                translated.append("[^/]*")
            case "?":
                translated.append("[^/]")
            case _ if len(part) > 2 and part.startswith("["):
                inner = part[1:-1]
                sign, inner = ("^/", inner[1:]) if inner.startswith("!") else ("", inner)
                translated.append(f"[{sign}{inner.replace(chr(92), chr(92) * 2).replace('[', chr(92) + '[')}]")
            case _:
                translated.append(re.escape(part))
    return re.compile("".join(translated), re.DOTALL)
