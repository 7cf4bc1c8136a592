"""Read robots.txt as RFC 9309 has it: the longest rule that matches decides, and what is not named is allowed."""

import re
from urllib.parse import unquote, urlsplit

import msgspec

MOST_BYTES = 500 * 1024
LONGEST_DELAY_SECONDS = 10.0
_LINE = re.compile(r"\s*([A-Za-z-]+)\s*:\s*([^#]*)")


class Rule(msgspec.Struct, frozen=True):
    """A path with `*` and `$`, and whether what matches it is allowed."""

    path: str
    allows: bool

    def matches(self, path: str) -> bool:
        """Tell whether a path with its query is one of those that are meant."""
        first, *others = self.path.removesuffix("$").split("*")
        if not path.startswith(first):
            return False
        place = len(first)
        for part in others[:-1]:
            if (found := path.find(part, place)) < 0:
                return False
            place = found + len(part)
        if not self.path.endswith("$"):
            return not others or path.find(others[-1], place) >= 0
        return path[place:].endswith(others[-1]) if others else place == len(path)


class Robots(msgspec.Struct, frozen=True):
    """What a site asks of one program."""

    rules: tuple[Rule, ...] = ()
    sitemaps: tuple[str, ...] = ()
    delay_seconds: float = 0.0

    def allows(self, url: str) -> bool:
        """Tell whether a URL of the site may be fetched."""
        parts = urlsplit(url)
        path = unquote(parts.path or "/") + (f"?{unquote(parts.query)}" if parts.query else "")
        found = [(len(rule.path), rule.allows) for rule in self.rules if rule.matches(path)]
        return max(found, default=(0, True))[1]


def parse_robots(data: bytes, program: str = "hubbub") -> Robots:
    """Return what a robots.txt asks of a program: by the groups that name it, else by those for all."""
    groups: dict[str, list[Rule]] = {}
    delays: dict[str, float] = {}
    sitemaps: list[str] = []
    names: list[str] = []
    was_name = False
    for line in data[:MOST_BYTES].decode(errors="replace").lstrip("\ufeff").splitlines():
        if (found := _LINE.match(line)) is None:
            continue
        key, value = found[1].lower(), found[2].strip()
        if key == "sitemap":
            sitemaps.append(line.partition(":")[2].strip())
        elif key == "user-agent":
            names = [*names, value.lower()] if was_name else [value.lower()]
            for name in names:
                groups.setdefault(name, [])
        elif key in ("allow", "disallow") and value:
            for name in names:
                groups[name].append(Rule(unquote(value), key == "allow"))
        elif key == "crawl-delay":
            for name in names:
                delays[name] = _seconds(value)
        was_name = key == "user-agent"
    name = program if program in groups else "*"
    return Robots(tuple(groups.get(name, ())), tuple(sitemaps), delays.get(name, 0.0))


def _seconds(text: str) -> float:
    try:
        return min(max(float(text), 0.0), LONGEST_DELAY_SECONDS)
    except ValueError:
        return 0.0
